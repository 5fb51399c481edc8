# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The records of a captured model: what every operator got and gave. Needs NumPy, but not PyTorch.

records/records.json     what is recorded, of which graph and weights; written anew after each sample
records/sample-N.jsonl   one line per visit of an operator, in the order of execution
records/data-N.bin       tensors one after the other, every distinct one once: its elements in order, little-endian
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tapml.errors import RecordsError

VERSION = 2
DIRECTORY = "records"
INDEX_FILE = "records.json"

#: Every tensor begins at a multiple of this in its data file, so that it can be used where the file is mapped.
ALIGNMENT = 64

#: The files that records belong to, and the key of their SHA-256 in the index.
RECORDED_FILES = {"graph.mlir": "graph_sha256", "weights.safetensors": "weights_sha256"}

#: The element types of records, as MLIR and NumPy call them.
ELEMENT_TYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i32": "<i4", "i64": "<i8", "i1": "|b1"}

#: What the index must hold: a type, or for a list or an object what is in it.
INDEX_FORM: dict[str, Any] = {
    "graph_sha256": str,
    "weights_sha256": str,
    "complete": bool,
    "data": [{"file": str, "bytes": int}],
    "samples": [{"sample": int, "file": str, "sha256": str, "sample_sha256": str, "visits": int}],
    "operators": [{"operator": str, "instances": [str], "op": str, "visits": int, "recorded": int}],
}

#: What a visit says of one value: see docs/Recording.md.
Reference = Mapping[str, Any]


def file_digest(file: Path) -> str:
    """Returns the SHA-256 of a file; raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sample_files(package: Path) -> list[Path]:
    """Returns the files of the samples of a captured model, in order."""
    return sorted((package / "samples").glob("*.safetensors"), key=lambda file: int(file.stem))


@dataclass(frozen=True)
class Visit:
    """One execution of an operator. ``oracle`` has None for results without one."""

    operator: str
    visit: int
    operands: list[Reference]
    results: list[Reference]
    oracle: list[Reference | None]

    def tensors(self) -> Iterator[Reference]:
        """Yields the references that have data."""
        for reference in (*self.operands, *self.results, *self.oracle):
            if reference is not None and "data" in reference:
                yield reference


class Records:
    """The records of the captured model at ``package``.

    Everything is checked as it is read: RecordsError for records of another version, of a graph or weights that changed
    since, and for files that are missing, shorter or different from what was written.
    """

    def __init__(self, package: str | Path) -> None:
        self.package = Path(package)
        self.directory = self.package / DIRECTORY
        self.index = _read_index(self.directory / INDEX_FILE)
        self._data_sizes = {entry["file"]: entry["bytes"] for entry in self.index["data"]}
        for file, key in RECORDED_FILES.items():
            try:
                digest = file_digest(self.package / file)
            except OSError as error:
                raise RecordsError(f"cannot read '{self.package / file}': {error.strerror}") from error
            if digest != self.index[key]:
                raise RecordsError(f"'{self.package / file}' changed since it was recorded; record the model again")

    @property
    def complete(self) -> bool:
        """Whether every sample is recorded."""
        return bool(self.index["complete"])

    @property
    def samples(self) -> list[int]:
        """The numbers of the samples that are recorded."""
        return [entry["sample"] for entry in self.index["samples"]]

    @property
    def operators(self) -> list[dict[str, Any]]:
        """Every operator of the source with what is recorded of it."""
        return self.index["operators"]

    def visits(self, sample: int) -> Iterator[Visit]:
        """Yields the visits of one sample in the order of execution."""
        entry = next((entry for entry in self.index["samples"] if entry["sample"] == sample), None)
        if entry is None:
            raise RecordsError(f"sample {sample} of '{self.package}' is not recorded")
        file = self.directory / entry["file"]
        content = _read(file)
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise RecordsError(f"'{file}' is damaged: it is not what was recorded; record the model again")
        for line in content.splitlines():
            yield Visit(**json.loads(line))

    def tensor(self, reference: Reference) -> np.ndarray:
        """Returns the tensor behind a reference that has data; read-only."""
        name, offset, digest = reference["file"], reference["offset"], reference["data"]
        file = self.directory / name
        dtype, shape = np.dtype(ELEMENT_TYPES[reference["type"]]), reference["shape"]
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        where = f"{size} bytes at {offset}"
        if name not in self._data_sizes:
            raise RecordsError(f"'{file}' is not in '{self.directory / INDEX_FILE}'; record the model again")
        if offset % ALIGNMENT or not 0 <= offset <= self._data_sizes[name] - size:
            raise RecordsError(f"'{file}' cannot have a tensor of {where}; record the model again")
        content = _read_part(file, self._data_sizes[name], offset, size)
        if hashlib.sha256(content).hexdigest() != digest:
            raise RecordsError(f"'{file}' is damaged: the {where} are not those recorded; record the model again")
        return np.frombuffer(content, dtype).reshape(shape)


def _read_index(file: Path) -> dict[str, Any]:
    try:
        index = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise RecordsError(f"'{file.parent.parent}' has no records; capture it with --record") from error
    except OSError as error:
        raise RecordsError(f"cannot read '{file}': {error.strerror}") from error
    except ValueError as error:
        raise RecordsError(f"'{file}' is damaged: {error}; record the model again") from error
    version = index.get("version") if isinstance(index, dict) else None
    if version != VERSION:
        raise RecordsError(
            f"'{file}' has version {version}, and this TapML reads version {VERSION}; record the model again"
        )
    wrong = _find_misfit(index, INDEX_FORM, "")
    if wrong is not None:
        raise RecordsError(f"'{file}' is damaged: {wrong}; record the model again")
    return index


def _find_misfit(value: Any, form: Any, where: str) -> str | None:
    """Returns what in ``value``, found at ``where``, is not of a form; None if all is."""
    kind = form if isinstance(form, type) else type(form)
    # A bool is an int to Python.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"'{where}' is not {_KINDS[kind]}"
    parts: list[tuple[Any, Any, str]] = []
    if kind is list:
        parts = [(entry, form[0], f"{where}[{i}]") for i, entry in enumerate(value)]
    if kind is dict:
        places = {key: f"{where}.{key}".lstrip(".") for key in form}
        missing = next((place for key, place in places.items() if key not in value), None)
        if missing is not None:
            return f"it lacks '{missing}'"
        parts = [(value[key], inner, places[key]) for key, inner in form.items()]
    return next((wrong for part in parts if (wrong := _find_misfit(*part)) is not None), None)


_KINDS = {str: "a string", bool: "true or false", int: "a whole number", list: "a list", dict: "an object"}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordsError(f"cannot read '{file}': {error.strerror}; record the model again") from error


def _read_part(file: Path, total: int, offset: int, size: int) -> bytes:
    """Returns a part of a file that must be ``total`` bytes long."""
    try:
        with file.open("rb") as stream:
            actual = os.fstat(stream.fileno()).st_size
            if actual != total:
                raise RecordsError(f"'{file}' is damaged: {actual} bytes, expected {total}; record the model again")
            stream.seek(offset)
            return stream.read(size)
    except OSError as error:
        raise RecordsError(f"cannot read '{file}': {error.strerror}; record the model again") from error
