# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes into each operator of the source and what comes out, in terms of the graph's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from tapml._capture.graph import Graph, SourceOperator
from tapml._capture.mlir import Operation, Value

# Operations whose results are elements of their operands.
_MOVES = {
    "reshape", "permute", "unsqueeze", "squeeze", "expand", "slice", "select", "concat", "embedding", "gather", "index",
}  # fmt: skip

_INDEX_ARITHMETIC = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.maxsi": max,
    "arith.minsi": min,
    "arith.floordivsi": lambda a, b: a // b,
    "arith.ceildivsi": lambda a, b: -(-a // b),
    "arith.remsi": lambda a, b: a % b,
}


@dataclass(frozen=True)
class Group:
    """An operator of the source with its operands and results.

    ``operands`` are the values that its operations use and that come from outside, each once, in the order of first
    use; constants are not among them. ``results`` are the values that are used outside or returned, in the order of
    definition. ``problem`` says why the operator cannot be recorded, if that is so.
    """

    source: SourceOperator
    operands: list[Value]
    results: list[Value]
    problem: str | None = None

    @property
    def moves(self) -> bool:
        """Whether every element of the results is one of the operands'."""
        return all(operation.mnemonic in _MOVES for operation in self.source.operations)

    @property
    def casts(self) -> bool:
        """Whether every element of the results is one of the operands', in another type."""
        return all(operation.mnemonic in _MOVES or operation.mnemonic == "cast" for operation in self.source.operations)


def flatten(value: object) -> list[object]:
    """Returns the values, or the tensors, that a node gives, in order."""
    return list(value) if isinstance(value, list | tuple) else [value]


def find_groups(graph: Graph) -> list[Group]:
    """Returns the group of every operator of the source, in the order of the graph."""
    owner = {operation: source for source in graph.sources for operation in source.operations}
    definitions = {result: operation for operation in graph.operations for result in operation.results}
    outside = {port.value for port in graph.outputs}
    for operation in graph.operations:
        for operand in operation.operands:
            producer = definitions.get(operand)
            if producer is not None and owner.get(producer) is not owner.get(operation):
                outside.add(operand)

    known = {port.value for port in graph.inputs} | graph.globals.keys()
    known |= {value for source in graph.sources for value in flatten(source.values) if isinstance(value, Value)}
    return [_group(source, definitions, outside, known) for source in graph.sources]


def _group(
    source: SourceOperator, definitions: Mapping[Value, Operation], outside: set[Value], known: set[Value]
) -> Group:
    inner = {result for operation in source.operations for result in operation.results}
    operands = [
        operand
        for operation in source.operations
        for operand in operation.operands
        if operand not in inner and not _is_constant(definitions.get(operand))
    ]
    results = [result for operation in source.operations for result in operation.results if result in outside]
    given = {value for value in flatten(source.values) if isinstance(value, Value)}
    problem = None
    if any(result not in given for result in results):
        problem = "a value in the middle of it is used by other operators, and the source does not show it"
    elif any(operand not in known and not operand.is_index for operand in operands):
        problem = "an operand is a value in the middle of another operator, and the source does not show it"
    return Group(source, list(dict.fromkeys(operands)), results, problem)


def _is_constant(operation: Operation | None) -> bool:
    return operation is not None and operation.name in ("tapml.constant", "arith.constant")


def evaluate_sizes(graph: Graph, inputs: Mapping[Value, torch.Tensor]) -> dict[Value, int]:
    """Returns the value of everything of type index in the graph, for these inputs."""
    sizes: dict[Value, int] = {}
    for operation in graph.operations:
        if not operation.results or not operation.results[0].is_index:
            continue
        if operation.name == "arith.constant":
            result = int(operation.properties["value"].split()[0])
        elif operation.name == "tensor.dim":
            source, dim = operation.operands
            result = int(inputs[source].shape[sizes[dim]])
        else:
            result = _INDEX_ARITHMETIC[operation.name](*(sizes[operand] for operand in operation.operands))
        sizes[operation.results[0]] = result
    return sizes
