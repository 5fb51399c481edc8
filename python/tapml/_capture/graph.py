# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An imported graph, and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from torch import fx

from tapml._capture import mlir
from tapml._capture.mlir import Operation, Value


@dataclass(frozen=True)
class Port:
    """A named input or output of the graph."""

    name: str
    value: Value


@dataclass(frozen=True)
class Elided:
    """An operator of the source that needs no operation."""

    instance: str
    op: str
    why: str


@dataclass(frozen=True, eq=False)
class RandomInput:
    """An operator that draws random numbers. Its result is an input of the graph, ``port``.

    ``node`` is the call in the exported program, ``scope`` the regions around it, outermost first.
    """

    port: Port
    node: fx.Node
    scope: tuple[fx.Node, ...]
    instance: str
    op: str
    source: str


@dataclass(frozen=True, eq=False)
class SourceOperator:
    """One operator of the source, and the operations that stand for it: its group.

    ``node`` is the call in the exported program, ``scope`` the regions around it, outermost first. ``values`` are the
    graph's values for the node's results, nested as they are. The group's last operation gives the name.
    """

    node: fx.Node
    scope: tuple[fx.Node, ...]
    operations: list[Operation]
    values: Any

    @property
    def name(self) -> str:
        return self.operations[-1].instance

    @property
    def op(self) -> str:
        return self.operations[-1].mnemonic

    @property
    def aten(self) -> str:
        return self.operations[-1].aten

    @property
    def source(self) -> str:
        return self.operations[-1].source


@dataclass
class Graph:
    """An imported graph.

    ``symbols`` has name and range (None: unbounded) of every size that may change, ``globals`` the name of every weight
    that is a value, ``sources`` the operators of the source that the operations stand for, in order. ``random`` are the
    operators that became inputs; these inputs come last.
    """

    inputs: list[Port]
    outputs: list[Port]
    operations: list[Operation]
    weights: dict[str, torch.Tensor]
    symbols: dict[str, tuple[int, int | None]]
    elided: list[Elided]
    constant_inputs: dict[str, Any]
    constant_outputs: dict[str, Any]
    size_names: dict[sympy.Expr, str]
    globals: dict[Value, str]
    sources: list[SourceOperator]
    random: list[RandomInput]

    @property
    def operators(self) -> list[Operation]:
        """The operators of the model, in order; constants, weights and sizes are not among them."""
        return [op for op in self.operations if op.instance]


def graph_text(graph: Graph, model: str, weights_file: str) -> str:
    """Returns the graph as an MLIR module in generic syntax."""
    unknown = mlir.UNKNOWN_LOCATION
    lines: list[str] = []
    for name, tensor in graph.weights.items():
        properties = {
            "sym_name": mlir.string_attr(name),
            "type": mlir.tensor_type(tensor.shape, tensor.dtype),
        }
        lines.append(f'  "tapml.global"() <{mlir.dict_attr(properties)}> : () -> () {unknown}')
    arguments = ", ".join(f"{port.value.name}: {port.value.type} {unknown}" for port in graph.inputs)
    in_types = ", ".join(port.value.type for port in graph.inputs)
    out_types = ", ".join(port.value.type for port in graph.outputs)
    function = {
        "arg_attrs": mlir.array_attr(_port_attributes(port, graph.size_names) for port in graph.inputs),
        "function_type": f"({in_types}) -> ({out_types})",
        "res_attrs": mlir.array_attr(_port_attributes(port, graph.size_names) for port in graph.outputs),
        "sym_name": '"forward"',
    }
    if not graph.inputs:
        del function["arg_attrs"]
    ranges = {
        name: mlir.dense_i64([low, (1 << 63) - 1 if high is None else high])
        for name, (low, high) in graph.symbols.items()
    }
    lines.append(f'  "func.func"() <{mlir.dict_attr(function)}> ({{')
    if graph.inputs:
        lines.append(f"  ^bb0({arguments}):")
    lines.extend(f"    {operation.text()}" for operation in graph.operations)
    results = ", ".join(port.value.name for port in graph.outputs)
    lines.append(f'    "func.return"({results}) : ({out_types}) -> () {unknown}')
    lines.append(f"  }}) {{tapml.dim_ranges = {mlir.dict_attr(ranges)}}} : () -> () {unknown}")
    attributes = {"tapml.version": "1 : i64", "tapml.weights": mlir.string_attr(weights_file)}
    head = f'"builtin.module"() <{{sym_name = {mlir.string_attr(model)}}}> ({{'
    return "\n".join([head, *lines, f"}}) {mlir.dict_attr(attributes)} : () -> () {unknown}", ""])


def _port_attributes(port: Port, names: Mapping[sympy.Expr, str]) -> str:
    attributes = {"tapml.name": mlir.string_attr(port.name)}
    shape = port.value.shape
    if any(not isinstance(size, int) for size in shape):
        dims = ["" if isinstance(size, int) else names.get(size, "") for size in shape]
        attributes["tapml.dims"] = mlir.array_attr(map(mlir.string_attr, dims))
    return mlir.dict_attr(attributes)
