# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the extension modules of the TapML build (``tapml._runtime``, ``tapml._numerics``)."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from tapml.errors import ToolError


def module_places() -> list[Path]:
    """Returns the directories beside this package where modules may lie."""
    places = [Path(os.environ["TAPML_BIN"]).resolve().parent / "python"] if os.environ.get("TAPML_BIN") else []
    return [*places, Path(__file__).resolve().parents[2] / "build" / "python"]


def import_module(name: str) -> ModuleType:
    """Imports an extension module by its full name, once.

    Looked for in this package, then in ``python`` beside the directory that the environment variable TAPML_BIN names,
    then in ``build/python`` of the source tree that this package belongs to. Raises ToolError where it is missing.
    """
    if name in sys.modules:
        return sys.modules[name]
    if importlib.util.find_spec(name) is not None:
        return importlib.import_module(name)
    places = module_places()
    for place in places:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            file = place / f"{name.rpartition('.')[2]}{suffix}"
            if file.is_file():
                return _import_file(name, file)
    searched = ", ".join(str(place) for place in [Path(__file__).parent, *places])
    raise ToolError(
        f"the extension module '{name}' for Python {sys.version_info.major}.{sys.version_info.minor} was not found "
        f"in {searched}; build TapML with this Python (cmake -DPython_EXECUTABLE={sys.executable}; nanobind must be "
        "installed), or set TAPML_BIN to build/bin of such a build"
    )


def _import_file(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise ToolError(f"cannot load '{file}': {error}") from error
    sys.modules[name] = module
    return module
