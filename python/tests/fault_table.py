# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of faults in docs/Faults.md.

``python fault_table.py RESULTS`` writes it from what ``pytest test_faults.py --update-faults=RESULTS`` left in the
directory RESULTS.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fault_cases import CASES, Case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "Faults.md"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
HEAD = "| fault | planted | what it imitates | model | operator | class | seconds | steps |\n"
Verdict = tuple[str, str, str, str, str, str]


def get_verdict(case: Case) -> Verdict:
    """What the table says of a case, but for the numbers of one run."""
    return (case.name, case.point or "at the driver", case.imitates, case.model, case.instance, case.kind)


def note(results: Path, case: Case, state: dict[str, Any]) -> None:
    """Keeps what was found in a migration."""
    results.mkdir(parents=True, exist_ok=True)
    fault = state["faults"][0]
    numbers = {"instance": fault["instance"], "class": fault["class"], "seconds": state["seconds"]}
    (results / f"{case.name}.json").write_text(json.dumps(numbers | {"steps": len(state["steps"])}))


def read_verdicts() -> list[Verdict]:
    """Returns the rows of the page's table without their numbers."""
    _, table = PAGE.read_text().split(BEGIN)
    rows = table.split(END)[0].splitlines()[2:]
    return [tuple(row.strip("| ").replace("`", "").split(" | ")[:6]) for row in rows]


def make_row(case: Case, results: Path) -> str:
    found = json.loads((results / f"{case.name}.json").read_text())
    name, point, imitates, model, _, _ = get_verdict(case)
    place = f"`{point}`" if case.point else point
    verdict = f"`{found['instance']}` | {found['class']}"
    return f"| {name} | {place} | {imitates} | {model} | {verdict} | {found['seconds']:.1f} | {found['steps']} |\n"


def update(results: Path) -> None:
    """Writes the table; fails if there is a case without a result."""
    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    rows = "".join(make_row(case, results) for case in CASES)
    PAGE.write_text(before + BEGIN + HEAD + "|---|---|---|---|---|---|---|---|\n" + rows + END + after)


if __name__ == "__main__":
    update(Path(sys.argv[1]))
