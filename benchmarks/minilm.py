# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TapML beside its peers on all-MiniLM-L6-v2: the same inputs, one run, in turn.

    .venv/bin/pip install --no-deps -r benchmarks/requirements.txt     # the peers; those missing are reported
    .venv/bin/python benchmarks/minilm.py [--sizes 1x8,1x32,8x32] [--rounds 7]

TapML runs one file, compiled once for all sizes; IREE is compiled for each size. Every round runs each system once, so
that a change of the machine's speed meets all of them; the table has medians with the lowest and the highest time.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
os.environ.setdefault("VK_ICD_FILENAMES", "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
os.environ.setdefault("VK_DRIVER_FILES", os.environ["VK_ICD_FILENAMES"])

import minilm
import torch

import tapml
from tapml.tools import require_tool

import peers

Runner = Callable[[], object]


def machine() -> str:
    """Returns the processor, its number of cores and the Vulkan driver in one line."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {os.environ['VK_ICD_FILENAMES']}"


def compile_model(package: Path, output: Path, *options: str) -> tuple[float, float]:
    """Compiles a package; returns seconds and the peak memory in MiB."""
    command = [str(require_tool("tapml")), "compile", str(package), "-o", str(output), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def inputs_for(batch: int, length: int) -> peers.Inputs:
    ids = torch.randint(1000, 30000, (batch, length), generator=torch.Generator().manual_seed(length))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def runners(model: torch.nn.Module, inputs: peers.Inputs, files: dict[str, Path], directory: Path) -> dict[str, Runner]:
    """Returns what can run here; what cannot is said on stderr with its reason."""
    host, device = tapml.load(files["host"]), tapml.load(files["vulkan"])
    candidates: dict[str, Callable[[], Runner]] = {
        "TapML host": lambda: lambda: host(**inputs)["last_hidden_state"],
        "TapML Vulkan": lambda: lambda: device(**inputs)["last_hidden_state"],
        "PyTorch eager": lambda: peers.eager(model, inputs),
        "ONNX Runtime": lambda: peers.onnx_runtime(model, inputs, str(directory / "minilm.onnx")),
        "IREE llvm-cpu": lambda: peers.iree(model, inputs, "llvm-cpu"),
        "IREE vulkan-spirv": lambda: peers.iree(model, inputs, "vulkan-spirv"),
    }
    ready: dict[str, Runner] = {}
    for name, make in candidates.items():
        try:
            ready[name] = make()
        except peers.Unavailable as error:
            print(f"{name}: {error.reason}", file=sys.stderr)
    return ready


def measure(ready: dict[str, Runner], rounds: int) -> dict[str, list[float]]:
    """Returns milliseconds by system, after one run of each to warm up."""
    times: dict[str, list[float]] = {name: [] for name in ready}
    for round_number in range(rounds + 1):
        for name, run in ready.items():
            start = time.perf_counter()
            run()
            if round_number:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1x8,1x32,8x32", help="batch x length, separated by commas")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    sizes = [tuple(map(int, size.split("x"))) for size in arguments.sizes.split(",")]

    model = peers.LastHiddenState(minilm.model())
    print(f"Machine: {machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        package = directory / "minilm.tapml"
        tapml.capture(minilm.model(), minilm.samples()[:1], minilm.dynamic_shapes, name="minilm").save(package)
        files = {"host": directory / "host.tapx", "vulkan": directory / "vulkan.tapx"}
        for target, options in {"host": [], "vulkan": ["--target=vulkan"]}.items():
            seconds, peak = compile_model(package, files[target], *options)
            print(f"tapml compile for {target}: {seconds:.2f} s, peak {peak:.0f} MiB")
        rows: dict[str, list[str]] = {}
        for batch, length in sizes:
            ready = runners(model, inputs_for(batch, length), files, directory)
            for system, times in measure(ready, arguments.rounds).items():
                cell = f"{statistics.median(times):.1f} ({min(times):.1f} to {max(times):.1f})"
                rows.setdefault(system, []).append(cell)
    print("\n| ms, median (lowest to highest) | " + " | ".join(f"{b} x {s}" for b, s in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for system, cells in rows.items():
        print(f"| {system} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
