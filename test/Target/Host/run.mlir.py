"""Runs the kernels of run.mlir for every CPU level that this machine has."""

import ctypes
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "Inputs"))
from elf import f32, libraries

random.seed(7)


def floats(values):
    return (ctypes.c_float * len(values))(*values)


def same(a, b):
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


def check_matmul(library):
    rows, cols, depth = 4, 32, 37
    a = floats([random.uniform(-1, 1) for _ in range(rows * depth)])
    b = floats([random.uniform(-1, 1) for _ in range(depth * cols)])
    c = floats([math.nan] * (rows * cols))
    # The workgroups in two parts, as two threads would run them.
    library.call("matmul", [a, b, c], [rows, cols, depth], 0, 3)
    assert math.isnan(c[2 * cols + 16]), "ran a workgroup that was not asked for"
    library.call("matmul", [a, b, c], [rows, cols, depth], 3, 4)
    for r in range(rows):
        for n in range(cols):
            exact = math.fsum(a[r * depth + k] * b[k * cols + n] for k in range(depth))
            assert abs(c[r * cols + n] - exact) < 1e-5


def check_row_sum(library):
    for cols in (0, 1, 7, 8, 29):
        x = floats([random.uniform(-1, 1) for _ in range(3 * cols)] or [0.0])
        y = floats([math.nan] * 3)
        library.call("row_sum", [x, y], [cols], 0, 3)
        for row in range(3):
            exact = math.fsum(x[row * cols : (row + 1) * cols])
            assert abs(y[row] - exact) < 1e-5


def check_rounding(library):
    values = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.3, -0.3, 8388607.5, -8388607.5]
    values += [8388608.0, 16777217.0, 3e38, -3e38, math.inf, -math.inf, math.nan]
    values += [1e-40, -1e-40, 0.99999994, -0.99999994, 4194304.5, 1.0000001]
    values += [random.uniform(-100, 100) for _ in range(16)]
    assert len(values) % 4 == 0
    x = floats(values)
    outputs = [floats([0.0] * len(values)) for _ in range(5)]
    library.call("rounding", [x, *outputs], [], 0, len(values) // 4)

    def rounded(function, value):
        if math.isnan(value) or math.isinf(value):
            return value
        return math.copysign(float(function(value)), value)

    references = [math.floor, math.ceil, math.trunc, round]
    for output, reference in zip(outputs[:4], references, strict=True):
        for value, result in zip(x, output, strict=True):
            expected = rounded(reference, value)
            assert same(result, expected), (reference, value, result, expected)
    for value, result in zip(x, outputs[4], strict=True):
        assert same(result, f32(math.sqrt(abs(value))))


def check_fma(library):
    # The product alone is rounded, the sum is not: what is left is its error.
    triples = [(f32(0.1), f32(0.1), -f32(f32(0.1) * f32(0.1)))]
    triples += [(16777217.0, 3.0, -50331648.0), (math.inf, 0.0, 1.0), (2.0, 3.0, -6.0)]
    triples += [(3e38, 10.0, -3e38), (1e-30, 1e-30, 0.0)]
    a, b, c = (floats(column) for column in zip(*triples, strict=True))
    y = floats([0.0] * len(triples))
    library.call("fma", [a, b, c, y], [], 0, len(triples))
    for i in range(len(triples)):
        expected = f32(a[i] * b[i] + c[i])  # Exact in double.
        assert same(y[i], expected), (triples[i], y[i], expected)


def half_bits(value):
    """Returns the bits of the nearest half, ties to even."""
    if math.isnan(value):
        return 0x7E00
    try:
        return struct.unpack("<H", struct.pack("<e", value))[0]
    except OverflowError:
        return 0x7C00 if value > 0 else 0xFC00


def check_halves(library):
    bits = (ctypes.c_uint16 * 65536)(*range(65536))
    y = floats([0.0] * 65536)
    library.call("widen", [bits, y], [], 0, 65536 // 8)
    numbers = [struct.unpack("<e", struct.pack("<H", i))[0] for i in range(65536)]
    for number, result in zip(numbers, y, strict=True):
        assert same(result, number), (number, result)

    outputs = [(ctypes.c_uint16 * 65536)() for _ in range(2)]
    library.call("round_half", [bits, *outputs], [], 0, 65536 // 8)
    for output, reference in zip(outputs, [math.floor, round], strict=True):
        for number, result in zip(numbers, output, strict=True):
            expected = math.copysign(reference(number), number) if math.isfinite(number) else number
            assert result == half_bits(expected) or (math.isnan(number) and result & 0x7FFF > 0x7C00), (number, result)

    # Every half, every middle between two and its neighbours, and what is outside.
    finite = list(numbers[:0x7C00])
    middles = [(a + b) / 2 for a, b in zip(finite, [*finite[1:], 65536.0], strict=True)]
    values = finite + middles + [f32(m * (1 - 2.0**-23)) for m in middles] + [f32(m * (1 + 2.0**-23)) for m in middles]
    values += [65536.0, 1e10, 3e38, math.inf, math.nan, 1e-8, 1e-30, 1e-45]
    values += [-value for value in values]
    assert len(values) % 8 == 0
    x = floats(values)
    y = (ctypes.c_uint16 * len(values))()
    z = (ctypes.c_uint16 * (len(values) // 8))()
    library.call("round_to_half", [x, y, z], [], 0, len(values) // 8)
    for i, value in enumerate(x):
        for result in [y[i]] + ([z[i // 8]] if i % 8 == 0 else []):
            assert result == half_bits(value) or (math.isnan(value) and result & 0x7FFF > 0x7C00), (value, result)


def check_alignment(library):
    whole = floats([float(i) for i in range(32)])
    for offset in range(8):
        x = (ctypes.c_float * 16).from_buffer(whole, 4 * offset)
        y = (ctypes.c_float * 16).from_buffer(floats([0.0] * 32), 4 * offset)
        library.call("copy", [x, y], [], 0, 2)
        assert list(x) == list(y)


def check_lookup(library):
    cols = 5
    table = floats([float(i) for i in range(4 * cols)])
    ids = (ctypes.c_int64 * 3)(2, 0, 3)
    mask = (ctypes.c_int8 * 3)(1, 0, 1)
    y = floats([math.nan] * (3 * cols))
    library.call("lookup", [table, ids, mask, y], [cols], 0, 3)
    expected = list(table[10:15]) + [0.0] * cols + list(table[15:20])
    assert list(y) == expected


for cpu, library in libraries():
    check_matmul(library)
    check_row_sum(library)
    check_rounding(library)
    check_fma(library)
    check_halves(library)
    check_alignment(library)
    check_lookup(library)
    print(cpu, "ok")
# The baseline runs wherever the test does anything.
# CHECK: {{^}}x86-64 ok
