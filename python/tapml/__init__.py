# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TapML: migrate PyTorch models, operator by operator, to mixed host/GPU executables.

``capture`` needs PyTorch and safetensors, and ``load`` NumPy and the extension module, so they are imported on first
use: a machine that only runs executables needs neither of the first two.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tapml.errors import CaptureError, ExecutableError, TapMLError, ToolError, Unsupported

if TYPE_CHECKING:
    from tapml.api import Captured, capture
    from tapml.migration import Fault, Migration, migrate
    from tapml.runtime import Executable, load

__version__ = "0.1.0"

__all__ = [
    "CaptureError",
    "Captured",
    "Executable",
    "ExecutableError",
    "Fault",
    "Migration",
    "TapMLError",
    "ToolError",
    "Unsupported",
    "capture",
    "load",
    "migrate",
]

# Public name -> module that defines it; imported when the name is first asked for.
_LAZY = {
    "capture": "tapml.api",
    "Captured": "tapml.api",
    "Executable": "tapml.runtime",
    "Fault": "tapml.migration",
    "Migration": "tapml.migration",
    "load": "tapml.runtime",
    "migrate": "tapml.migration",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'tapml' has no attribute '{name}'")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
