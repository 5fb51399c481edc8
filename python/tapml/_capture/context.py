# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a converter sees of the graph: the node's result types, and helpers for what many operators share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import sympy
import torch
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND as PROMOTION
from torch._prims_common import elementwise_dtypes

from tapml._capture import mlir
from tapml._capture.builder import Builder, CannotConvert, as_size, same_shape, same_size
from tapml._capture.mlir import Shape, Size, Value

#: What PyTorch takes where a tensor or a number may stand.
TensorLike: TypeAlias = Value | int | float | bool | sympy.Expr

#: How the operands' types give the type to compute in and the type of the result; PyTorch's names.
DEFAULT = PROMOTION.DEFAULT
INT_TO_FLOAT = PROMOTION.INT_TO_FLOAT
ALWAYS_BOOL = PROMOTION.ALWAYS_BOOL

# PyTorch's functions on symbolic floating-point numbers, as operators of the dialect.
_FLOAT_OPERATORS = {
    "Add": "add",
    "Mul": "mul",
    "FloatPow": "pow",
    "Pow": "pow",
    "IntTrueDiv": "div",
    "FloatTrueDiv": "div",
    "OpaqueUnaryFn_sqrt": "sqrt",
    "OpaqueUnaryFn_exp": "exp",
    "OpaqueUnaryFn_log": "log",
}


class Context:
    """The graph under construction, as one node's converter sees it.

    ``shape`` and ``dtype`` are those of the node's result (the first, if it has several); ``result_types`` has all.
    With ``keeps_numbers``, numbers are not rounded to float16: where one does not fit, all operands are float32.
    """

    def __init__(
        self, builder: Builder, result_types: Sequence[tuple[Shape, torch.dtype]], keeps_numbers: bool
    ) -> None:
        self.builder = builder
        self.result_types = list(result_types)
        self._keeps_numbers = keeps_numbers
        self.elision = ""

    @property
    def shape(self) -> Shape:
        return self.result_types[0][0]

    @property
    def dtype(self) -> torch.dtype:
        return self.result_types[0][1]

    def op(
        self, name: str, operands: Sequence[Value], shape: Sequence[Size], dtype: torch.dtype, **properties: str
    ) -> Value:
        """Appends ``tapml.<name>`` with one result and returns it."""
        return self.builder.op(name, operands, shape, dtype, **properties)

    def elide(self, value: Value, why: str) -> Value:
        """Returns ``value`` for an operator that needs no operation, and notes why."""
        self.elision = why
        return value

    def tensor(self, value: TensorLike, dtype: torch.dtype | None = None) -> Value:
        """Returns a tensor or a number as a tensor of ``dtype``; numbers have rank 0."""
        if isinstance(value, Value):
            return value if dtype is None else self.cast(value, dtype)
        if isinstance(value, sympy.Expr):
            tensor = self._symbolic(value)
            return tensor if dtype is None else self.cast(tensor, dtype)
        if dtype is None:
            kinds = {bool: torch.bool, int: torch.int64, float: torch.get_default_dtype()}
            dtype = kinds.get(type(value))
        if dtype is None:
            raise CannotConvert(f"the operand {value!r} is not supported")
        return self.builder.constant(value, dtype)

    def promote(self, *operands: TensorLike, kind: PROMOTION = DEFAULT) -> tuple[list[Value], torch.dtype]:
        """Returns the operands cast to the type that PyTorch computes in, and the type of the result."""
        examples: list[torch.Tensor | int | float] = []
        for operand in operands:
            if isinstance(operand, Value):
                examples.append(torch.empty((1,) * operand.rank, dtype=operand.dtype, device="meta"))
            elif isinstance(operand, sympy.Expr):
                examples.append(1 if operand.is_integer else 1.0)
            else:
                examples.append(operand)
        compute, result = elementwise_dtypes(*examples, type_promotion_kind=kind)
        if compute.is_floating_point:
            # Operators of the dialect take float16, and compute in float32 themselves.
            stored, _ = elementwise_dtypes(*examples, type_promotion_kind=PROMOTION.NO_OPMATH)
            if stored == torch.float16 and not (self._keeps_numbers and not all(map(_fits_half, operands))):
                compute = stored
        return [self.tensor(operand, compute) for operand in operands], result

    def cast(self, value: Value, dtype: torch.dtype) -> Value:
        if value.dtype == dtype:
            return value
        return self.op("cast", [value], value.shape, dtype)

    def scale(self, value: Value, factor: float) -> Value:
        """Returns ``value`` times a number."""
        (value, number), result = self.promote(value, factor)
        return self.cast(self.binary("mul", value, number), result)

    def reshape(self, value: Value, shape: Sequence[Size]) -> Value:
        """Returns the elements of ``value``, in order, as a tensor of ``shape``."""
        shape = tuple(as_size(size) for size in shape)
        if same_shape(value.shape, shape):
            return value
        return self.op("reshape", [value, *self.builder.sizes(shape)], shape, value.dtype)

    def expand(self, value: Value, shape: Sequence[Size]) -> Value:
        """Returns ``value`` repeated along its sizes of 1, and along new leading dimensions, to ``shape``."""
        shape = tuple(as_size(size) for size in shape)
        if same_shape(value.shape, shape):
            return value
        return self.op("expand", [value, *self.builder.sizes(shape)], shape, value.dtype)

    def permute(self, value: Value, order: Sequence[int]) -> Value:
        if list(order) == list(range(value.rank)):
            return value
        shape = [value.shape[dim] for dim in order]
        return self.op("permute", [value], shape, value.dtype, permutation=mlir.dense_i64(order))

    def unsqueeze(self, value: Value, dim: int) -> Value:
        """Returns ``value`` with a size of 1 before dimension ``dim`` (0 to rank)."""
        shape = (*value.shape[:dim], 1, *value.shape[dim:])
        return self.op("unsqueeze", [value], shape, value.dtype, dim=mlir.int_attr(dim))

    def squeeze(self, value: Value, dims: Sequence[int]) -> Value:
        """Returns ``value`` without those of ``dims`` whose size is 1."""
        dims = sorted(dim for dim in dims if value.shape[dim] == 1)
        if not dims:
            return value
        shape = [size for dim, size in enumerate(value.shape) if dim not in dims]
        return self.op("squeeze", [value], shape, value.dtype, dims=mlir.dense_i64(dims))

    def slice(self, value: Value, dim: int, start: Size | None, end: Size | None, step: int = 1) -> Value:
        """Returns elements ``start`` to ``end`` along ``dim``, as Python slices do: negative counts from the end."""
        size = value.shape[dim]
        start, end = self.slice_bounds(size, start, end)
        if same_size(start, 0) and same_size(end, size) and step == 1:
            return value
        length = as_size(end - start)
        if step != 1:
            length = (
                -(-length // step) if isinstance(length, int) else sympy.sympify(_floor_div(length + step - 1, step))
            )
        shape = (*value.shape[:dim], length, *value.shape[dim + 1 :])
        operands = [value, self.builder.index(start), self.builder.index(end)]
        attributes = {"dim": mlir.int_attr(dim), "step": mlir.int_attr(step)}
        return self.op("slice", operands, shape, value.dtype, **attributes)

    def slice_bounds(self, size: Size, start: Size | None, end: Size | None) -> tuple[Size, Size]:
        """Returns where a slice of a dimension of ``size`` starts and ends: 0 <= start <= end <= size."""
        start = self._clamp(0 if start is None else start, size)
        return start, self.builder.at_least(self._clamp(size if end is None else end, size), start)

    def binary(self, name: str, left: Value, right: Value, dtype: torch.dtype | None = None) -> Value:
        """Appends an elementwise operator on two tensors that broadcast; ``dtype`` differs for comparisons."""
        return self.op(name, [left, right], broadcast(left.shape, right.shape), dtype or left.dtype)

    def unary(self, name: str, value: Value, **properties: str) -> Value:
        return self.op(name, [value], value.shape, value.dtype, **properties)

    def reduce(self, name: str, value: Value, dims: Sequence[int], keepdim: bool) -> Value:
        dims = sorted(dims)
        shape = [1 if d in dims else s for d, s in enumerate(value.shape) if keepdim or d not in dims]
        properties = {"dims": mlir.dense_i64(dims), "keepdim": mlir.bool_attr(keepdim)}
        return self.op(name, [value], shape, value.dtype, **properties)

    def full(self, shape: Sequence[Size], value: TensorLike, dtype: torch.dtype) -> Value:
        """Returns a tensor of ``shape`` with one value everywhere."""
        if isinstance(value, Value | sympy.Expr):
            return self.expand(self.tensor(value, dtype), shape)
        if dtype not in mlir.ELEMENT_TYPES:
            raise CannotConvert(f"the element type {str(dtype).removeprefix('torch.')} is not supported")
        attribute = mlir.typed_scalar_attr(value, dtype)
        return self.op("full", self.builder.sizes(shape), shape, dtype, value=attribute)

    def _clamp(self, position: Size, size: Size) -> Size:
        position = as_size(position)
        lower, upper = self._bounds(position)
        if upper is not None and upper < 0:
            position = as_size(size + position)
        elif lower < 0:
            raise CannotConvert(f"whether the position {position} counts from the end depends on the sizes")
        return self.builder.at_most(self.builder.at_least(position, 0), size)

    def _bounds(self, position: Size) -> tuple[int, int | None]:
        return (position, position) if isinstance(position, int) else self.builder.range_of(position)

    def _symbolic(self, value: sympy.Expr) -> Value:
        """Returns a number that depends on sizes, computed in i64 or f32, as a tensor of rank 0."""
        if value.is_Integer:
            return self.builder.constant(int(value), torch.int64)
        if value.is_integer:
            start = self.builder.index(value)
            end = self.builder.index(value + 1)
            numbers = self.op("arange", [start, end, self.builder.index(1)], (1,), torch.int64)
            return self.reshape(numbers, ())
        if value.is_number:
            return self.builder.constant(float(value), torch.float32)
        kind = type(value).__name__
        if kind == "ToFloat":
            return self.cast(self._symbolic(value.args[0]), torch.float32)
        operator = _FLOAT_OPERATORS.get(kind)
        if operator is None:
            raise CannotConvert(f"the number {value} needs '{kind}', which numbers made of sizes cannot use")
        first, *rest = (self.cast(self._symbolic(arg), torch.float32) for arg in value.args)
        if not rest:
            return self.unary(operator, first)
        for operand in rest:
            first = self.binary(operator, first, operand)
        return first


def _fits_half(operand: TensorLike) -> bool:
    """Returns whether ``operand`` is a tensor of float16, or a number that float16 holds."""
    if isinstance(operand, Value):
        return operand.dtype == torch.float16 or operand.rank > 0
    return not isinstance(operand, sympy.Expr) and mlir.round_float(float(operand), 16) == operand


def _floor_div(dividend: Size, divisor: int) -> Size:
    from torch.utils._sympy.functions import FloorDiv

    return FloorDiv(sympy.sympify(dividend), sympy.Integer(divisor))


def broadcast(*shapes: Shape) -> Shape:
    """Returns the shape that NumPy's rules give; operands are known to fit."""
    rank = max(map(len, shapes))
    result: list[Size] = []
    for position in range(rank):
        sizes = [shape[position - rank + len(shape)] for shape in shapes if position - rank + len(shape) >= 0]
        sizes = [size for size in sizes if size != 1] or [1]
        result.append(next((size for size in sizes if isinstance(size, int)), sizes[0]))
    return tuple(result)


def normalize_dim(dim: int, rank: int) -> int:
    """Returns a dimension counted from the front; those of a tensor of rank 0 count as if it had rank 1."""
    return dim + max(rank, 1) if dim < 0 else dim


def normalize_dims(dims: int | Sequence[int] | None, rank: int) -> list[int]:
    """Returns dimensions counted from the front; None and the empty list stand for all of them."""
    if isinstance(dims, int):
        dims = [dims]
    if not dims:
        return list(range(rank))
    return [normalize_dim(dim, rank) for dim in dims] if rank else []
