# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Evaluates captured graphs with PyTorch, one operation at a time.

Follows the description of the dialect and shares nothing with the converters, so that a converter that writes down the
wrong operation, attribute, size or type is found without a compiler. Every result is checked against its declared type.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

import torch

from tapml._capture.graph import Graph
from tapml._capture.mlir import Operation, Value

_FLOATS = {"f16": torch.float16, "f32": torch.float32}
_DTYPES = {**_FLOATS, "i32": torch.int32, "i64": torch.int64, "i1": torch.bool}


def evaluate(graph: Graph, inputs: Mapping[str, torch.Tensor], *, wide: bool = False) -> dict[str, torch.Tensor]:
    """Returns the outputs of ``graph`` by name; raises AssertionError where a value does not have its declared type.

    With ``wide``, everything is computed in float64 that is declared as a narrower float.
    """
    if not wide:
        return _evaluate_graph(graph, inputs)
    _DTYPES.update(dict.fromkeys(_FLOATS, torch.float64))
    try:
        return _evaluate_graph(graph, {name: _widen(value) for name, value in inputs.items()})
    finally:
        _DTYPES.update(_FLOATS)


def _widen(value: torch.Tensor) -> torch.Tensor:
    return value.to(_computed(value.dtype))


def _computed(dtype: torch.dtype) -> torch.dtype:
    """Returns the type that values of a declared type are computed in."""
    return next((_DTYPES[name] for name, declared in _FLOATS.items() if declared == dtype), dtype)


def _evaluate_graph(graph: Graph, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    values: dict[Value, Any] = {port.value: inputs[port.name] for port in graph.inputs}
    for port in graph.inputs:
        _check(values[port.value], port.value, "input")
    for operation in graph.operations:
        operands = [values[value] for value in operation.operands]
        (result,) = operation.results
        values[result] = evaluate_operation(operation, operands, graph)
        _check(values[result], result, operation.text())
    return {port.name: values[port.value] for port in graph.outputs}


def _check(got: Any, value: Value, where: str) -> None:
    if value.is_index:
        assert isinstance(got, int), where
        return
    assert got.dtype == _computed(value.dtype), f"{where}: got {got.dtype}"
    assert got.dim() == value.rank, f"{where}: got {tuple(got.shape)}"
    for size, declared in zip(got.shape, value.shape, strict=True):
        assert size == declared or not isinstance(declared, int), f"{where}: got {tuple(got.shape)}"


def _integers(text: str) -> list[int]:
    return [int(item) for item in re.findall(r"-?\d+", text.partition(":")[2])]


def _number(text: str) -> int | float | bool:
    """Returns the value of a scalar literal such as "2.0 : f32", "true" or "0x7F800000 : f32"."""
    literal, element = (part.strip() for part in text.split(":")) if ":" in text else (text.strip(), "")
    if literal in ("true", "false"):
        return literal == "true"
    if literal.startswith("0x"):
        return struct.unpack("<e" if element == "f16" else "<f", bytes.fromhex(literal[2:])[::-1])[0]
    return float(literal) if "." in literal else int(literal)


_UNARY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh, "exp": torch.exp, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "neg": torch.neg, "abs": torch.abs,
    "relu": torch.relu, "silu": torch.nn.functional.silu, "sigmoid": torch.sigmoid, "erf": torch.erf, "sin": torch.sin,
    "cos": torch.cos, "log": torch.log, "logical_not": torch.logical_not,
}  # fmt: skip
_BINARY: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum,
    "minimum": torch.minimum, "bitwise_and": torch.bitwise_and, "bitwise_or": torch.bitwise_or,
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
}  # fmt: skip
_INDEX: dict[str, Callable[[int, int], int]] = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.maxsi": max,
    "arith.minsi": min,
    "arith.floordivsi": lambda a, b: a // b,
    "arith.ceildivsi": lambda a, b: -(-a // b),
    "arith.remsi": lambda a, b: a % b,
}


def evaluate_operation(operation: Operation, operands: list[Any], graph: Graph) -> Any:
    """Returns the value of one operation for the values of its operands."""
    name, attributes = operation.name, operation.properties
    if name in _INDEX:
        return _INDEX[name](*operands)
    if name == "arith.constant":
        return int(attributes["value"].partition(":")[0])
    if name == "tensor.dim":
        return operands[0].shape[operands[1]]
    return _OPERATORS[operation.mnemonic](operation, operands, graph)


def _shape(operation: Operation, sizes: list[int]) -> list[int]:
    remaining = iter(sizes)
    shape = [size if isinstance(size, int) else next(remaining) for size in operation.results[0].shape]
    assert next(remaining, None) is None, f"{operation.text()}: too many sizes"
    return shape


def _dims(operation: Operation, key: str = "dims") -> list[int]:
    return _integers(operation.properties[key])


def _dim(operation: Operation) -> int:
    return int(operation.properties["dim"].partition(":")[0])


def _pow(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    base, exponent = operands
    # PyTorch computes powers that are numbers, not tensors, as products and roots where it can.
    return torch.pow(base, exponent.item() if exponent.dim() == 0 and base.dim() else exponent)


def _constant(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    literal, element = re.fullmatch(r"dense<(.*)> : tensor<(\w+)>", operation.properties["value"]).groups()
    # The constant is a number of the declared type, however wide it is computed with.
    declared = _FLOATS.get(element, _DTYPES[element])
    return torch.tensor(_number(f"{literal} : {element}"), dtype=declared).to(_DTYPES[element])


def _get_global(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    weight = graph.weights[operation.properties["global"].removeprefix("@").strip('"')]
    return _widen(weight)


def _full(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    value = _number(operation.properties["value"])
    if isinstance(value, float):
        value = torch.tensor(value, dtype=operation.results[0].dtype).item()
    return torch.full(_shape(operation, operands), value, dtype=_computed(operation.results[0].dtype))


def _slice(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    value, start, end = operands
    step = int(operation.properties["step"].partition(":")[0])
    dim = _dim(operation)
    assert 0 <= start <= end <= value.shape[dim], f"{operation.text()}: {start}, {end}"
    return value[(slice(None),) * dim + (slice(start, end, step),)]


def _select(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    assert 0 <= operands[1] < operands[0].shape[_dim(operation)], operation.text()
    return operands[0].select(_dim(operation), operands[1])


def _index(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    dims = _dims(operation)
    assert dims == list(range(dims[0], dims[-1] + 1)), operation.text()
    return operands[0][(slice(None),) * dims[0] + tuple(index.long() for index in operands[1:])]


def _layer_norm(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    segments = iter(operands)
    counts = _integers(operation.properties["operandSegmentSizes"])
    value, weight, bias = (next(segments) if count else None for count in counts)
    rank = int(operation.properties["normalized_rank"].partition(":")[0])
    epsilon = _number(operation.properties["epsilon"])
    return torch.nn.functional.layer_norm(value, value.shape[value.dim() - rank :], weight, bias, epsilon)


def _attention(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    query, key, value, *mask = operands
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, *mask,
        is_causal=operation.properties["is_causal"] == "true", scale=_number(operation.properties["scale"]),
    )  # fmt: skip


def _reduction(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def evaluate(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
        dims, keepdim = _dims(operation), operation.properties["keepdim"] == "true"
        assert dims, operation.text()
        return function(operands[0], dims, keepdim).to(operands[0].dtype)

    return evaluate


def _reshape(operation: Operation, operands: list[Any], graph: Graph) -> torch.Tensor:
    return operands[0].reshape(_shape(operation, operands[1:]))


_OPERATORS: dict[str, Callable[[Operation, list[Any], Graph], torch.Tensor]] = {
    **{name: (lambda f: lambda o, x, g: f(*x))(function) for name, function in (_UNARY | _BINARY).items()},
    "gelu": lambda o, x, g: torch.nn.functional.gelu(x[0], approximate=o.properties["approximate"].strip('"')),
    "where": lambda o, x, g: torch.where(*x),
    "pow": _pow,
    "cast": lambda o, x, g: x[0].to(_computed(o.results[0].dtype)),
    "constant": _constant,
    "get_global": _get_global,
    "full": _full,
    "arange": lambda o, x, g: torch.arange(*x, dtype=_computed(o.results[0].dtype)),
    "reshape": _reshape,
    "permute": lambda o, x, g: x[0].permute(_dims(o, "permutation")),
    "unsqueeze": lambda o, x, g: x[0].unsqueeze(_dim(o)),
    "squeeze": lambda o, x, g: x[0].squeeze(_dims(o)),
    "expand": lambda o, x, g: x[0].expand(_shape(o, x[1:])),
    "slice": _slice,
    "select": _select,
    "concat": lambda o, x, g: torch.cat(x, _dim(o)),
    "embedding": lambda o, x, g: torch.nn.functional.embedding(x[1], x[0]),
    "gather": lambda o, x, g: torch.gather(x[0], _dim(o), x[1]),
    "index": _index,
    "linear": lambda o, x, g: torch.nn.functional.linear(*x),
    "matmul": lambda o, x, g: torch.matmul(*x),
    "layer_norm": _layer_norm,
    "softmax": lambda o, x, g: torch.softmax(x[0], _dim(o)),
    "scaled_dot_product_attention": _attention,
    "sum": _reduction(torch.sum),
    "mean": _reduction(torch.mean),
    "amax": _reduction(torch.amax),
}

#: Every operator that the evaluator knows.
OPERATORS = frozenset(_OPERATORS)
