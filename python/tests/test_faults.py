# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Faults that are planted in small models: a migration names the operator and the class of each.

``--update-faults`` writes the table of docs/Faults.md from what the migrations found.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tapml.records import file_digest

import fault_cases
import fault_table
from fault_cases import CASES, Case
from fault_models import MODELS

pytestmark = pytest.mark.needs("tapml", "lavapipe")

#: A model and a seed for each clean migration, small ones first. Those beyond the first three run with --long.
CLEAN = [(list(reversed(MODELS))[number % len(MODELS)], number) for number in range(20)]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Captures each model once."""
    directory = tmp_path_factory.mktemp("faults")
    made: dict[tuple[str, int], Path] = {}

    def get(model: str, seed: int = 0) -> Path:
        if (model, seed) not in made:
            made[model, seed] = fault_cases.make_package(model, directory, seed)
        return made[model, seed]

    return get


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fault(case: Case, package: Callable[..., Path], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    # The verdict comes first. That all else moves afterwards takes longer: without --long for one fault of each class.
    everything = request.config.getoption("--long") or request.config.getoption("--update-faults")
    whole = everything or case is next(other for other in CASES if other.kind == case.kind)
    state = fault_cases.run_case(case, package(case.model), tmp_path / "migration", keep_going=bool(whole))
    verdicts = fault_cases.get_verdicts(state)
    assert verdicts == [(case.instance, case.kind)], [fault["sentence"] for fault in state["faults"]] or state["errors"]
    if case.kind in ("together", "fused"):
        # The operators of the set, without the model.
        assert fault_cases.fails_by_itself(case, state["faults"][0]["test"])
    if whole:
        # With --keep-going a fault is no reason to stop: all else has moved.
        assert state["phase"] == "done"
    else:
        assert state["status"] == 1
        assert f"fails at {case.instance}" in state["errors"]
    results = request.config.getoption("--update-faults")
    if results:
        fault_table.note(Path(results), case, state)


def test_elsewhere_without_records(tmp_path: Path) -> None:
    """Where there are no tests to carve, the running model shows where its operators run."""
    case = next(case for case in CASES if case.kind == "elsewhere")
    package = fault_cases.make_package(case.model, tmp_path, record=False)
    state = fault_cases.run_case(case, package, tmp_path / "migration")
    assert fault_cases.get_verdicts(state) == [(case.instance, case.kind)]
    assert state["faults"][0]["sentence"] == "layer_norm ran on host; the plan has it on vulkan"
    assert state["phase"] == "done"


def test_set_needs_model(tmp_path: Path) -> None:
    """A set that is right without the rest of the model: its test is not kept, and the verdict says why."""
    case = next(case for case in CASES if case.name == "shared-executable")
    library, hook = fault_cases.get_plant(case)
    package = fault_cases.make_package(case.model, tmp_path)
    options = (library, hook.replace("}", " least=3}"))
    state = fault_cases.migrate(package, tmp_path / "migration", case.driver, options)
    assert fault_cases.get_verdicts(state) == [(case.instance, case.kind)]
    (fault,) = state["faults"]
    assert fault["sentence"].endswith("; there is no test of the set: without the rest of the model it passes")
    assert not fault["test"]
    assert list((tmp_path / "migration" / "reduced").iterdir()) == []


def test_set_without_records(tmp_path: Path) -> None:
    """A set of a model that was not recorded has no test."""
    case = next(case for case in CASES if case.name == "shared-executable")
    package = fault_cases.make_package(case.model, tmp_path, record=False)
    state = fault_cases.run_case(case, package, tmp_path / "migration")
    assert fault_cases.get_verdicts(state) == [(case.instance, case.kind)]
    assert not state["faults"][0]["test"]
    assert not (tmp_path / "migration" / "reduced").exists()


def test_set_with_unrecorded(tmp_path: Path) -> None:
    """A set with an operator that could not be recorded has no test, and the verdict says which operator it was."""
    case = next(case for case in CASES if case.name == "shared-executable")
    package = fault_cases.make_package(case.model, tmp_path)
    forget(package / "records", case.instance)
    state = fault_cases.run_case(case, package, tmp_path / "migration")
    assert fault_cases.get_verdicts(state) == [(case.instance, case.kind)]
    (fault,) = state["faults"]
    assert fault["sentence"].endswith(f"; there is no test of the set: {case.instance} was not recorded")
    assert not fault["test"]
    assert not (tmp_path / "migration" / "reduced").exists()


def forget(records: Path, instance: str) -> None:
    """Makes records as they are where an operator of the framework could not be recorded."""
    index = json.loads((records / "records.json").read_text())
    (entry,) = (entry for entry in index["operators"] if entry["instances"] == [instance])
    entry |= {"recorded": 0, "why": "complex numbers are not recorded"}
    for sample in index["samples"]:
        file = records / sample["file"]
        lines = file.read_text().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["operator"] != entry["operator"]]
        assert len(kept) < len(lines)
        file.write_text("".join(kept))
        sample |= {"sha256": file_digest(file), "visits": len(kept)}
    (records / "records.json").write_text(json.dumps(index))


@pytest.mark.parametrize("fault", ["shared-executable", "composition"])
def test_killed_at_set(fault: str, tmp_path: Path) -> None:
    """Killed while the test of a set is made, a migration makes it when it goes on, and finds nothing twice."""
    case = next(case for case in CASES if case.name == fault)
    package, output = fault_cases.make_package(case.model, tmp_path), tmp_path / "migration"
    fault_cases.start_and_kill(case, package, output, output / "reduced")
    state = fault_cases.run_case(case, package, output)
    assert fault_cases.get_verdicts(state) == [(case.instance, case.kind)]
    assert state["phase"] == "done"
    assert fault_cases.fails_by_itself(case, state["faults"][0]["test"])


def test_table() -> None:
    """docs/Faults.md says of each fault what the tests above ask for."""
    assert fault_table.read_verdicts() == [fault_table.get_verdict(case) for case in CASES]


@pytest.mark.parametrize(
    "driver", [pytest.param(driver, marks=pytest.mark.needs(driver)) for driver in ("lavapipe", "swiftshader")]
)
@pytest.mark.parametrize(
    ("model", "seed"),
    [
        pytest.param(*clean, marks=[pytest.mark.long("more of the same")] if number >= 3 else [])
        for number, clean in enumerate(CLEAN)
    ],
)
def test_clean(driver: str, model: str, seed: int, package: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing is said about models that have no fault."""
    state = fault_cases.migrate(package(model, seed), tmp_path / "migration", driver)
    assert not state["faults"], [fault["sentence"] for fault in state["faults"]]
    assert state["status"] == 0, state["errors"]
    assert state["phase"] == "done"
    assert state["fused"]
    assert all(step["passes"] for step in state["steps"])


@pytest.mark.long("takes minutes each: MiniLM is migrated to the end")
@pytest.mark.parametrize(
    ("fault", "instance", "kind"),
    [
        ("gelu-form", "encoder.layer.3.intermediate.intermediate_act_fn", "alone"),
        ("no-scale", "encoder.layer.5.attention.self.sdpa", "alone"),
        ("wrong-epsilon", "encoder.layer.2.output.LayerNorm", "alone"),
    ],
)
def test_minilm(fault: str, instance: str, kind: str, minilm: ModuleType, tmp_path: Path) -> None:
    samples = [minilm.tokenize(minilm.SENTENCES[:2]), minilm.tokenize(minilm.SENTENCES[2:3])]
    captured = fault_cases.tapml.capture(minilm.model(), samples, minilm.dynamic_shapes, name="minilm")
    path = captured.save(tmp_path / "minilm.tapml", record=True)
    case = Case(fault, "minilm", instance, kind, fault_cases.OPERATORS, "")
    state = fault_cases.run_case(case, path, tmp_path / "migration", timeout=900)
    assert [(found["instance"], found["class"]) for found in state["faults"]] == [(instance, kind)]
    assert json.loads((tmp_path / "migration" / "plan.json").read_text())["rules"]
