# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is recorded: a program, the graph that was imported from it, and the inputs of every sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram

from tapml._capture.graph import Graph
from tapml._capture.mlir import Value
from tapml._record.execution import Execution, Observer


@dataclass(frozen=True)
class Source:
    """The program that ``graph`` was imported from, and the leaves of the inputs of every sample.

    ``check`` is called with the number of a sample and the program's results; it raises if they are not the module's.
    """

    program: ExportedProgram
    graph: Graph
    framework: dict[str, str]
    inputs: Sequence[list[Any]]
    check: Callable[[int, tuple], None]

    @cached_property
    def execution(self) -> Execution:
        return Execution(self.program)

    @cached_property
    def random(self) -> dict[tuple[fx.Node, tuple[fx.Node, ...]], Value]:
        """The inputs of the graph that are random numbers, by the call that draws them and the regions around it."""
        return {(item.node, item.scope): item.port.value for item in self.graph.random}

    def run(self, number: int, observer: Observer) -> None:
        """Runs one sample and checks the results."""
        self.check(number, self.execution.run(number, self.inputs[number], observer))

    def tensors(self, number: int) -> dict[Value, torch.Tensor]:
        """Returns the inputs of one sample that are tensors; without random numbers."""
        leaves = (leaf for leaf in self.inputs[number] if isinstance(leaf, torch.Tensor))
        drawn = set(self.random.values())
        values = (port.value for port in self.graph.inputs if port.value not in drawn)
        return dict(zip(values, leaves, strict=True))

    def random_inputs(self, number: int) -> dict[str, torch.Tensor]:
        """Returns what the operators of one sample draw, by the name of the input."""
        if not self.random:
            return {}
        drawn: dict[Value, torch.Tensor] = {}

        def observe(node: fx.Node, scope: tuple, args: tuple, kwargs: dict[str, Any], result: Any) -> None:
            if (node, scope) in self.random:
                drawn[self.random[node, scope]] = result

        self.run(number, observe)
        return {item.port.name: drawn[item.port.value] for item in self.graph.random}
