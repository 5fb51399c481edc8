# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles and runs captured models with the tools, for tests.

executable = testing.build(module, samples, dynamic_shapes, directory, target="vulkan", plan=...)
outputs = executable.run({"x": x}, device="vulkan:0")
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tapml.api import Captured, capture
from tapml.tools import find_tool, run_tool

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


@dataclass(frozen=True)
class Executable:
    """A compiled model and what it was captured from."""

    path: Path
    captured: Captured

    def run(
        self,
        inputs: Mapping[str, torch.Tensor],
        device: str | None = None,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> dict[str, torch.Tensor]:
        """Runs the executable in a process of its own and returns its outputs by name.

        ``device`` is "vulkan:0" and the like, None for host-only executables; ``environment`` is added to that of this
        process; ``options`` go to ``tapml run`` as they are. Raises ToolError with the tool's message if it fails.
        """
        with tempfile.TemporaryDirectory() as scratch:
            arguments = ["run", str(self.path)]
            for number, (name, tensor) in enumerate(inputs.items()):
                file = Path(scratch) / f"{number}.npy"
                np.save(file, tensor.numpy())
                arguments.append(f"--input={name}={file}")
            output = Path(scratch) / "output.npz"
            arguments += [f"--output={output}", *([f"--device={device}"] if device else []), *options]
            run_tool("tapml", arguments, environment={**os.environ, **(environment or {})})
            with np.load(output) as arrays:
                return {name: torch.from_numpy(arrays[name].copy()) for name in arrays.files}


def build(
    module: nn.Module,
    samples: Sequence[Any],
    dynamic_shapes: Any,
    directory: Path,
    *,
    target: str | None = None,
    plan: Mapping[str, Any] | None = None,
    name: str = "model",
) -> Executable:
    """Captures ``module`` and compiles it into ``directory``; without ``target`` for the host alone."""
    captured = capture(module.eval(), list(samples), dynamic_shapes, name=name)
    captured.save(directory / f"{name}.tapml")
    path = captured.compile(target=target, plan=plan, output=directory / f"{name}.tapx")
    return Executable(path, captured)
