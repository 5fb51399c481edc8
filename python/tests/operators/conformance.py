# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which case of an operator runs on which executor, and the table of docs/Conformance.md.

``pytest operators --update-conformance=RESULTS`` leaves what the tests find in the directory RESULTS and writes the
table from it when they end.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import torch

import generated_table
from cases import CASES, Case
from oracle import captured, estimate

PAGE, NAME = "Conformance.md", "conformance"

#: The profiles without 64-bit integers: what computes them is refused.
WITHOUT_INT64 = {"vulkan", "swiftshader", "webgpu"}


@dataclasses.dataclass(frozen=True)
class Column:
    """An executor of ``tapml.testing``, or the browser: its heading, and the profile that its cases are compiled for.

    Only what has host code runs the operators beside the one that the case is about on the host.
    """

    heading: str
    profile: str
    has_host_code: bool = True


COLUMNS = {
    "host": Column("host", "host"),
    "lavapipe": Column("SPIR-V on lavapipe", "vulkan"),
    "swiftshader": Column("SPIR-V on SwiftShader", "vulkan"),
    "webgpu": Column("WGSL on wgpu-native", "webgpu"),
    "chromium": Column("WGSL in Chromium", "webgpu", has_host_code=False),
    "metal": Column("MSL on the stand-in", "metal"),
}

#: Operators of the dialect that have no row: a constant becomes a part of the kernels that use it.
WITHOUT_ROW = {"constant"}

NO_SPECIALS = "the case has infinities and NaN, which are promised on the host only"
NO_INT64 = "the case computes 64-bit integers, which the profile does not have: it is refused when it is compiled"
NO_HOST_CODE = "an operator beside it computes 64-bit integers on the host, and a page has no host code"
LARGE_ANGLES = "the case has angles above 2^18 pi/2, of which sin and cos are NaN (`tapml-expand-math`)"
#: In the table a letter stands for each.
MARKS = {NO_SPECIALS: "a", NO_INT64: "b", NO_HOST_CODE: "c", LARGE_ANGLES: "d"}


def has_large_angles(case: Case) -> bool:
    return case.name in ("sin_special", "cos_special")


def get_i64_operators(case: Case) -> set[str]:
    """Returns the operators of the case that compute 64-bit integers."""
    operators = captured(case.name).graph.operators
    return {operator.mnemonic for operator in operators if operator.results[0].dtype == torch.int64}


def why_not(case: Case, column: Column) -> str | None:
    """Returns why a case does not run there, or None."""
    if case.special and column.profile != "host":
        return NO_SPECIALS
    if has_large_angles(case):
        return LARGE_ANGLES
    if column.profile not in WITHOUT_INT64:
        return None
    operators = get_i64_operators(case)
    if case.operator in operators:
        return NO_INT64
    return NO_HOST_CODE if operators and not column.has_host_code else None


def is_exact(case: Case, column: Column) -> bool:
    """Returns whether results have to be equal: integers, booleans and what is moved."""
    return estimate(case, case.sample(5, 7), column.profile).bounds is None


def note(results: Path, executor: str, case: Case, share: float) -> None:
    """Keeps the largest share of the bound that a case had."""
    directory = results / executor
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{case.name}.json").write_text(json.dumps({"share": share}))


def get_operators() -> list[str]:
    """Returns the operators of the dialect, as docs/Dialect.md has them, which a test compares with the dialect."""
    text = (generated_table.DOCS / "Dialect.md").read_text()
    sections = re.findall(r"^## Operators: .*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    names = [name for section in sections for name in re.findall(r"^### `tapml\.(\w+)`", section, re.MULTILINE)]
    return [name for name in names if name not in WITHOUT_ROW]


def make_cell(operator: str, name: str, results: Path | None) -> str:
    """Returns a cell: the largest share, "exact" or nothing, and the marks of the cases that do not run.

    Without results "share" stands for a number.
    """
    column = COLUMNS[name]
    reasons = {case: why_not(case, column) for case in CASES if case.operator == operator}
    run = [case for case, reason in reasons.items() if reason is None]
    bounded = [case for case in run if not is_exact(case, column)]
    if bounded and results:
        files = [results / name / f"{case.name}.json" for case in run]
        value = f"{max(json.loads(file.read_text())['share'] for file in files):.3f}"
    else:
        value = "share" if bounded else "exact" if run else ""
    why = "".join(sorted({MARKS[reason] for reason in reasons.values() if reason}))
    return f"{value} ({why})".lstrip() if why else value


def make_head() -> list[str]:
    return ["operator", "cases", *(column.heading for column in COLUMNS.values())]


def make_row(operator: str, results: Path | None) -> list[str]:
    count = sum(case.operator == operator for case in CASES)
    return [operator, str(count), *(make_cell(operator, name, results) for name in COLUMNS)]


def make_legend() -> str:
    return "".join(f"- ({mark}) {reason}\n" for reason, mark in MARKS.items())


def find_missing(results: Path) -> list[str]:
    """Returns the cases that should have run and left no result."""
    return [
        f"{name}: {case.name}"
        for name, column in COLUMNS.items()
        for case in CASES
        if why_not(case, column) is None and not (results / name / f"{case.name}.json").is_file()
    ]


def update(results: Path) -> None:
    """Writes the table."""
    rows = [make_row(operator, results) for operator in get_operators()]
    table = generated_table.make_table(make_head(), [[f"`{row[0]}`", *row[1:]] for row in rows])
    generated_table.write_part(PAGE, NAME, f"{table}\n{make_legend()}")
