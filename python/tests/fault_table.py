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

import generated_table
from fault_cases import CASES, Case

PAGE, NAME = "Faults.md", "faults"
HEAD = ("fault", "planted", "what it imitates", "model", "operator", "class", "seconds", "steps")
Verdict = tuple[str, str, str, str, str, str]


def get_verdict(case: Case) -> Verdict:
    """What the table says of a case, but for the numbers of one run."""
    return (case.name, case.point or "at the driver", case.imitates, case.model, case.instance, case.kind)


def note(results: Path, case: Case, state: dict[str, Any]) -> None:
    """Keeps what was found in a migration."""
    results.mkdir(parents=True, exist_ok=True)
    fault = state["faults"][0]
    numbers = {"instance": fault["instance"], "class": fault["class"], "seconds": fault["seconds"]}
    (results / f"{case.name}.json").write_text(json.dumps(numbers | {"steps": len(state["steps"])}))


def read_verdicts() -> list[Verdict]:
    """Returns the rows of the page's table without their numbers."""
    return [tuple(row[:6]) for row in generated_table.read_rows(PAGE, NAME)[1:]]


def make_row(case: Case, results: Path) -> list[str]:
    found = json.loads((results / f"{case.name}.json").read_text())
    name, point, imitates, model, _, _ = get_verdict(case)
    place = f"`{point}`" if case.point else point
    numbers = [f"{found['seconds']:.1f}", str(found["steps"])]
    return [name, place, imitates, model, f"`{found['instance']}`", found["class"], *numbers]


def update(results: Path) -> None:
    """Writes the table; fails if there is a case without a result."""
    rows = [make_row(case, results) for case in CASES]
    generated_table.write_part(PAGE, NAME, generated_table.make_table(HEAD, rows))


if __name__ == "__main__":
    update(Path(sys.argv[1]))
