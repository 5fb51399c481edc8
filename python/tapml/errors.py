# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The errors that the package raises on purpose. Each message says what, where and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class TapMLError(Exception):
    """Base class of every error of this package."""


class ToolError(TapMLError):
    """A tool of the TapML build is missing or reported an error."""


class RecordsError(TapMLError):
    """Records that cannot be written or read: damaged, of another version, or of a model that changed since."""


class ExecutableError(TapMLError):
    """An executable that cannot be loaded, inputs that do not fit it, or a run that failed.

    ``code`` is the kind of failure as the C API has it, in lower case: "invalid_argument", "not_found", "damaged",
    "incompatible", "resource_exhausted", "io", "deadline_exceeded", "device_lost", "device_error" or "internal".
    """

    def __init__(self, message: str, code: str = "invalid_argument") -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Unsupported:
    """One thing in a model that cannot be captured.

    ``op`` and ``overload`` name the operator as PyTorch does (``aten.topk``, ``default``), ``instance`` its place
    in the model, ``source`` the line of the user's code ("file.py:12", empty when unknown), ``operands`` the types
    that it was called with ("f32[batch, 8], 2"), ``reason`` why it cannot be captured.
    """

    op: str
    overload: str
    instance: str
    source: str
    operands: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        name = f"{self.op}.{self.overload}" if self.overload else self.op
        place = f" in '{self.instance}'" if self.instance else ""
        operands = f" on ({self.operands})" if self.operands else ""
        return f"{where}{name}{place}{operands}: {self.reason}"


class CaptureError(TapMLError):
    """A model that cannot be captured.

    ``unsupported`` lists every cause that was found, in the order of the model; it is empty when the model could
    not be traced at all, and then the message explains why.
    """

    def __init__(self, message: str, unsupported: Sequence[Unsupported] = ()) -> None:
        self.unsupported = tuple(unsupported)
        lines = [message, *(f"  {item}" for item in self.unsupported)]
        super().__init__("\n".join(lines))
