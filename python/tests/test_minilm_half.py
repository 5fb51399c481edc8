# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""all-MiniLM-L6-v2 in float16, weights and activations, on everything that needs no GPU.

A run may be as far from the float64 model on the same weights as runs are whose every operator is off at random within
its own bound: the migration's envelope (docs/Migration.md).
"""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import tapml
from tapml import numerics, testing
from tapml.tools import run_tool

import needs
from conftest import minilm_inputs

#: Batch and length, with padding in all but the first.
SIZES = [(1, 1), (2, 17), (3, 37)]
RUNS = 3

pytestmark = [pytest.mark.needs("tapml", "_numerics"), pytest.mark.xdist_group("minilm_half")]


@pytest.fixture(scope="module")
def model(minilm: ModuleType) -> torch.nn.Module:
    return minilm.model().half()


@pytest.fixture(scope="module")
def captured(minilm: ModuleType, model: torch.nn.Module) -> Any:
    samples = [minilm.tokenize(minilm.SENTENCES[:2])]
    return tapml.capture(model, samples, minilm.dynamic_shapes, name="minilm_half")


@pytest.fixture(scope="module")
def package(captured: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("minilm_half") / "minilm_half.tapml"
    captured.save(path)
    return path


def root_mean_square(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0


@pytest.fixture(scope="module")
def envelope(captured: Any) -> Any:
    """Returns what the model gives in float64, and how far a sound run may be from it, for one arithmetic."""
    function = numerics.Function(captured.text)

    @functools.cache
    def get(arithmetic: str, size: tuple[int, int]) -> tuple[np.ndarray, float]:
        inputs = list(minilm_inputs(*size).values())

        def run(seed: int | None = None) -> np.ndarray:
            options: dict[str, Any] = {"arithmetic": arithmetic, "propagate": False, "perturbation": seed}
            return function.evaluate(inputs, weights=captured.graph.weights, **options)[0].values

        clean = run()
        moved = max(root_mean_square(run(seed) - clean) for seed in range(1, RUNS + 1))
        return clean, moved * math.sqrt(3) * (1 + 3 / math.sqrt(2 * clean.size * RUNS))

    return get


def check(envelope: Any, arithmetic: str, size: tuple[int, int], got: torch.Tensor) -> None:
    assert got.dtype == torch.float16
    clean, allowed = envelope(arithmetic, size)
    # One rounding of the result alone is 2^-12 of it: a bound far above that would not find a wrong operator.
    assert allowed < 0.05 * root_mean_square(clean)
    assert root_mean_square(got.double().numpy() - clean) <= allowed


def test_graph_is_in_half(captured: Any) -> None:
    lines = [line for line in captured.text.splitlines() if "tapml.linear" in line]
    assert len(lines) == 36 + 1
    assert all("f16>" in line and "f32>" not in line for line in lines)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_source_is_within_its_envelope(size: tuple[int, int], model: torch.nn.Module, envelope: Any) -> None:
    with torch.inference_mode():
        check(envelope, "source", size, model(**minilm_inputs(*size)).last_hidden_state)


def run_on(executor: testing.Executor, target: str | None, package: Path, granularity: str) -> tapml.Executable:
    file = package.with_name(f"{target}-{granularity}.tapx".replace("=", "-"))
    if not file.exists():
        options = [f"--granularity={granularity}", f"-o={file}", *([f"--target={target}"] if target else [])]
        if target:
            plan = package.with_name("plan.json")
            place = target.partition("=")[0]
            rules = [{"match": {"dtype": "f16"}, "place": place}]
            plan.write_text(json.dumps({"version": 1, "rules": rules, "default": "host", "unsupported": "error"}))
            options.append(f"--plan={plan}")
        run_tool("tapml", ["compile", str(package), *options])
    return testing.load(file, executor, deadline_ms=600_000)


EXECUTORS = testing.executors()

#: A profile with 16-bit floats, and one without, for each kind of target that has both.
TARGETS = [
    ("host", None),
    ("lavapipe", "vulkan"),
    ("lavapipe", "vulkan=lavapipe"),
    ("swiftshader", "vulkan"),
    ("webgpu", "webgpu"),
    ("webgpu", "webgpu=webgpu-f16-subgroups"),
    ("metal", "metal"),
]


@pytest.mark.parametrize("granularity", ["operator", "largest"])
@pytest.mark.parametrize(("name", "target"), TARGETS)
def test_run_is_within_the_envelope(
    name: str, target: str | None, granularity: str, package: Path, envelope: Any
) -> None:
    needs.require(name)
    executable = run_on(EXECUTORS[name], target, package, granularity)
    for size in SIZES:
        got = executable(**minilm_inputs(*size))["last_hidden_state"]
        check(envelope, target.partition("=")[0] if target else "host", size, got)
