# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operations of random kernels, and what they compute, with NumPy.

Values are arrays with one row for each invocation. Those of the kind "about" are
floats that devices compute to a few units in the last place: their rows are the
true value and how far a device may be from it.
"""

from __future__ import annotations

import numpy as np

INTEGERS = {"i8": np.int8, "i16": np.int16, "i32": np.int32}
DTYPES = {**INTEGERS, "f32": np.float32, "f16": np.float16, "i1": np.bool_, "index": np.int64}
CARRIED = (
    *("i32", "f32", "f16", "i8", "i16", "i1", "about"),
    *("vector<2xi32>", "vector<4xf32>", "vector<8xf32>", "vector<8xi32>", "vector<4xf16>"),
)
#: Types that lanes of a subgroup give to each other.
MOVED = ("i32", "f32", "f16", "about", "vector<2xi32>", "vector<4xf32>", "vector<4xf16>")
VECTORS = [f"vector<{width}x{element}>" for width in (2, 3, 4, 8) for element in ("i32", "f32", "f16")]
TABLES = {
    "i32": [7, -3, 0, 2147483647],
    "i8": [1, -128, 127, -5],
    "f32": [0.5, -2.0, np.inf, np.nan],
    "f16": [-0.75, 2048.0, -np.inf, np.nan],
}
ATOMICS = {
    "addi": np.add,
    "andi": np.bitwise_and,
    "ori": np.bitwise_or,
    "xori": np.bitwise_xor,
    "maxs": np.maximum,
    "mins": np.minimum,
}


#: What floats have as text where they are no numbers.
SPECIALS = {
    "f32": {"inf": "0x7F800000", "-inf": "0xFF800000", "nan": "0x7FC00000"},
    "f16": {"inf": "0x7C00", "-inf": "0xFC00", "nan": "0x7E00"},
}


def literal(kind: str, value: float) -> str:
    """A scalar constant of a type as text."""
    if kind not in SPECIALS:
        return str(int(value))
    return SPECIALS[kind].get(str(float(value)), f"{float(value):e}")


def element_of(kind: str) -> str:
    return kind[kind.index("x") + 1 : -1] if kind.startswith("vector") else kind


def width_of(kind: str) -> int:
    return int(kind[len("vector<") : kind.index("x")]) if kind.startswith("vector") else 1


def is_float(kind: str) -> bool:
    return element_of(kind) in SPECIALS


def type_of(kind: str) -> str:
    return "f32" if kind == "about" else kind


def like(kind: str, element: str) -> str:
    return f"vector<{width_of(kind)}x{element}>" if kind.startswith("vector") else element


def unsigned(x: np.ndarray) -> np.ndarray:
    return x.view(x.dtype.str.replace("i", "u"))


def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Division towards zero."""
    wide = a.astype(np.int64)
    return (np.sign(wide) * np.sign(b) * (np.abs(wide) // np.abs(b.astype(np.int64)))).astype(a.dtype)


def compare_floats(predicate: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    isnan = np.isnan(a) | np.isnan(b)
    if predicate in ("ord", "uno"):
        return isnan if predicate == "uno" else ~isnan
    order = {"eq": a == b, "ne": a != b, "lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}[predicate[1:]]
    return (order & ~isnan) if predicate[0] == "o" else (order | isnan)


def compare_integers(predicate: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if predicate[0] == "u":
        a, b = unsigned(a), unsigned(b)
    return {"eq": a == b, "ne": a != b, "lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}[predicate[-2:]]


def round_away(x: np.ndarray) -> np.ndarray:
    whole = np.floor(np.abs(x))
    return np.where(np.abs(x) - whole >= 0.5, whole + 1, whole) * np.sign(x)


WRAPPING = {
    "addi": np.add,
    "subi": np.subtract,
    "muli": np.multiply,
    "andi": np.bitwise_and,
    "ori": np.bitwise_or,
    "xori": np.bitwise_xor,
    "maxsi": np.maximum,
    "minsi": np.minimum,
    "maxui": lambda a, b: np.maximum(unsigned(a), unsigned(b)).view(a.dtype),
    "minui": lambda a, b: np.minimum(unsigned(a), unsigned(b)).view(a.dtype),
}
SHIFTS = {
    "shli": lambda a, b: a << b,
    "shrsi": lambda a, b: a >> b,
    "shrui": lambda a, b: (unsigned(a) >> unsigned(b)).view(a.dtype),
}
DIVISIONS = {
    "divsi": divide,
    "remsi": lambda a, b: a - divide(a, b) * b,
    "divui": lambda a, b: (unsigned(a) // unsigned(b)).view(a.dtype),
    "remui": lambda a, b: (unsigned(a) % unsigned(b)).view(a.dtype),
    "floordivsi": lambda a, b: (a.astype(np.int64) // b).astype(a.dtype),
    "ceildivsi": lambda a, b: (-((-a.astype(np.int64)) // b)).astype(a.dtype),
}
FLOATS = {
    "addf": np.add,
    "subf": np.subtract,
    "maximumf": np.maximum,
    "minimumf": np.minimum,
    "maxnumf": np.fmax,
    "minnumf": np.fmin,
}
ROUNDINGS = {
    "absf": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "roundeven": np.rint,
    "round": round_away,
}
#: Of integers over the lanes of a subgroup, one subgroup a row.
REDUCTIONS = {
    "add": np.add,
    "mul": np.multiply,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    **{op: WRAPPING[op] for op in ("minsi", "minui", "maxsi", "maxui")},
}
BITS = {
    "ctpop": lambda x: sum((unsigned(x) >> np.uint32(i)) & np.uint32(1) for i in range(32)).astype(np.int32),
    "ctlz": lambda x: np.where(
        x == 0, 32, 31 - np.floor(np.log2(np.maximum(unsigned(x), 1).astype(np.float64)))
    ).astype(np.int32),
    "absi": np.abs,
}
