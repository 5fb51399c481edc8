# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What executables can run on where there is no GPU, for tests.

executor = testing.executors()["lavapipe"]
file = captured.compile(executor.target, testing.plan_for(["gelu"], executor.target), output="model.tapx")
outputs = testing.load(file, executor)(x)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tapml import runtime
from tapml.runtime import Executable
from tapml.tools import find_tool

#: Software Vulkan drivers by name, where Debian's packages put their manifests.
VULKAN_DRIVERS = {
    "lavapipe": Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"),
    "swiftshader": Path("/usr/lib/chromium/vk_swiftshader_icd.json"),
}


def driver_environment(driver: str) -> dict[str, str]:
    """Returns the environment variables that make the Vulkan loader use one driver only."""
    manifest = str(VULKAN_DRIVERS[driver])
    return {"VK_DRIVER_FILES": manifest, "VK_ICD_FILENAMES": manifest}


@dataclass(frozen=True)
class Executor:
    """Something that runs executables here: a target, a device of it, and the environment that the device needs."""

    name: str
    #: What to compile for beside the host, and what to run on; None for the host.
    target: str | None = None
    device: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Why it cannot be used; None where it can.
    missing: str | None = None


def executors() -> dict[str, Executor]:
    """Returns all that executables can run on without a GPU, by name; what is not installed says so."""

    def on_driver(name: str, target: str, driver: str, also: str | None = None) -> Executor:
        missing = None if VULKAN_DRIVERS[driver].exists() else f"the driver {driver} is not installed"
        return Executor(name, target, f"{target}:0", driver_environment(driver), missing or also)

    tool = find_tool("tapml")
    stand_in = Path(tool).resolve().parents[1] / "lib" / "libTapMLMetalStandIn.so" if tool else Path()
    wgpu = None if find_spec("wgpu") else "the package wgpu is not installed"
    metal = None if stand_in.is_file() else "the stand-in for Metal is not built"
    found = [
        Executor("host"),
        *(on_driver(driver, "vulkan", driver) for driver in VULKAN_DRIVERS),
        on_driver("webgpu", "webgpu", "lavapipe", wgpu),
        Executor("metal", "metal", "metal:0", {"TAPML_METAL_STAND_IN": str(stand_in)}, metal),
    ]
    return {executor.name: executor for executor in found}


def plan_for(operators: Sequence[str], place: str) -> dict[str, Any]:
    """Returns a plan that puts the named operators at ``place`` and everything else on the host.

    A target that cannot run one of them is an error, not a reason to move it.
    """
    rules = [{"match": {"op": list(operators)}, "place": place}] if place != "host" else []
    return {"version": 1, "rules": rules, "default": "host", "unsupported": "error"}


def load(file: str | os.PathLike[str], executor: Executor, **options: Any) -> Executable:
    """Loads an executable file on the device of an executor; ``options`` are those of ``tapml.load``
    and come before what the executor says.

    The environment of this process is that of the executor until it is loaded.
    """
    before = {name: os.environ.get(name) for name in executor.environment}
    os.environ.update(executor.environment)
    try:
        return runtime.load(file, **({"device": executor.device} | options))
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
