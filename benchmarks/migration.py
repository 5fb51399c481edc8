# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a migration costs: all-MiniLM-L6-v2 from the host to a Vulkan driver, from nothing.

    .venv/bin/python benchmarks/migration.py [--driver lavapipe] [--target vulkan=vulkan:0] [--build build]

Records the sentences of examples/sentences.txt, carves and tests every operator, migrates the model, and migrates it
with a planted fault (tanh-GELU for erf-GELU in layer 3) until that is located. The driver's own cache of shaders is
empty before each command. "CPU" is the processor time of all processes divided by the number of cores: what a command
takes when nobody else needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python")]

from tapml import testing

FAULT = "tapml-test-plant-fault{fault=gelu-form instance=encoder.layer.3.*}"
GUILTY = "encoder.layer.3.intermediate.intermediate_act_fn"


def measure(what: str, command: list[str], environment: dict[str, str], status: int = 0) -> str:
    """Runs a command with an empty cache of shaders; prints its times and returns its output."""
    with tempfile.TemporaryDirectory() as cache:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            command,
            env=environment | {"MESA_SHADER_CACHE_DIR": cache},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != status:
        sys.exit(f"{what}: {done.stderr or done.stdout}")
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / (os.cpu_count() or 1)
    print(f"| {what} | {seconds:.1f} | {cpu:.1f} |", flush=True)
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", default="lavapipe", choices=sorted(testing.VULKAN_DRIVERS))
    parser.add_argument("--target", default="vulkan=vulkan:0")
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    arguments = parser.parse_args()
    environment = os.environ | testing.driver_environment(arguments.driver)
    tool, plugin = str(arguments.build / "bin" / "tapml"), arguments.build / "lib" / "FaultPlugin.so"
    target = f"--target={arguments.target}"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.driver}, {target}\n")
    print("| | seconds | CPU |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        package, carved = f"{scratch}/minilm.tapml", f"{scratch}/carved"
        capture = [sys.executable, "-m", "tapml", "capture", str(ROOT / "examples" / "minilm.py"), "--record"]
        sentences = ROOT / "examples" / "sentences.txt"
        paths = os.pathsep.join(filter(None, [str(ROOT / "python"), os.environ.get("PYTHONPATH")]))
        measure(
            "capture and record",
            [*capture, f"--inputs={sentences}", "-o", package],
            environment | {"PYTHONPATH": paths, "PATH": f"{arguments.build / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        )
        measure("carve", [tool, "carve", package, "-o", carved], environment)
        tests = json.loads(measure("test", [tool, "test", carved, target, "--json"], environment))
        state = json.loads(
            measure("migrate", [tool, "migrate", package, target, "-o", f"{scratch}/clean", "--json"], environment)
        )
        hook = [f"--load-pass-plugin={plugin}", f"--pipeline-hook=after-partition:{FAULT}"]
        faulty = [tool, "migrate", package, target, "-o", f"{scratch}/faulty", "--json", *hook]
        fault = json.loads(measure("locate a planted fault", faulty, environment, status=1))["faults"][0]
    places = [op["state"] for op in state["operators"]]
    print(f"\n{tests['summary']['pass']} of {tests['summary']['tests']} tests pass; ", end="")
    print(f"{places.count('moved')} of {len(places)} operators moved in {len(state['steps'])} steps")
    if state["faults"] or fault["instance"] != GUILTY or fault["class"] != "alone":
        sys.exit(f"wrong verdicts: {state['faults']}, {fault['instance']} {fault['class']}")


if __name__ == "__main__":
    main()
