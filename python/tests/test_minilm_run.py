# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""all-MiniLM-L6-v2 against PyTorch: every placement, both granularities, host and both software Vulkan drivers.

At positions where the mask is 1 the result may differ from PyTorch's float32 by 1e-5. At padded positions, which nobody
reads, it may be at most four times as far from the float64 model as PyTorch's own float32 is.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import tapml
from tapml import testing
from tapml.tools import find_tool, run_tool

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: Batch and length; one of them padded to the longest the model was captured for.
SIZES = [(1, 1), (2, 17), (3, 37)]
LARGEST = (8, 128)
PLACEMENTS = ["host", "alternate", "all"]

pytestmark = [
    pytest.mark.skipif(find_tool("tapml") is None, reason="the tool 'tapml' is not built"),
    pytest.mark.xdist_group("minilm"),  # One process captures and compiles for all of them.
]


@pytest.fixture(scope="module")
def minilm() -> object:
    sys.path.insert(0, str(EXAMPLES))
    return pytest.importorskip("minilm")


@pytest.fixture(scope="module")
def model(minilm: object) -> torch.nn.Module:
    return minilm.model()


@pytest.fixture(scope="module")
def package(minilm: object, model: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("minilm") / "minilm.tapml"
    samples = [minilm.tokenize(minilm.SENTENCES[:2])]
    tapml.capture(model, samples, minilm.dynamic_shapes, name="minilm").save(path)
    return path


def effective_plan(package: Path) -> dict[str, object]:
    """Returns where everything goes that the target can run."""
    path = package.with_name("effective.json")
    run_tool("tapml", ["explain", str(package), "--target=vulkan", f"--effective-plan={path}"])
    return json.loads(path.read_text())


def plan_for(placement: str, package: Path) -> dict[str, object]:
    """Every floating-point operator on the target, or every second of them, by name."""
    if placement == "host":
        return {"version": 1, "rules": [], "default": "host"}
    instances = [entry["instance"] for entry in effective_plan(package)["instances"] if entry["place"] == "vulkan"]
    names = [name for entry in instances for name in ([entry] if isinstance(entry, str) else entry)]
    chosen = names[::2] if placement == "alternate" else names
    rules = [{"match": {"instance": chosen}, "place": "vulkan"}]
    return {"version": 1, "rules": rules, "default": "host", "unsupported": "error"}


@pytest.fixture(scope="module")
def compiled(package: Path) -> Callable[[str, str], Path]:
    files: dict[tuple[str, str], Path] = {}

    def get(placement: str, granularity: str) -> Path:
        key = placement, granularity
        if key not in files:
            plan = package.with_name(f"{placement}.json")
            plan.write_text(json.dumps(plan_for(placement, package)))
            files[key] = package.with_name(f"{placement}-{granularity}.tapx")
            options = ["--target=vulkan", f"--plan={plan}", f"--granularity={granularity}", f"-o={files[key]}"]
            run_tool("tapml", ["compile", str(package), *options])
        return files[key]

    return get


def inputs_for(minilm: object, batch: int, length: int) -> dict[str, torch.Tensor]:
    """Returns token ids and masks of the size asked for, with sentences of different lengths."""
    generator = torch.Generator().manual_seed(1000 * batch + length)
    ids = torch.randint(1000, 30000, (batch, length), generator=generator)
    lengths = torch.linspace(length, max(1, length // 3), batch).long()
    mask = (torch.arange(length)[None] < lengths[:, None]).long()
    return {"input_ids": ids * mask, "attention_mask": mask}


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


def load(file: Path, driver: str, monkeypatch: pytest.MonkeyPatch) -> tapml.Executable:
    for name, value in testing.driver_environment(driver).items():
        monkeypatch.setenv(name, value)
    # The largest size takes these drivers a minute where two processors do other work too.
    return tapml.load(file, deadline_ms=600_000)


@pytest.mark.parametrize("granularity", ["operator", "largest"])
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("driver", ["lavapipe", "swiftshader"])
def test_equals_pytorch(
    driver: str,
    placement: str,
    granularity: str,
    minilm: object,
    model: torch.nn.Module,
    compiled: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not testing.VULKAN_DRIVERS[driver].exists():
        pytest.skip(f"the driver {driver} is not installed")
    if placement == "host" and driver != "lavapipe":
        pytest.skip("runs on no device: tested once")
    executable = load(compiled(placement, granularity), driver, monkeypatch)
    sizes = [*SIZES, LARGEST] if placement == "host" else SIZES
    for size in sizes:
        check(model, executable, inputs_for(minilm, *size))


@pytest.mark.parametrize("driver", ["lavapipe", "swiftshader"])
def test_largest_size(
    driver: str,
    minilm: object,
    model: torch.nn.Module,
    compiled: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executable = load(compiled("all", "largest"), driver, monkeypatch)
    check(model, executable, inputs_for(minilm, *LARGEST))


def test_same_input_same_bytes(
    minilm: object, compiled: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = inputs_for(minilm, 2, 17)
    results = [
        tapml.load(compiled("host", "largest"), threads=threads)(**inputs)["last_hidden_state"] for threads in (1, 2, 5)
    ]
    assert all(torch.equal(results[0], other) for other in results[1:])
