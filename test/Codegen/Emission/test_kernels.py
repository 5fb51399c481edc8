# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emitted kernels against NumPy in float64: host and device form, odd sizes."""

import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from execute import Program

INPUTS = pathlib.Path(__file__).parent / "Inputs"

ELEMENTWISE = {
    "host": ("host", "<elementwise, tile = [1, 64], workgroup = [1, 1, 1], vector = 8>"),
    "device": ("vulkan", "<elementwise, tile = [1, 4], workgroup = [8, 1, 1], vector = 4>"),
    "scalar": ("vulkan", "<elementwise, tile = [1, 2], workgroup = [2, 2, 1]>"),
}
ROWS = {
    "host": ("host", "<row_reduction, tile = [3, 8], workgroup = [1, 1, 1], vector = 8>"),
    "device": ("vulkan", "<row_reduction, tile = [1, 4], workgroup = [8, 1, 1], vector = 4>"),
    "scalar": ("vulkan", "<row_reduction, tile = [2, 1], workgroup = [4, 1, 1]>"),
}
MATMUL = {
    "host": ("host", "<matmul, tile = [4, 16], workgroup = [1, 1, 1], vector = 8>"),
    "device": (
        "vulkan",
        "<matmul, tile = [8, 4], workgroup = [8, 1, 1], vector = 4, at_least = [8]>, "
        "<matmul, tile = [1, 8], workgroup = [4, 2, 1], vector = 4>",
    ),
    "scalar": ("vulkan", "<matmul, tile = [1, 1], workgroup = [8, 1, 1]>"),
}


def floats(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def booleans(*shape):
    return np.random.default_rng(sum(shape)).integers(0, 2, shape, np.int8)


def wide(array):
    return array.astype(np.float64)


def heads(x):
    return x.reshape(*x.shape[:2], 3, 32).transpose(0, 2, 1, 3)


def linear(x, weight, bias):
    return wide(x) @ wide(weight) + bias


def layer_norm(x, weight, bias):
    x = wide(x)
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * weight + bias


def softmax(x, mask):
    x = np.where(mask[:, None, :] != 0, wide(x), -1e9)
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def embedding(table, ids, positions):
    return table[ids] + positions[3::2][: ids.shape[1]]


def causal_mask(x, mask):
    i, j = np.indices(x.shape)
    return ((j <= i) & (x > 0)) ^ (mask != 0)


def matrices(depth, columns):
    return [(floats(rows, depth), floats(depth, n), floats(n)) for rows in (37, 8, 3, 1, 0) for n in columns]


def norms(length):
    shapes = [(2, 3), (1, 1), (0, 3), (3, 7)]
    return [(floats(*s, length), floats(length), floats(length)) for s in shapes]


ids = np.array([[0, 49, -1], [-50, 7, 7]])
CASES = {
    "add-bias": (
        ELEMENTWISE,
        lambda x, b: x + b,
        [(floats(m, n), floats(n)) for m, n in ((3, 5), (1, 1), (7, 64), (0, 4), (50, 33))],
    ),
    "split-heads": (ELEMENTWISE, heads, [(floats(2, 5, 96),), (floats(1, 1, 96),)]),
    "merge-heads": (
        ELEMENTWISE,
        lambda x: x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], 96),
        [(floats(2, 3, 5, 32),), (floats(1, 3, 1, 32),)],
    ),
    "transpose": (ELEMENTWISE, np.transpose, [(floats(5, 7),), (floats(16, 8),)]),
    "embedding": (
        ELEMENTWISE,
        embedding,
        [(floats(50, n), ids, floats(64, n)) for n in (8, 7, 1)],
    ),
    "causal-mask": (
        ELEMENTWISE,
        causal_mask,
        [(floats(*s), booleans(*s)) for s in ((5, 7), (1, 1), (9, 16))],
    ),
    "scalars": (ELEMENTWISE, lambda x, y: 2 * x + y, [(floats(), floats(n)) for n in (9, 64)]),
    "column-sums": (
        ELEMENTWISE,
        lambda x: wide(x).sum(0) + 0.5,
        [(floats(5, 9),), (floats(0, 6),), (floats(12, 64),)],
    ),
    "sum-of-two": (
        ROWS,
        lambda x: wide(x).sum((1, 2))[:, None],
        [(floats(5, 3, 9),), (floats(2, 3, 0),), (floats(17, 3, 4),)],
    ),
    "layer-norm-static": (ROWS, layer_norm, norms(384)),
    "layer-norm-short": (ROWS, layer_norm, norms(5)),
    "layer-norm-dynamic": (ROWS, layer_norm, norms(33) + norms(1)),
    "softmax": (
        ROWS,
        softmax,
        [
            (floats(b, s, t), np.maximum(booleans(b, t), np.eye(1, t, dtype=np.int8)))
            for b, s, t in ((2, 3, 5), (1, 1, 1), (3, 4, 32), (2, 5, 37))
        ],
    ),
    "linear-static": (MATMUL, linear, matrices(64, [96])),
    "linear-columns": (MATMUL, linear, matrices(64, [1, 5, 37])),
    "linear-dynamic": (MATMUL, linear, matrices(13, [1, 16, 33])),
    "linear-no-depth": (MATMUL, linear, matrices(0, [8])),
    "scores": (
        MATMUL,
        lambda q, k: heads(wide(q)) @ heads(wide(k)).swapaxes(2, 3) * 0.125,
        [(floats(b, s, 96), floats(b, t, 96)) for b, s, t in ((2, 5, 7), (1, 1, 1), (1, 16, 32), (0, 3, 3))],
    ),
}


@pytest.mark.parametrize("form", ["host", "device", "scalar"])
@pytest.mark.parametrize("name", CASES)
def test_kernel(name, form, tmp_path):
    lowerings, reference, inputs = CASES[name]
    profile, lowering = lowerings[form]
    text = (INPUTS / f"{name}.mlir").read_text().replace("LOWERING", lowering)
    program = Program(text, profile, tmp_path)
    for arguments in inputs:
        result = program(*arguments)
        expected = reference(*arguments)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=0, atol=3e-5)


def test_guard_chooses_entry_point(tmp_path):
    profile, lowering = MATMUL["device"]
    text = (INPUTS / "linear-static.mlir").read_text().replace("LOWERING", lowering)
    program = Program(text, profile, tmp_path)
    for rows in (7, 8):
        program(floats(rows, 64), floats(64, 96), floats(96))
    assert [name for name, _ in program.launched] == ["linear_1x8", "linear_8x4"]
