# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""all-MiniLM-L6-v2 against PyTorch: every placement, both granularities, on everything that needs no GPU.

At positions where the mask is 1 the result may differ from PyTorch's float32 by 1e-5. At padded positions, which nobody
reads, it may be at most four times as far from the float64 model as PyTorch's own float32 is.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import tapml
from tapml import testing
from tapml.tools import run_tool

import needs
from conftest import minilm_inputs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: Batch and length; one of them padded to the longest the model was captured for.
SIZES = [(1, 1), (2, 17), (3, 37)]
LARGEST = (8, 128)
PLACEMENTS = ["alternate", "all"]

pytestmark = [
    pytest.mark.needs("tapml"),
    pytest.mark.xdist_group("minilm"),  # One process captures and compiles for all of them.
]


@pytest.fixture(scope="module")
def model(minilm: ModuleType) -> torch.nn.Module:
    return minilm.model()


@pytest.fixture(scope="module")
def package(minilm: ModuleType, model: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("minilm") / "minilm.tapml"
    samples = [minilm.tokenize(minilm.SENTENCES[:2])]
    tapml.capture(model, samples, minilm.dynamic_shapes, name="minilm").save(path)
    return path


def effective_plan(package: Path, target: str) -> dict[str, object]:
    """Returns where everything goes that the target can run."""
    path = package.with_name("effective.json")
    run_tool("tapml", ["explain", str(package), f"--target={target}", f"--effective-plan={path}"])
    return json.loads(path.read_text())


def plan_for(placement: str, package: Path, targets: list[str]) -> dict[str, object]:
    """Every floating-point operator on the target, every second of them, or one after the other on several targets."""
    if placement == "host":
        return {"version": 1, "rules": [], "default": "host"}
    places = [target.split("=")[0] for target in targets]
    entries = effective_plan(package, targets[0])["instances"]
    instances = [entry["instance"] for entry in entries if entry["place"] == places[0]]
    names = [name for entry in instances for name in ([entry] if isinstance(entry, str) else entry)]
    step = 2 if placement == "alternate" else len(targets)
    rules = [{"match": {"instance": names[i::step]}, "place": place} for i, place in enumerate(places)]
    return {"version": 1, "rules": rules, "default": "host", "unsupported": "error"}


@pytest.fixture(scope="module")
def compiled(package: Path) -> Callable[..., Path]:
    files: dict[tuple[str, ...], Path] = {}

    def get(placement: str, granularity: str, *targets: str) -> Path:
        key = placement, granularity, *targets
        if key not in files:
            plan = package.with_name(f"{placement}.json")
            plan.write_text(json.dumps(plan_for(placement, package, list(targets))))
            files[key] = package.with_name("-".join(key) + ".tapx")
            options = [f"--plan={plan}", f"--granularity={granularity}", f"-o={files[key]}"]
            run_tool("tapml", ["compile", str(package), *(f"--target={target}" for target in targets), *options])
        return files[key]

    return get


def check(model: torch.nn.Module, executable: tapml.Executable, inputs: dict[str, torch.Tensor]) -> None:
    with torch.inference_mode():
        source = model(**inputs).last_hidden_state
        oracle = copy.deepcopy(model).double()(**inputs).last_hidden_state
    got = executable(**inputs)["last_hidden_state"]
    real = inputs["attention_mask"].bool()
    assert (got - source)[real].abs().max() <= 1e-5
    if not real.all():
        own = (source.double() - oracle)[~real].abs().max()
        assert (got.double() - oracle)[~real].abs().max() <= 4 * own


def load(file: Path, executor: testing.Executor, **options: Any) -> tapml.Executable:
    # The largest size takes these drivers a minute where two processors do other work too.
    return testing.load(file, executor, deadline_ms=600_000, **options)


EXECUTORS = testing.executors()


def get_executor(name: str) -> testing.Executor:
    needs.require(name)
    return EXECUTORS[name]


def get_cases() -> list[tuple[str, str]]:
    """Returns executors with their placements; the host has one."""
    devices = [name for name in EXECUTORS if name != "host"]
    return [("host", "host"), *((name, placement) for name in devices for placement in PLACEMENTS)]


@pytest.mark.parametrize("granularity", ["operator", "largest"])
@pytest.mark.parametrize(("name", "placement"), get_cases())
def test_equals_pytorch(
    name: str,
    placement: str,
    granularity: str,
    model: torch.nn.Module,
    compiled: Callable[..., Path],
) -> None:
    executor = get_executor(name)
    targets = [executor.target] if executor.target else []
    executable = load(compiled(placement, granularity, *targets), executor)
    sizes = SIZES if executor.target else [*SIZES, LARGEST]
    for size in sizes:
        check(model, executable, minilm_inputs(*size))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            "lavapipe", marks=pytest.mark.long("SwiftShader runs these kernels too, lavapipe those of its own")
        ),
        "swiftshader",
        "webgpu",
    ],
)
def test_largest_size(
    name: str,
    model: torch.nn.Module,
    compiled: Callable[..., Path],
) -> None:
    executor = get_executor(name)
    executable = load(compiled("all", "largest", executor.target), executor)
    check(model, executable, minilm_inputs(*LARGEST))


def test_several_targets_in_one_executable(model: torch.nn.Module, compiled: Callable[..., Path]) -> None:
    executors = [get_executor(name) for name in ("lavapipe", "webgpu")]
    file = compiled("all", "largest", *(executor.target for executor in executors))
    executable = load(file, executors[0], device=None)
    inputs = minilm_inputs(2, 17)
    check(model, executable, inputs)


@pytest.mark.parametrize("granularity", ["operator", "largest"])
@pytest.mark.parametrize("driver", testing.VULKAN_DRIVERS)
def test_own_profile(
    driver: str,
    granularity: str,
    model: torch.nn.Module,
    compiled: Callable[..., Path],
) -> None:
    """Subgroups and texels, where the profile of the driver has them, change no result beyond the bounds."""
    executor = get_executor(driver)
    executable = load(compiled("all", granularity, f"vulkan={driver}"), executor)
    sizes = [*SIZES, LARGEST] if granularity == "largest" else SIZES
    for size in sizes:
        check(model, executable, minilm_inputs(*size))


def test_same_input_same_bytes(compiled: Callable[..., Path]) -> None:
    inputs = minilm_inputs(2, 17)
    results = [
        tapml.load(compiled("host", "largest"), threads=threads)(**inputs)["last_hidden_state"] for threads in (1, 2, 5)
    ]
    assert all(torch.equal(results[0], other) for other in results[1:])
