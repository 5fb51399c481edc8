# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What recording costs: each sample of all-MiniLM-L6-v2, eager and recorded, in one run.

    .venv/bin/python benchmarks/record.py [--rounds 7] [--samples 0,1,4,5]

Every round runs everything once, so that a change of the machine's speed meets all of it, and records all samples
into an empty directory, without the oracle and with it. The table has medians in milliseconds with the lowest and
the highest time; the ratio is that of the medians of recording without the oracle and of the eager run. "setup" is
what is done once for a model: hashing the graph and the weights.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "python")]

import minilm
import torch

import tapml
from tapml._record.recorder import Recorder
from tapml.records import DIRECTORY


def timed(call: Callable[[], object]) -> float:
    """Returns the milliseconds of one call."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def eager(model: torch.nn.Module, sample: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        model(**sample)


def cell(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} ({min(times):.1f} to {max(times):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--samples", default="", help="numbers, separated by commas; default: all")
    arguments = parser.parse_args()

    model, samples = minilm.model(), minilm.samples()
    chosen = [int(number) for number in arguments.samples.split(",") if number] or list(range(len(samples)))
    captured = tapml.capture(model, samples, minilm.dynamic_shapes, name="minilm")
    times: dict[tuple[int | str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        package = captured.save(Path(name) / "minilm.tapml")
        for round_number in range(arguments.rounds + 1):
            measured: dict[tuple[int | str, str], float] = {}
            for kind, with_oracle in (("recorded", False), ("with oracle", True)):
                shutil.rmtree(package / DIRECTORY, ignore_errors=True)
                start = time.perf_counter()
                recorder = Recorder(package, captured.source, with_oracle=with_oracle)
                measured["setup", kind] = 1000 * (time.perf_counter() - start)
                for number in chosen:
                    before = recorder.oracle_seconds
                    if not with_oracle:
                        measured[number, "eager"] = timed(lambda number=number: eager(model, samples[number]))
                    measured[number, kind] = timed(lambda number=number, recorder=recorder: recorder.record(number))
                    measured[number, "oracle alone"] = 1000 * (recorder.oracle_seconds - before)
            if round_number:
                for key, value in measured.items():
                    times.setdefault(key, []).append(value)

    load, peak = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{os.cpu_count()} cores, load {load:.1f}, torch {torch.__version__}, peak of the process {peak:.0f} MiB\n")
    kinds = ["eager", "recorded", "with oracle", "oracle alone"]
    print("| sample | shape | " + " | ".join(f"{kind}, ms" for kind in kinds) + " | recorded / eager |")
    print("|---" * (len(kinds) + 3) + "|")
    for number in chosen:
        row = [times[number, kind] for kind in kinds]
        ratio = statistics.median(row[1]) / statistics.median(row[0])
        shape = " x ".join(map(str, samples[number]["input_ids"].shape))
        print(f"| {number} | {shape} | " + " | ".join(map(cell, row)) + f" | {ratio:.2f} |")
    print("| setup | | | " + " | ".join(cell(times["setup", kind]) for kind in kinds[1:3]) + " | | |")
    totals = [sum(statistics.median(times[number, kind]) for number in chosen) for kind in kinds]
    print("| all | | " + " | ".join(f"{total:.1f}" for total in totals) + f" | {totals[1] / totals[0]:.2f} |")


if __name__ == "__main__":
    main()
