# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""all-MiniLM-L6-v2: every operator becomes a test, and passes on the host, on a Vulkan driver and in a browser."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import tapml
from tapml import cli, testing
from tapml.tools import require_tool, run_tool

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: What carving and testing may take on every core, in seconds of its time: others may use the machine too.
SECONDS = 60

pytestmark = pytest.mark.needs("tapml")


def processor_seconds() -> float:
    """Returns the time that the tools have taken, of all cores together."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="module")
def package(minilm: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("carve") / "minilm.tapml"
    samples = [minilm.tokenize(minilm.SENTENCES[:2]), minilm.tokenize(minilm.SENTENCES[2:3])]
    tapml.capture(minilm.model(), samples, minilm.dynamic_shapes, name="minilm").save(path, record=True)
    return path


def run_tests(directory: Path, target: str, environment: dict[str, str]) -> dict[str, object]:
    """Runs the tests and returns the report, whether they pass or not."""
    command = [str(require_tool("tapml")), "test", str(directory), f"--target={target}", "--json"]
    command.append(f"--evidence={directory.with_name('failures')}")
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 0, [entry["details"] for entry in report["tests"] if entry["status"] != "pass"][:3]
    return report


def test_every_operator(package: Path) -> None:
    start = processor_seconds()
    carved = package.with_name("carved")
    coverage = json.loads(run_tool("tapml", ["carve", str(package), "-o", str(carved), "--json"]))
    recorded = json.loads((package / "records" / "records.json").read_text())

    assert [row["operator"] for row in coverage["operators"]] == [entry["operator"] for entry in recorded["operators"]]
    assert len(coverage["operators"]) == 152
    for row in coverage["operators"]:
        assert row["recorded"] == row["visits"] == 2, row
        assert row["tests"], row
        assert bool(row["why"]) == (len(row["tests"]) < row["visits"]), row
        # PyTorch's own results lie inside the bounds, and its float64 agrees with ours.
        assert not row["flags"], row

    # The tests need neither model nor records, and do not care where they are.
    shutil.rmtree(package)
    elsewhere = carved.rename(carved.with_name("elsewhere"))
    count = sum(len(row["tests"]) for row in coverage["operators"])
    host = run_tests(elsewhere, "host", {})
    assert host["summary"]["pass"] == count
    if testing.VULKAN_DRIVERS["lavapipe"].exists():
        environment = testing.driver_environment("lavapipe")
        profile = carved.with_name("lavapipe.json")
        profile.write_text(run_tool("tapml", ["devices", "--profile=vulkan:0"], environment=os.environ | environment))
        vulkan = run_tests(elsewhere, f"vulkan={profile}", environment)
        assert vulkan["summary"]["pass"] == count
    assert processor_seconds() - start <= SECONDS * (os.cpu_count() or 1)


@pytest.mark.needs("chromium", "_numerics")
def test_in_a_browser(minilm: ModuleType, tmp_path: Path) -> None:
    """What WebGPU can run passes with Chromium's WebGPU too; the rest computes 64-bit integers."""
    package, carved = tmp_path / "minilm.tapml", tmp_path / "carved"
    samples = [minilm.tokenize(minilm.SENTENCES[:2])]
    tapml.capture(minilm.model(), samples, minilm.dynamic_shapes, name="minilm").save(package, record=True)
    run_tool("tapml", ["carve", str(package), "-o", str(carved)])
    assert cli.main(["browser", str(carved), "--json", str(tmp_path / "out.json")]) == 0
    tests = json.loads((tmp_path / "out.json").read_text())["tests"]
    assert len(tests) == len(list(carved.glob("tests/**/*.mlir")))
    left = {test["message"] for test in tests if test["verdict"] != "pass"}
    assert all("i64" in message for message in left), left
