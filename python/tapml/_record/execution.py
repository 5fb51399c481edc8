# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs an exported program node by node, and shows every call to an observer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx.node import map_arg

from tapml._capture.program import fixed_randomness, is_random, live_nodes, region_body

#: Called after each call: node, regions around it, its arguments, and its result.
Observer = Callable[[fx.Node, tuple[fx.Node, ...], tuple, dict[str, Any], Any], None]


class Execution:
    """A program that is ready to run, with its weights. The program does nothing in place.

    What an operator gave is kept until its last use.
    """

    def __init__(self, program: ExportedProgram) -> None:
        self._program = program
        self._weights: dict[str, torch.Tensor] = {**program.state_dict, **program.constants}
        self._last_uses: dict[fx.Graph, dict[fx.Node, list[fx.Node]]] = {}
        self._live: dict[fx.Graph, set[fx.Node]] = {}
        self._regions: dict[fx.Node, tuple[fx.GraphModule, tuple] | None] = {}

    def run(self, number: int, inputs: list[Any], observer: Observer) -> tuple:
        """Returns the results of the program for the leaves of the inputs of the sample ``number``."""
        specs = {spec.arg.name: spec for spec in self._program.graph_signature.input_specs}
        values: dict[fx.Node, Any] = {}
        given = iter(inputs)
        for node in self._program.graph.nodes:
            if node.op == "placeholder":
                spec = specs[node.name]
                values[node] = next(given) if spec.kind is InputKind.USER_INPUT else self._weights[spec.target]
        with torch.no_grad(), fixed_randomness(number):
            return self._run(self._program.graph, values, (), observer)

    def _run(
        self, graph: fx.Graph, values: dict[fx.Node, Any], scope: tuple[fx.Node, ...], observer: Observer
    ) -> tuple:
        if graph not in self._live:
            # Random numbers are drawn even if nobody uses them: the next ones depend on that.
            drawn = {node for node in graph.nodes if node.op == "call_function" and is_random(node)}
            self._live[graph], self._last_uses[graph] = live_nodes(graph) | drawn, _last_uses(graph)
        live, last_uses = self._live[graph], self._last_uses[graph]
        for node in graph.nodes:
            if node.op == "output":
                return map_arg(node.args[0], values.__getitem__)
            if node.op == "call_function" and node in live:
                values[node] = self._call(node, values, scope, observer)
            for dead in last_uses.get(node, ()):
                values.pop(dead, None)
        return ()

    def _call(
        self, node: fx.Node, values: Mapping[fx.Node, Any], scope: tuple[fx.Node, ...], observer: Observer
    ) -> Any:
        if node not in self._regions:
            self._regions[node] = region_body(node)
        region = self._regions[node]
        if region is not None:
            body, operands = region
            placeholders = [inner for inner in body.graph.nodes if inner.op == "placeholder"]
            inside = {
                placeholder: map_arg(operand, values.__getitem__)
                for placeholder, operand in zip(placeholders, operands, strict=True)
            }
            return self._run(body.graph, inside, (*scope, node), observer)
        args = map_arg(node.args, values.__getitem__)
        kwargs = map_arg(node.kwargs, values.__getitem__)
        result = node.target(*args, **kwargs)  # type: ignore[operator]
        observer(node, scope, args, kwargs, result)
        return result


def _last_uses(graph: fx.Graph) -> dict[fx.Node, list[fx.Node]]:
    """Returns, for each node, those whose value is not needed after it."""
    last: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        for used in node.all_input_nodes:
            last[used] = node
    uses: dict[fx.Node, list[fx.Node]] = {}
    for used, node in last.items():
        uses.setdefault(node, []).append(used)
    return uses
