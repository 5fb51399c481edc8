# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Moves a module to a target one operator at a time: capture, record, ``tapml migrate``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapml.api import capture
from tapml.errors import ExecutableError, TapMLError, ToolError
from tapml.tools import run_tool

if TYPE_CHECKING:
    from torch import nn

    from tapml.runtime import Executable


@dataclass(frozen=True)
class Fault:
    """What is wrong with an operator on the target.

    ``kind`` is its class (docs/Migration.md), ``minimal_set`` the smallest set of moved operators that shows it,
    ``command`` shows it again.
    """

    instance: str
    op: str
    kind: str
    sentence: str
    minimal_set: tuple[str, ...]
    command: str


class Migration:
    """How far a model came. What ``tapml migrate`` writes is in ``directory``."""

    def __init__(self, directory: Path, state: dict[str, Any]) -> None:
        self.directory = directory
        self.state = state

    @property
    def faults(self) -> list[Fault]:
        """What was found to be wrong, in the order in which it was found."""
        return [
            Fault(
                fault["instance"],
                fault["op"],
                fault["class"],
                fault["sentence"],
                tuple(fault["minimal_set"]),
                fault["command"],
            )
            for fault in self.state["faults"]
        ]

    @property
    def placement(self) -> dict[str, str]:
        """For each operator: "moved", "waiting", "guilty" or "unsupported"; the last two stay on the host."""
        return {op["instance"]: op["state"] for op in self.state["operators"]}

    @property
    def finished(self) -> bool:
        """Whether every operator that is right on the target is there."""
        return self.state["phase"] == "done"

    @property
    def report(self) -> Path:
        """The page that tells it all."""
        return self.directory / "report.html"

    def load(self, **options: Any) -> Executable:
        """Loads the executable of a finished migration; the options are those of ``tapml.load``."""
        from tapml.runtime import load

        if not self.finished:
            raise ExecutableError(
                f"the migration in '{self.directory}' is not finished"
                + (f": {self.faults[-1].instance} is wrong; keep_going=True leaves it on the host" * bool(self.faults))
            )
        return load(self.directory / f"{self.state['model']}.tapx", **options)


def migrate(
    module: nn.Module,
    inputs: Any,
    dynamic_shapes: Any = None,
    *,
    target: str,
    output: str | Path,
    device: str | None = None,
    keep_going: bool = False,
    repeats: int = 1,
    options: Sequence[str] = (),
    **capturing: Any,
) -> Migration:
    """Captures and records a module, and moves it to a target, each step checked on ``inputs``.

    ``inputs``, ``dynamic_shapes`` and ``capturing`` are those of ``tapml.capture``; ``target``, ``device``,
    ``keep_going``, ``repeats`` and further ``options`` those of ``tapml migrate``. ``output`` is a directory, which
    gets the captured model too; the same call again goes on where an interrupted one stopped.

    A fault of the target is part of the result. Raises CaptureError, RecordsError and ToolError when the migration is
    not possible at all.
    """
    output = Path(output)
    captured = capture(module, inputs, dynamic_shapes, **capturing)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TapMLError(f"cannot write '{output}': {error.strerror}") from error
    package = captured.save(output / f"{captured.name}.tapml", record=True)
    arguments = ["migrate", str(package), f"--target={target}", "-o", str(output), "--json", f"--repeat={repeats}"]
    if device is not None:
        arguments.append(f"--device={device}")
    if keep_going:
        arguments.append("--keep-going")
    try:
        text = run_tool("tapml", [*arguments, *options])
    except ToolError as error:
        # A fault ends the tool, after it has said what it found.
        if not error.output:
            raise
        text = error.output
    return Migration(output, json.loads(text))
