# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels for every preset: they keep its limits, or would not compile, and give the right values on a device that has
what the preset promises."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tapml import testing
from tapml.tools import require_tool

import fault_cases

pytestmark = pytest.mark.needs("tapml")

#: Every preset of a device with one that runs its code, by the names of the executors.
PRESETS = {
    "vulkan-1.1-minimum": "swiftshader",
    "vulkan-1.3-desktop": "lavapipe",
    "lavapipe": "lavapipe",
    "swiftshader": "swiftshader",
    "webgpu-subgroups": "webgpu",
    "webgpu-f16-subgroups": "webgpu",
    "apple6": "metal",
    "apple7": "metal",
}

#: Matrix products; reductions and softmax over rows that are no multiple of anything; halves.
MODELS = ("feed-forward", "pooling", "halves")


@pytest.fixture(scope="module", params=MODELS)
def carved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp(request.param)
    package = fault_cases.make_package(request.param, directory)
    command = [str(require_tool("tapml")), "carve", str(package), "-o", str(directory / "carved")]
    subprocess.run(command, check=True, capture_output=True)
    return directory / "carved"


@pytest.mark.parametrize(
    ("preset", "executor"), [pytest.param(*pair, marks=pytest.mark.needs(pair[1])) for pair in PRESETS.items()]
)
def test_carved(carved: Path, preset: str, executor: str) -> None:
    """What the preset's lowerings make of each operator is inside its bound."""
    device = testing.executors()[executor]
    place = device.device.split(":")[0]
    command = [str(require_tool("tapml")), "test", str(carved), f"--target={place}={preset}", "--device", device.device]
    environment = os.environ | device.environment
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert summary["pass"] == summary["tests"] > 0
