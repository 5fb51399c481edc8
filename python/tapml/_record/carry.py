# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Takes what is recorded already into a model that replaces another, so that an interrupted recording goes on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tapml.errors import RecordsError
from tapml.records import (
    DIRECTORY,
    INDEX_FILE,
    RECORDED_FILES,
    Records,
    Visit,
    file_digest,
    sample_files,
)


def write_atomically(file: Path, content: bytes) -> str:
    """Writes a file completely or not at all; returns its SHA-256."""
    scratch = file.with_name(f".{file.name}.new")
    try:
        scratch.write_bytes(content)
        os.replace(scratch, file)
    except BaseException:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()


def carry_records(old: Path, new: Path, framework: Mapping[str, str]) -> None:
    """Links the records of ``old`` that are those of ``new`` into it: same graph, weights and framework, same samples.

    Only samples that are intact, to the last tensor, are taken. Raises OSError when ``new`` cannot be written.
    """
    try:
        records = Records(old)
    except RecordsError:
        return
    changed = any(file_digest(new / file) != records.index[key] for file, key in RECORDED_FILES.items())
    if changed or records.index.get("source") != framework:
        return
    entries = {entry["sample_sha256"]: entry for entry in records.index["samples"]}
    (new / DIRECTORY).mkdir()
    taken: list[dict[str, Any]] = []
    recorded: Counter[str] = Counter()
    used: set[str] = set()
    checked: set[tuple[str, str, int]] = set()
    for number, file in enumerate(sample_files(new)):
        entry = entries.get(file_digest(file))
        visits = None if entry is None else _intact_visits(records, entry["sample"], checked)
        if entry is None or visits is None:
            continue
        used |= {reference["file"] for visit in visits for reference in visit.tensors()}
        name = f"sample-{number}.jsonl"
        _link(records.directory / entry["file"], new / DIRECTORY / name)
        taken.append({**entry, "sample": number, "file": name})
        recorded.update(visit.operator for visit in visits)
    # A data file stays whole as long as one of its tensors is in use, whatever sample brought that.
    data = [entry for entry in records.index["data"] if entry["file"] in used]
    for entry in data:
        _link(records.directory / entry["file"], new / DIRECTORY / entry["file"])
    operators = [
        {**entry, "visits": len(taken), "recorded": recorded[entry["operator"]]} for entry in records.operators
    ]
    index = {**records.index, "complete": False, "data": data, "samples": taken, "operators": operators}
    write_atomically(new / DIRECTORY / INDEX_FILE, json.dumps(index).encode())


def _intact_visits(records: Records, sample: int, checked: set[tuple[str, str, int]]) -> list[Visit] | None:
    """Returns the visits of a sample, or None if anything of it is damaged; ``checked`` are tensors that are not."""
    try:
        visits = list(records.visits(sample))
        for visit in visits:
            for reference in visit.tensors():
                place = reference["data"], reference["file"], reference["offset"]
                if place not in checked:
                    records.tensor(reference)
                    checked.add(place)
    except RecordsError:
        return None
    return visits


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # Not every file system has links.
        shutil.copyfile(source, target)
