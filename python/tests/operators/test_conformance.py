# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operators in a browser, and the table of what every executor gives (docs/Conformance.md)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tapml import browser, testing

import conformance
import generated_table
import wgsl_model
from cases import CASES, FIRST_CASES, SIZES, Case
from conformance import COLUMNS
from oracle import captured, estimate

pytestmark = pytest.mark.needs("_numerics")


def export(case: Case, directory: Path) -> list[dict[str, str]]:
    """Writes a case for the page, at all sizes: what can be for WebGPU, the rest on the host."""
    own = directory / case.name
    own.mkdir()
    model = captured(case.name)
    operators = {operator.mnemonic for operator in model.graph.operators} - conformance.get_i64_operators(case)
    model.save(own / "case.tapml")
    model.compile(target="webgpu", plan=testing.plan_for(sorted(operators), "webgpu"), output=own / "case.tapx")
    tests = []
    for m, n in SIZES:
        inputs = case.sample(m, n)
        expected = estimate(case, inputs, COLUMNS["chromium"].profile)
        named = zip(model.graph.inputs, inputs, strict=True)
        tensors = {f"input.{port.name}": tensor.contiguous().numpy() for port, tensor in named}
        tensors["expect.output"] = np.asarray(expected.values, order="C")
        if expected.bounds is not None:
            tensors["bound.output"] = np.asarray(expected.bounds, order="C")
        save_file(tensors, own / f"{m}x{n}.safetensors")
        files = {"executable": f"{case.name}/case.tapx", "data": f"{case.name}/{m}x{n}.safetensors"}
        tests.append({"name": case.name, "operator": case.operator, **files})
    return tests


@pytest.mark.needs("tapml", "chromium")
def test_operators_in_chromium(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All in one browser: it takes longer to start than to run them."""
    results = request.config.getoption("--update-conformance")
    column = COLUMNS["chromium"]
    reasons = {
        case.name: conformance.why_not(case, column)
        for case in (CASES if results or request.config.getoption("--long") else FIRST_CASES)
    }
    cases = [case for case in CASES if reasons.get(case.name, "") in (None, conformance.NO_HOST_CODE)]
    wgsl_model.write_tests(tmp_path, [test for case in cases for test in export(case, tmp_path)])
    shares = {case.name: 0.0 for case in cases}
    wrong = []
    for report in browser.run(tmp_path):
        if reasons[report.name] == conformance.NO_HOST_CODE:
            assert report.verdict == "error"
            assert "is on the host, and a page has no host code" in report.message
            continue
        if report.verdict != "pass":
            wrong.append(f"{report.name}: {report.message}")
            continue
        shares[report.name] = max(shares[report.name], report.share)
    assert not wrong
    for case in cases:
        if results and reasons[case.name] is None:
            conformance.note(Path(results), "chromium", case, shares[case.name])


def test_every_executor_has_a_column() -> None:
    assert set(COLUMNS) == {*testing.executors(), "chromium"}


def test_every_operator_of_the_dialect_has_a_case() -> None:
    assert set(conformance.get_operators()) == {case.operator for case in CASES}


@pytest.fixture
def table(request: pytest.FixtureRequest) -> list[list[str]]:
    """The table of docs/Conformance.md, the head first."""
    if request.config.getoption("--update-conformance"):
        pytest.skip("the table is written when the tests end")
    return generated_table.read_rows(conformance.PAGE, conformance.NAME)


def test_table(table: list[list[str]]) -> None:
    """It has every operator of the dialect and every executor, and says what its letters mean."""
    assert table[0] == conformance.make_head()
    assert [row[0] for row in table[1:]] == conformance.get_operators()
    legend = generated_table.read_part(conformance.PAGE, conformance.NAME).rpartition("\n\n")[2]
    assert legend == conformance.make_legend()


@pytest.mark.parametrize("operator", conformance.get_operators())
def test_row(operator: str, table: list[list[str]]) -> None:
    """It has the cases of the operator: no share above 1, and a reason wherever one does not run."""
    (row,) = (row for row in table[1:] if row[0] == operator)
    for cell in row[2:]:
        assert cell, "an empty cell without a reason"
        number = re.match(r"[0-9.]+|inf|nan", cell)
        assert number is None or 0 <= float(number.group()) <= 1
    shares = [re.sub(r"^[0-9.]+(?=$| )", "share", cell) for cell in row[2:]]
    assert [*row[:2], *shares] == conformance.make_row(operator, None)
