# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The processor time of emission grows as kernels do."""

import pathlib
import resource
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Codegen" / "Emission"))
from execute import tool

SIZE = 4000
GROWTH = 4
#: Between GROWTH, which is linear, and its square.
LARGEST_RATIO = 2 * GROWTH

ATTRIBUTES = "kernel attributes {known_block_size = array<i32: 32, 1, 1>}"


def kernel(body: list[str], name: str = "k") -> str:
    return "\n".join(
        [
            f"gpu.func @{name}(%x: memref<?xf32>, %n: index) {ATTRIBUTES} {{",
            "%t = gpu.thread_id x",
            "%c0 = arith.constant 0 : index",
            "%c1 = arith.constant 1 : index",
            *body,
            "gpu.return",
            "}",
        ]
    )


def straight(size: int) -> str:
    """Operations that use each other."""
    lines = ["%v0 = memref.load %x[%t] : memref<?xf32>"]
    lines += [f"%v{i} = arith.mulf %v{i - 1}, %v{max(i - 3, 0)} : f32" for i in range(1, size)]
    return kernel([*lines, f"memref.store %v{size - 1}, %x[%t] : memref<?xf32>"])


def loops(size: int) -> str:
    """Loops one after another, all on one buffer."""
    lines = []
    for i in range(size // 4):
        lines += [
            f"%a{i} = memref.load %x[%t] : memref<?xf32>",
            f"%r{i} = scf.for %i = %c0 to %n step %c1 iter_args(%s = %a{i}) -> f32 {{",
            f"%b{i} = memref.load %x[%i] : memref<?xf32>",
            f"%d{i} = arith.addf %s, %b{i} : f32",
            f"scf.yield %d{i} : f32",
            "}",
            f"memref.store %r{i}, %x[%t] : memref<?xf32>",
        ]
    return kernel(lines)


def kernels(size: int) -> str:
    """Many small kernels in one module."""
    body = [
        "%a = memref.load %x[%t] : memref<?xf32>",
        "%b = arith.mulf %a, %a : f32",
        "memref.store %b, %x[%t] : memref<?xf32>",
    ]
    return "\n".join(kernel(body, f"k{i}") for i in range(size // 10))


def seconds(text: str, language: str) -> float:
    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            [tool("tapml-translate"), f"--tapml-to-{language}"],
            input=f"gpu.module @m {{\n{text}\n}}",
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    return min(once() for _ in range(3))


@pytest.mark.parametrize("language", ["wgsl", "msl"])
@pytest.mark.parametrize("make", [straight, loops, kernels])
def test_linear(make, language):
    small, large = seconds(make(SIZE), language), seconds(make(GROWTH * SIZE), language)
    assert large <= LARGEST_RATIO * small
