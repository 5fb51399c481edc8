# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds and runs the tools of the TapML build (``tapml``, ``tapml-opt``)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tapml.errors import ToolError


def find_tool(name: str) -> Path | None:
    """Returns a tool's path, or None.

    Looked for in the directory that the environment variable TAPML_BIN names, then in ``build/bin`` of the source
    tree that this package belongs to, then on PATH.
    """
    places = [Path(os.environ["TAPML_BIN"])] if os.environ.get("TAPML_BIN") else []
    places.append(Path(__file__).resolve().parents[2] / "build" / "bin")
    for place in places:
        if os.access(place / name, os.X_OK) and (place / name).is_file():
            return place / name
    found = shutil.which(name)
    return Path(found) if found else None


def require_tool(name: str) -> Path:
    """Like ``find_tool``, but raises ToolError when the tool is not there."""
    tool = find_tool(name)
    if tool is None:
        raise ToolError(
            f"the tool '{name}' was not found; build TapML (cmake --build build), "
            "or set TAPML_BIN to the directory that holds it"
        )
    return tool


def run_tool(
    name: str,
    arguments: Sequence[str | os.PathLike[str]],
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Runs a tool and returns what it wrote to its standard output.

    ``environment`` replaces that of this process. Raises ToolError, with what the tool said, when it is missing or
    fails. Its progress and warnings go to our standard error.
    """
    command = [str(require_tool(name)), *(os.fspath(argument) for argument in arguments)]
    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        if done.returncode < 0:
            said = f"stopped by signal {-done.returncode}\n{said}"
        raise ToolError(f"{name} failed: {said}", done.stdout)
    if done.stderr:
        sys.stderr.write(done.stderr)
    return done.stdout


def canonical_text(generic_text: str) -> str:
    """Returns a module in the dialect's own syntax, verified, with locations; raises ToolError if it is not valid."""
    return run_tool("tapml-opt", ["--mlir-print-debuginfo", "-"], stdin=generic_text)
