# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parts of pages in docs/ that tests write: what is between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _split(page: str, name: str) -> tuple[str, str, str]:
    """Returns a page's text before a part, the part, and the text after it; the marks stay outside."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, rest = (DOCS / page).read_text().split(begin)
    part, after = rest.split(end)
    return before + begin, part, end + after


def read_part(page: str, name: str) -> str:
    return _split(page, name)[1]


def write_part(page: str, name: str, text: str) -> None:
    before, _, after = _split(page, name)
    (DOCS / page).write_text(before + text + after)


def read_rows(page: str, name: str) -> list[list[str]]:
    """Returns the cells of a part's table, the head first, without code marks."""
    lines = [line for line in read_part(page, name).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").replace("`", "").split(" | ")] for line in lines]
    return rows[:1] + rows[2:]


def make_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |\n" for cells in (head, *rows)]
    return "".join([lines[0], "|---" * len(head) + "|\n", *lines[1:]])
