# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How values, types and attributes are spelled in MLIR's generic syntax."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy
import torch

#: A size of a tensor: known, or an expression over the symbols of the graph's inputs.
Size: TypeAlias = int | sympy.Expr
Shape: TypeAlias = tuple[Size, ...]

#: The element types of the dialect, as PyTorch and MLIR call them.
ELEMENT_TYPES: dict[torch.dtype, str] = {
    torch.float16: "f16",
    torch.float32: "f32",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.bool: "i1",
}

#: Written out, because otherwise the place in this very text becomes the location.
UNKNOWN_LOCATION = "loc(unknown)"


@dataclass(frozen=True, eq=False)
class Value:
    """An SSA value: a tensor, or a number of type ``index``, which has neither dtype nor shape of interest."""

    name: str
    dtype: torch.dtype
    shape: Shape = ()
    is_index: bool = False

    @property
    def type(self) -> str:
        return "index" if self.is_index else tensor_type(self.shape, self.dtype)

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(eq=False)
class Operation:
    """One operation. ``path`` is the module that it came from, ``aten`` the operator; both empty for plumbing."""

    name: str
    operands: list[Value]
    results: list[Value]
    properties: dict[str, str] = field(default_factory=dict)
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    aten: str = ""
    instance: str = ""

    @property
    def mnemonic(self) -> str:
        return self.name.removeprefix("tapml.")

    @property
    def source(self) -> str:
        return f"{self.file}:{self.line}" if self.file else ""

    def text(self) -> str:
        """Returns the operation in generic syntax, on one line."""
        results = ", ".join(value.name for value in self.results)
        operands = ", ".join(value.name for value in self.operands)
        properties = dict(self.properties)
        if self.instance:
            properties["instance"] = array_attr([string_attr(self.instance)])
        attributes = f" <{dict_attr(properties)}>" if properties else ""
        ins = ", ".join(value.type for value in self.operands)
        outs = ", ".join(value.type for value in self.results)
        outs = outs if len(self.results) == 1 else f"({outs})"
        location = f"loc({string_attr(self.file)}:{self.line}:{self.column})" if self.file else UNKNOWN_LOCATION
        left = f"{results} = " if results else ""
        return f"{left}{string_attr(self.name)}({operands}){attributes} : ({ins}) -> {outs} {location}"


def tensor_type(shape: Iterable[Size], dtype: torch.dtype) -> str:
    """Returns ``tensor<2x?xf32>``: every size that is not an integer is dynamic."""
    sizes = "".join(f"{size}x" if isinstance(size, int) else "?x" for size in shape)
    return f"tensor<{sizes}{ELEMENT_TYPES[dtype]}>"


def string_attr(text: str) -> str:
    """Returns a quoted string; what MLIR cannot take literally is escaped as two hexadecimal digits."""
    out = []
    for byte in text.encode():
        literal = 0x20 <= byte < 0x7F and byte not in (0x22, 0x5C)
        out.append(chr(byte) if literal else f"\\{byte:02X}")
    return '"' + "".join(out) + '"'


def symbol_ref(name: str) -> str:
    """Returns a symbol reference, quoted unless it is a bare identifier."""
    return f"@{name}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$.]*", name) else f"@{string_attr(name)}"


def int_attr(value: int, type: str = "i64") -> str:
    return f"{value} : {type}"


def bool_attr(value: bool) -> str:
    return "true" if value else "false"


#: For each width of a float: how struct calls it, and the literals of NaN, infinity and minus infinity.
_FLOATS = {
    16: ("<e", "0x7E00", "0x7C00", "0xFC00"),
    32: ("<f", "0x7FC00000", "0x7F800000", "0xFF800000"),
    64: ("<d", "0x7FF8000000000000", "0x7FF0000000000000", "0xFFF0000000000000"),
}


def float_text(value: float, width: int) -> str:
    """Returns a float literal of 16, 32 or 64 bits that MLIR reads back to the very same value."""
    value = round_float(value, width)
    _, nan, infinity, minus_infinity = _FLOATS[width]
    if math.isnan(value):
        return nan
    if math.isinf(value):
        return minus_infinity if value < 0 else infinity
    text = repr(value)
    if width < 64:
        text = next(t for t in (f"{value:.{n}g}" for n in range(3, 18)) if round_float(float(t), width) == value)
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{exponent}" if exponent else mantissa


def round_float(value: float, width: int) -> float:
    """Returns the nearest float of 16, 32 or 64 bits."""
    code = _FLOATS[width][0]
    try:
        return struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def f64_attr(value: float) -> str:
    return f"{float_text(value, 64)} : f64"


def scalar_text(value: float | int | bool, dtype: torch.dtype) -> str:
    """Returns a number as a literal of the element type ``dtype``; raises KeyError for types outside the dialect."""
    if dtype == torch.bool:
        return bool_attr(bool(value))
    if dtype.is_floating_point and dtype in ELEMENT_TYPES:
        return float_text(float(value), 8 * dtype.itemsize)
    bits = {torch.int32: 32, torch.int64: 64}[dtype]
    wrapped = (int(value) + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    return str(wrapped)


def typed_scalar_attr(value: float | int | bool, dtype: torch.dtype) -> str:
    text = scalar_text(value, dtype)
    return text if dtype == torch.bool else f"{text} : {ELEMENT_TYPES[dtype]}"


def dense_attr(value: float | int | bool, shape: Shape, dtype: torch.dtype) -> str:
    return f"dense<{scalar_text(value, dtype)}> : {tensor_type(shape, dtype)}"


def dense_i64(values: Iterable[int]) -> str:
    items = ", ".join(str(value) for value in values)
    return f"array<i64: {items}>" if items else "array<i64>"


def dense_i32(values: Iterable[int]) -> str:
    items = ", ".join(str(value) for value in values)
    return f"array<i32: {items}>" if items else "array<i32>"


def array_attr(items: Iterable[str]) -> str:
    return "[" + ", ".join(items) + "]"


def dict_attr(items: Mapping[str, str]) -> str:
    """Returns ``{a = 1 : i64, "odd name" = true}``; the values are attribute text already."""
    return "{" + ", ".join(f"{_key(name)} = {text}" for name, text in items.items()) + "}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$.]*", name) else string_attr(name)
