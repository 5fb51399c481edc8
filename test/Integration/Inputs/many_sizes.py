# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A sum of slices of differently sized tensors, all in one kernel: more sizes than push constants hold.

many_sizes.py DIRECTORY                writes the graph, the inputs and the options that name them
many_sizes.py DIRECTORY OUTPUT.npz...  compares outputs with NumPy
"""

import pathlib
import sys

import numpy as np

TENSORS, RANK = 7, 4
TYPE = f"tensor<{'x'.join('?' * RANK)}xf32>"


def graph():
    """Returns the sum over k of the upper halves, in every dimension, of input k."""
    arguments = []
    for k in range(TENSORS):
        dims = ", ".join(f'"d{k}_{i}"' for i in range(RANK))
        arguments.append(f'%x{k}: {TYPE} {{tapml.name = "x{k}", tapml.dims = [{dims}]}}')
    lines = ["%two = arith.constant 2 : index"]
    lines += [f"%c{i} = arith.constant {i} : index" for i in range(RANK)]
    halves = []
    for k in range(TENSORS):
        half = f"%x{k}"
        for i in range(RANK):
            lines += [
                f"%end{k}{i} = tensor.dim %x{k}, %c{i} : {TYPE}",
                f"%start{k}{i} = arith.floordivsi %end{k}{i}, %two : index",
                f'%half{k}{i} = tapml.slice {half} dim {i} from %start{k}{i} to %end{k}{i} {{instance = ["s{k}.{i}"]}}'
                f" : {TYPE} -> {TYPE}",
            ]
            half = f"%half{k}{i}"
        halves.append(half)
    total = halves[0]
    for k in range(1, TENSORS):
        lines.append(f'%sum{k} = tapml.add {total}, {halves[k]} {{instance = ["sum{k}"]}} : {TYPE}, {TYPE} -> {TYPE}')
        total = f"%sum{k}"
    lines.append(f"return {total} : {TYPE}")
    body = "\n".join(lines)
    return (
        "module attributes {tapml.version = 1 : i64} {\n"
        f'func.func @forward({", ".join(arguments)}) -> ({TYPE} {{tapml.name = "y"}}) {{\n{body}\n}}\n}}\n'
    )


def inputs():
    """Returns tensors whose upper halves are equally large: of sizes 2 n and 2 n - 1."""
    random = np.random.default_rng(3)
    halves = (3, 4, 2, 5)
    for k in range(TENSORS):
        shape = [2 * half - (k >> i & 1) for i, half in enumerate(halves)]
        yield random.standard_normal(shape).astype(np.float32)


directory = pathlib.Path(sys.argv[1])
if len(sys.argv) == 2:
    directory.mkdir(exist_ok=True)
    (directory / "graph.mlir").write_text(graph())
    options = []
    for k, x in enumerate(inputs()):
        path = directory / f"x{k}.npy"
        np.save(path, x)
        options.append(f"--input=x{k}={path}")
    (directory / "options.rsp").write_text("\n".join(options))
halves = [x[tuple(slice(size // 2, None) for size in x.shape)].astype(np.float64) for x in inputs()]
for path in sys.argv[2:]:
    got = np.load(path)["y"]
    # Each of the additions rounds to at most half a unit.
    bound = TENSORS * 2.0**-24 * sum(map(np.abs, halves))
    assert got.shape == halves[0].shape
    assert (np.abs(got - sum(halves)) <= bound).all()
