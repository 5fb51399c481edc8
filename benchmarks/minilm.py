# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TapML beside its peers on all-MiniLM-L6-v2: the same inputs, one run, in turn.

    .venv/bin/pip install --no-deps -r benchmarks/requirements.txt     # the peers; those missing are reported
    .venv/bin/python benchmarks/minilm.py [--sizes 1x8,1x32,8x32] [--rounds 7] [--half] [--driver lavapipe]
        [--only REGEX]

TapML runs one file, compiled once for all sizes and for the profile of the device that runs it; "portable" is compiled
for the preset 'vulkan', "WGSL" for the preset 'webgpu', which wgpu-native runs on the same driver, "one size" from the
same model captured for that size alone, as IREE always is, "float16" from the model with weights and activations in
float16. Every round runs each system once, so that a change of the machine's speed meets all of them; the tables have
medians with the lowest and the highest time. "CPU" is the processor time of the whole process divided by the number of
cores: what a run takes when nobody else needs them.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
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
from tapml import testing
from tapml.tools import require_tool

import peers

Runner = Callable[[], object]
#: How long the threads of a system are given to fall asleep before the next one runs.
SETTLE_SECONDS = 0.3


def machine() -> str:
    """Returns the processor, its number of cores and the Vulkan driver in one line."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {os.environ['VK_ICD_FILENAMES']}"


#: Runs a command and prints its peak memory. In a process of its own: Linux counts what a process had before it became
#: another program, and this one has PyTorch.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def compile_model(package: Path, output: Path, *options: str) -> tuple[float, float]:
    """Compiles a package; returns seconds and the peak memory in MiB."""
    command = [str(require_tool("tapml")), "compile", str(package), "-o", str(output), *options]
    start = time.perf_counter()
    run = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, int(run.stdout.split()[-1]) / 1024


def inputs_for(batch: int, length: int) -> peers.Inputs:
    ids = torch.randint(1000, 30000, (batch, length), generator=torch.Generator().manual_seed(length))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def compile_half(driver: str, directory: Path) -> dict[str, Path]:
    """Compiles the model in float16 for all sizes; returns the files by their place."""
    package = directory / "half.tapml"
    model = minilm.model().half()
    tapml.capture(model, minilm.samples()[:1], minilm.dynamic_shapes, name="minilm_half").save(package)
    files = {}
    for place, options in {"host": [], driver: ["--target=vulkan=vulkan:0"]}.items():
        files[place] = directory / f"half-{place}.tapx"
        compile_model(package, files[place], *options)
    return files


def compile_all(batch: int, length: int, driver: str, directory: Path, report: bool) -> dict[str, Path]:
    """Compiles the model for all sizes (batch 0) or for one; returns the files by their place."""
    name = f"{batch}x{length}" if batch else "all"
    package = directory / f"{name}.tapml"
    if batch:
        tapml.capture(minilm.model(), [inputs_for(batch, length)], None, name="minilm").save(package)
    else:
        tapml.capture(minilm.model(), minilm.samples()[:1], minilm.dynamic_shapes, name="minilm").save(package)
    files = {}
    for place, options in {
        "host": [],
        driver: ["--target=vulkan=vulkan:0"],
        "portable": ["--target=vulkan"],
        "webgpu": ["--target=webgpu"],
    }.items():
        if batch and place in ("portable", "webgpu"):
            continue
        files[place] = directory / f"{name}-{place}.tapx"
        seconds, peak = compile_model(package, files[place], *options)
        if report:
            print(f"tapml compile for {place}: {seconds:.2f} s, peak {peak:.0f} MiB")
    return files


def runners(
    model: torch.nn.Module,
    inputs: peers.Inputs,
    driver: str,
    files: dict[str, Path],
    fixed: dict[str, Path],
    half: dict[str, Path],
    directory: Path,
    only: re.Pattern[str],
) -> dict[str, Runner]:
    """Returns what can run here, of what ``only`` matches; what cannot is said on stderr with its reason."""

    def ours(file: Path) -> Callable[[], Runner]:
        def load() -> Runner:
            executable = tapml.load(file)
            return lambda: executable(**inputs)["last_hidden_state"]

        return load

    candidates: dict[str, Callable[[], Runner]] = {
        "TapML host": ours(files["host"]),
        "TapML host, one size": ours(fixed["host"]),
        f"TapML {driver}": ours(files[driver]),
        f"TapML {driver}, one size": ours(fixed[driver]),
        f"TapML {driver}, portable profile": ours(files["portable"]),
        f"TapML {driver}, portable profile, WGSL": ours(files["webgpu"]),
        **{f"TapML {place}, float16": ours(file) for place, file in half.items()},
        "PyTorch eager": lambda: peers.eager(model, inputs),
        "ONNX Runtime": lambda: peers.onnx_runtime(model, inputs, str(directory / "minilm.onnx")),
        "IREE llvm-cpu": lambda: peers.iree(model, inputs, "llvm-cpu"),
        f"IREE vulkan-spirv, {driver}": lambda: peers.iree(model, inputs, "vulkan-spirv"),
    }
    ready: dict[str, Runner] = {}
    for name, make in candidates.items():
        if not only.search(name):
            continue
        try:
            ready[name] = make()
        except (peers.Unavailable, tapml.TapMLError) as error:
            print(f"{name}: {error}", file=sys.stderr)
    if not ready:
        raise SystemExit(f"no system that can run here matches '{only.pattern}'")
    return ready


Times = dict[str, list[tuple[float, float]]]


def measure(ready: dict[str, Runner], rounds: int) -> Times:
    """Returns milliseconds by the wall clock and per core by system, after one run of each to warm up."""
    times: Times = {name: [] for name in ready}
    for round_number in range(rounds + 1):
        for name, run in ready.items():
            # Threads of the system before may still spin.
            time.sleep(SETTLE_SECONDS)
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            spent = time.process_time() - cpu
            if round_number:
                times[name].append(
                    (
                        1000 * (time.perf_counter() - wall),
                        1000 * spent / (os.cpu_count() or 1),
                    )
                )
    return times


def print_table(title: str, sizes: list[tuple[int, int]], results: list[Times], clock: int) -> None:
    print(f"\n| {title} | " + " | ".join(f"{batch} x {length}" for batch, length in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for system in results[0]:
        cells = []
        for times in results:
            values = [pair[clock] for pair in times.get(system, [])]
            spread = f"({min(values):.1f} to {max(values):.1f})" if values else ""
            cells.append(f"{statistics.median(values):.1f} {spread}" if values else "-")
        print(f"| {system} | " + " | ".join(cells) + " |")


def _median_cpu(times: list[tuple[float, float]]) -> float:
    return statistics.median(cpu for _, cpu in times)


def print_ratios(driver: str, sizes: list[tuple[int, int]], results: list[Times]) -> None:
    print("\n| CPU medians | " + " | ".join(f"{b} x {n}" for b, n in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    portable = f"TapML {driver}, portable profile"
    for name, over, under in [
        ("host, all sizes / one size", "TapML host", "TapML host, one size"),
        (f"{driver}, all sizes / one size", f"TapML {driver}", f"TapML {driver}, one size"),
        (f"{driver}, portable, WGSL / SPIR-V", f"{portable}, WGSL", portable),
        ("host, float16 / float32", "TapML host, float16", "TapML host"),
        (f"{driver}, float16 / float32", f"TapML {driver}, float16", f"TapML {driver}"),
    ]:
        if not all(over in times and under in times for times in results):
            continue
        ratios = [_median_cpu(times[over]) / _median_cpu(times[under]) for times in results]
        print(f"| {name} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |")


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1x8,1x32,8x32", help="batch x length, separated by commas")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--driver", default="lavapipe", choices=sorted(testing.VULKAN_DRIVERS))
    parser.add_argument("--half", action="store_true", help="measure TapML with the model in float16, too")
    parser.add_argument(
        "--only", type=pattern, default="", metavar="REGEX", help="systems to measure, by the names in the tables"
    )
    arguments = parser.parse_args()
    driver = arguments.driver
    os.environ.update(testing.driver_environment(driver))
    sizes = [tuple(map(int, size.split("x"))) for size in arguments.sizes.split(",")]

    model = peers.LastHiddenState(minilm.model())
    print(f"Machine: {machine()}\n")
    results: list[Times] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files = compile_all(0, 0, driver, directory, report=True)
        half = compile_half(driver, directory) if arguments.half else {}
        for batch, length in sizes:
            fixed = compile_all(batch, length, driver, directory, report=False)
            ready = runners(model, inputs_for(batch, length), driver, files, fixed, half, directory, arguments.only)
            results.append(measure(ready, arguments.rounds))
    print_table("wall ms, median (lowest to highest)", sizes, results, clock=0)
    print_table("CPU ms, median (lowest to highest)", sizes, results, clock=1)
    print_ratios(driver, sizes, results)


if __name__ == "__main__":
    main()
