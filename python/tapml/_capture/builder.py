# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the body of a graph: operations, constants and the arithmetic on symbolic sizes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import sympy
import torch
from torch.utils._sympy.value_ranges import ValueRanges, bound_sympy

from tapml._capture import mlir
from tapml._capture.mlir import Operation, Shape, Size, Value


class CannotConvert(Exception):
    """Raised by a converter for an operator (or a use of it) that the dialect cannot express; says why."""


# SymPy's and PyTorch's names of the functions on sizes, and the operation on `index` that computes each. Sizes and
# divisors are never negative, so that the remainder is the same whichever way the division rounds.
_INDEX_OPERATIONS = {
    "Add": "arith.addi",
    "Mul": "arith.muli",
    "Max": "arith.maxsi",
    "Min": "arith.minsi",
    "FloorDiv": "arith.floordivsi",
    "CleanDiv": "arith.floordivsi",
    "CeilDiv": "arith.ceildivsi",
    "Mod": "arith.remsi",
    "PythonMod": "arith.remsi",
}


def same_size(a: Size, b: Size) -> bool:
    """Returns whether two sizes are equal for every value of the symbols, as far as algebra can tell."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return bool(sympy.expand(sympy.sympify(a) - sympy.sympify(b)) == 0)


def same_shape(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(map(same_size, a, b))


def as_size(value: int | sympy.Expr | torch.SymInt) -> Size:
    """Returns a size as an integer where it is known and as an expression otherwise."""
    if isinstance(value, torch.SymInt):
        value = value.node.expr
    value = sympy.sympify(value)
    return int(value) if value.is_Integer else value


def product(sizes: Sequence[Size]) -> Size:
    result: Size = 1
    for size in sizes:
        result = result * size
    return as_size(result)


class Builder:
    """Appends operations to one block.

    ``ranges`` bounds the symbols. Values that many operators need (constants, weights, sizes) are built once, when
    they are first needed.
    """

    def __init__(self, ranges: Mapping[sympy.Symbol, ValueRanges]) -> None:
        self.operations: list[Operation] = []
        self.ranges = dict(ranges)
        self.dimensions: dict[sympy.Symbol, tuple[Value, int, Size]] = {}
        self.globals: dict[Value, str] = {}
        self._names = itertools.count()
        self._cache: dict[tuple, Value] = {}
        # Stamped on every operation; the importer sets them for each node.
        self.file, self.line, self.column, self.path, self.aten = "", 0, 0, "", ""

    def value(self, dtype: torch.dtype, shape: Shape = ()) -> Value:
        return Value(f"%{next(self._names)}", dtype, shape)

    def op(
        self,
        name: str,
        operands: Sequence[Value],
        shape: Sequence[Size],
        dtype: torch.dtype,
        **properties: str,
    ) -> Value:
        """Appends ``tapml.<name>`` with one result of the given type and returns the result."""
        if dtype not in mlir.ELEMENT_TYPES:
            raise CannotConvert(f"the element type {_dtype_name(dtype)} is not supported")
        result = self.value(dtype, tuple(as_size(size) for size in shape))
        self._append(Operation(f"tapml.{name}", list(operands), [result], properties))
        return result

    def constant(self, value: float | int | bool, dtype: torch.dtype) -> Value:
        """Returns a tensor of rank 0 that holds ``value`` rounded to ``dtype``."""
        if dtype not in mlir.ELEMENT_TYPES:
            raise CannotConvert(f"the element type {_dtype_name(dtype)} is not supported")
        attribute = mlir.dense_attr(value, (), dtype)
        return self._once(("constant", attribute), "tapml.constant", [], {"value": attribute}, dtype)

    def get_global(self, name: str, shape: Shape, dtype: torch.dtype) -> Value:
        """Returns the value of a weight; ``globals`` keeps its name."""
        properties = {"global": mlir.symbol_ref(name)}
        value = self._once(("global", name), "tapml.get_global", [], properties, dtype, shape)
        self.globals[value] = name
        return value

    def sizes(self, shape: Sequence[Size]) -> list[Value]:
        """Returns one index for each dynamic size of ``shape``, in order."""
        return [self.index(size) for size in shape if not isinstance(as_size(size), int)]

    def index(self, size: Size) -> Value:
        """Returns a size as a value of type index; raises CannotConvert if it depends on the tensors' data."""
        size = as_size(size)
        if isinstance(size, int):
            properties = {"value": f"{size} : index"}
            return self._once(("index", size), "arith.constant", [], properties)
        if isinstance(size, sympy.Symbol):
            return self._symbol(size)
        if isinstance(size, sympy.Pow) and size.exp.is_Integer and int(size.exp) > 0:
            return self._fold("arith.muli", [self.index(size.base)] * int(size.exp))
        if isinstance(size, sympy.Mul) and any(_is_reciprocal(arg) for arg in size.args):
            numerator, denominator = sympy.fraction(size)
            return self._fold("arith.floordivsi", [self.index(numerator), self.index(denominator)])
        operation = _INDEX_OPERATIONS.get(type(size).__name__)
        if operation is None:
            raise CannotConvert(f"the size {size} needs '{type(size).__name__}', which sizes cannot use")
        return self._fold(operation, [self.index(as_size(arg)) for arg in size.args])

    def at_least(self, size: Size, bound: Size) -> Size:
        """Returns max(size, bound), without the maximum where the symbols' ranges make it superfluous."""
        if self._never_negative(size - bound):
            return size
        return bound if self._never_negative(bound - size) else sympy.Max(size, bound)

    def at_most(self, size: Size, bound: Size) -> Size:
        """Returns min(size, bound), without the minimum where the symbols' ranges make it superfluous."""
        if self._never_negative(bound - size):
            return size
        return bound if self._never_negative(size - bound) else sympy.Min(size, bound)

    def range_of(self, size: Size) -> tuple[int, int | None]:
        """Returns the smallest and the largest value of a size; None for no upper bound."""
        bounds = bound_sympy(sympy.sympify(size), self.ranges)
        lower = int(bounds.lower) if bounds.lower.is_Integer else 0
        return lower, int(bounds.upper) if bounds.upper.is_Integer else None

    def _never_negative(self, difference: Size) -> bool:
        difference = as_size(difference)
        if isinstance(difference, int):
            return difference >= 0
        if not difference.free_symbols <= self.ranges.keys():
            return False
        lower = bound_sympy(difference, self.ranges).lower
        return bool(lower.is_number and lower >= 0)

    def _symbol(self, symbol: sympy.Symbol) -> Value:
        if symbol not in self.dimensions:
            raise CannotConvert("the size of its result depends on the values of its operands")
        source, dim, size = self.dimensions[symbol]
        position = self.index(dim)
        value = self._once(("dim", source.name, dim), "tensor.dim", [source, position], {})
        if size == symbol:
            return value
        # The input's size is a * symbol + b.
        polynomial = sympy.Poly(size, symbol)
        factor, offset = (as_size(coefficient) for coefficient in polynomial.all_coeffs())
        if offset != 0:
            value = self._fold("arith.subi", [value, self.index(offset)])
        return value if factor == 1 else self._fold("arith.floordivsi", [value, self.index(factor)])

    def _fold(self, operation: str, operands: Sequence[Value]) -> Value:
        result, *rest = operands
        for operand in rest:
            key = (operation, result.name, operand.name)
            result = self._once(key, operation, [result, operand], {})
        return result

    def _once(
        self,
        key: tuple,
        name: str,
        operands: list[Value],
        properties: dict[str, str],
        dtype: torch.dtype | None = None,
        shape: Shape = (),
    ) -> Value:
        """Returns the result of an operation that is appended when ``key`` is new; an index without ``dtype``."""
        if key not in self._cache:
            number = f"%{next(self._names)}"
            result = Value(number, dtype or torch.int64, shape, is_index=dtype is None)
            self._cache[key] = result
            self.operations.append(Operation(name, operands, [result], properties))
        return self._cache[key]

    def _append(self, operation: Operation) -> None:
        operation.file, operation.line, operation.column = self.file, self.line, self.column
        operation.path, operation.aten = self.path, self.aten
        self.operations.append(operation)


def _is_reciprocal(expression: sympy.Expr) -> bool:
    if isinstance(expression, sympy.Rational):
        return expression.q != 1
    return isinstance(expression, sympy.Pow) and bool(expression.exp.is_negative)


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
