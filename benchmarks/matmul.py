# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One linear layer at a time: GFLOP/s, and one file for all numbers of rows against a file for each.

    .venv/bin/python benchmarks/matmul.py [--drivers lavapipe,swiftshader] [--shapes 32x384x1536] [--rounds 15]

A shape is rows x inputs x outputs. Files are compiled for the profile of the device that runs them. Every round runs
each file once. "CPU" is the processor time of the whole process divided by the number of cores: what a run takes when
nobody else needs them. On a shared machine it says more than the wall clock, beside which it stands. Every result is
compared with PyTorch's in float64.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python")]

import numpy as np
import torch

import tapml
from tapml import testing
from tapml.tools import require_tool

Shape = tuple[int, int, int]
MOST_ROWS = 4096


def compile_linear(shape: Shape, target: str, dynamic: bool, directory: Path) -> tuple[Path, torch.nn.Module]:
    """Compiles a linear layer for one number of rows or for all of them."""
    rows, depth, columns = shape
    torch.manual_seed(0)
    layer = torch.nn.Linear(depth, columns).eval()
    sizes = ({0: torch.export.Dim("rows", min=1, max=MOST_ROWS)},) if dynamic else None
    stem = f"{rows}x{depth}x{columns}-{'all' if dynamic else 'one'}"
    package = directory / f"{stem}.tapml"
    if not package.exists():
        tapml.capture(layer, [(torch.zeros(rows, depth),)], sizes, name="linear").save(package)
    output = directory / f"{stem}-{target}.tapx"
    options = [] if target == "host" else ["--target=vulkan=vulkan:0"]
    subprocess.run([require_tool("tapml"), "compile", package, "-o", output, *options], check=True)
    return output, layer


def check(got: np.ndarray, layer: torch.nn.Module, inputs: torch.Tensor) -> None:
    """Compares a result with float64, by the bound of a sum of that many products."""
    exact = layer.double()(inputs.double()).detach().numpy()
    layer.float()
    magnitudes = inputs.abs().double() @ layer.weight.abs().double().T
    bound = 6 * np.sqrt(layer.in_features) * 2.0**-24 * magnitudes.detach().numpy() + 1e-6
    if not (np.abs(got - exact) <= bound).all():
        raise SystemExit(f"wrong result: off by {np.abs(got - exact).max()}")


def measure(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Returns for each run its seconds by the wall clock and per core, round by round."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            spent = time.process_time() - cpu
            times[name].append((time.perf_counter() - wall, spent / (os.cpu_count() or 1)))
    return times


def spread(values: list[float]) -> str:
    low, middle, high = (1000 * v for v in (min(values), statistics.median(values), max(values)))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def run_shape(target: str, shape: Shape, rounds: int, directory: Path) -> None:
    """Measures a shape and prints its row of the table."""
    inputs = torch.randn(shape[0], shape[1], generator=torch.Generator().manual_seed(1))
    runs: dict[str, Callable[[], object]] = {}
    for form in ("one", "all"):
        file, layer = compile_linear(shape, target, form == "all", directory)
        executable = tapml.load(file)
        (output,) = executable(inputs.numpy()).values()
        check(np.asarray(output), layer, inputs)
        runs[form] = functools.partial(executable, inputs.numpy())
    times = measure(runs, rounds)
    wall = {form: [t[0] for t in values] for form, values in times.items()}
    cpu = {form: [t[1] for t in values] for form, values in times.items()}
    work = 2e-9 * shape[0] * shape[1] * shape[2]
    middle = {form: statistics.median(values) for form, values in cpu.items()}
    cells = [
        target,
        "x".join(map(str, shape)),
        spread(wall["all"]),
        spread(cpu["all"]),
        spread(cpu["one"]),
    ]
    cells += [f"{work / middle['all']:.1f}", f"{middle['all'] / middle['one']:.2f}"]
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drivers", default="lavapipe,swiftshader,host")
    parser.add_argument(
        "--shapes",
        default="32x384x1536,32x384x384,32x1536x384,19x384x1536,128x384x1536",
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shapes: list[Shape] = [tuple(map(int, shape.split("x"))) for shape in arguments.shapes.split(",")]
    if arguments.only:
        with tempfile.TemporaryDirectory() as name:
            for shape in shapes:
                run_shape(arguments.only, shape, arguments.rounds, Path(name))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    columns = [
        "ms, median (lowest to highest)",
        "rows x in x out",
        "all sizes, wall",
        "all sizes, CPU",
    ]
    columns += ["one size, CPU", "GFLOP/s, CPU", "all / one"]
    print("| " + " | ".join(columns) + " |")
    print("|---" * 7 + "|", flush=True)
    # The Vulkan loader reads its environment once, so each driver gets a process.
    for driver in arguments.drivers.split(","):
        environment = {} if driver == "host" else testing.driver_environment(driver)
        command = [sys.executable, __file__, *sys.argv[1:], f"--only={driver}"]
        subprocess.run(command, env={**os.environ, **environment}, check=True)


if __name__ == "__main__":
    main()
