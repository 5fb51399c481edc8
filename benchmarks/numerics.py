# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What judging costs: operators in float64 with bounds, and the comparison of a result with them.

    .venv/bin/python benchmarks/numerics.py [--rounds 7] [--package minilm.tapml --tokens 32]

The operators have MiniLM's sizes for 1024 tokens. Times are medians in milliseconds of the elapsed time and of the
time of all threads. With a package, its whole graph is evaluated as the migration does: every operator on exact
operands.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python")]

import numpy as np
from safetensors.numpy import load_file

from tapml import numerics

Operator = tuple[str, list[tuple[int, ...]]]


def tensor(shape: tuple[int, ...]) -> str:
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def operator(
    call: str, shapes: list[tuple[int, ...]], result: tuple[int, ...], *, form: str = "({}) -> {}"
) -> Operator:
    """Returns a function of one operator, whose operands are %0, %1, ..., and the shapes of its inputs."""
    types = [tensor(shape) for shape in shapes]
    ports = ", ".join(f"%{i}: {kind}" for i, kind in enumerate(types))
    call_type = form.format(", ".join(types), tensor(result))
    text = (
        f"func.func @f({ports}) -> {tensor(result)} {{ %y = tapml.{call} : {call_type} return %y : {tensor(result)} }}"
    )
    return text, shapes


def linear(rows: int, inputs: int, outputs: int) -> Operator:
    return operator("linear %0, %1 bias %2", [(rows, inputs), (outputs, inputs), (outputs,)], (rows, outputs))


HEADS = (8, 12, 128, 32)
OPERATORS = {
    "linear 1024x384x1536": linear(1024, 384, 1536),
    "linear 20x384x1536": linear(20, 384, 1536),
    "attention 8x12x128x32": operator(
        "scaled_dot_product_attention %0, %1, %2 {scale = 0.17677669529663687 : f64}", [HEADS] * 3, HEADS
    ),
    "layer_norm 1024x384": operator(
        "layer_norm %0 weight %1 bias %2 {epsilon = 1.0e-12 : f64, normalized_rank = 1 : i64}",
        [(1024, 384), (384,), (384,)],
        (1024, 384),
    ),
    "gelu 1024x1536": operator("gelu %0", [(1024, 1536)], (1024, 1536), form="{1}"),
    "softmax 1024x1536": operator("softmax %0 dim 1", [(1024, 1536)], (1024, 1536), form="{1}"),
}


def measure(rounds: int, call) -> tuple[float, float]:
    """Returns the median milliseconds of a call, elapsed and of all threads."""
    call()
    elapsed, used = [], []
    for _ in range(rounds):
        start, processor = time.perf_counter(), time.process_time()
        call()
        elapsed.append(1e3 * (time.perf_counter() - start))
        used.append(1e3 * (time.process_time() - processor))
    return statistics.median(elapsed), statistics.median(used)


def report(name: str, times: tuple[float, float]) -> None:
    print(f"{name:32} {times[0]:10.2f} {times[1]:10.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--package", type=Path, help="a captured model with two integer inputs: ids and a mask")
    parser.add_argument("--tokens", type=int, default=32)
    arguments = parser.parse_args()

    print(f"{'':32} {'elapsed ms':>10} {'threads ms':>10}")
    generator = np.random.default_rng(0)
    for name, (text, shapes) in OPERATORS.items():
        function = numerics.Function(text)
        inputs = [generator.standard_normal(shape, dtype=np.float32) for shape in shapes]

        def call(function=function, inputs=inputs):
            return function.evaluate(inputs)

        report(name, measure(arguments.rounds, call))
        (expected,) = call()
        got = expected.values.astype(np.float32)
        report("  compared", measure(arguments.rounds, lambda expected=expected, got=got: expected.compare(got)))

    if arguments.package:
        function = numerics.Function((arguments.package / "graph.mlir").read_text())
        weights = load_file(arguments.package / "weights.safetensors")
        ids = generator.integers(0, 30000, (1, arguments.tokens))
        inputs = [ids, np.ones_like(ids)]
        times = measure(
            arguments.rounds, lambda: function.evaluate(inputs, weights=weights, propagate=False, arithmetic="vulkan")
        )
        report(f"graph, {arguments.tokens} tokens", times)


if __name__ == "__main__":
    main()
