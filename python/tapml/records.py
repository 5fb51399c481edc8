# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The records of a captured model: what every operator got and gave. Needs NumPy, but not PyTorch.

records/records.json     what is recorded, of which graph and weights; written anew after each sample
records/sample-N.jsonl   one line per visit of an operator, in the order of execution
records/data/ab/abc...   every distinct tensor once: its elements in order, little-endian, named by their SHA-256
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

VERSION = 1
DIRECTORY = "records"
INDEX_FILE = "records.json"
DATA_DIRECTORY = "data"

#: The files that records belong to, and the key of their SHA-256 in the index.
RECORDED_FILES = {"graph.mlir": "graph_sha256", "weights.safetensors": "weights_sha256"}

#: The element types of records, as MLIR and NumPy call them.
ELEMENT_TYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i32": "<i4", "i64": "<i8", "i1": "|b1"}

#: What a visit says of one value: see docs/Recording.md.
Reference = Mapping[str, Any]


def content_path(data: str | os.PathLike[str], digest: str) -> str:
    """Returns the file of a tensor in the directory ``data``."""
    return os.path.join(data, digest[:2], digest)


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
        self.data = self.directory / DATA_DIRECTORY
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
        file = Path(content_path(self.data, reference["data"]))
        content = _read(file)
        dtype, shape = np.dtype(ELEMENT_TYPES[reference["type"]]), reference["shape"]
        expected = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        if len(content) != expected:
            raise RecordsError(
                f"'{file}' is damaged: {len(content)} bytes, expected {expected}; record the model again"
            )
        if hashlib.sha256(content).hexdigest() != reference["data"]:
            raise RecordsError(f"'{file}' is damaged: its content does not have its name; record the model again")
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
        raise RecordsError(f"'{file}' has version {version}, and this TapML reads version {VERSION}; record it again")
    missing = {"graph_sha256", "weights_sha256", "complete", "samples", "operators"} - index.keys()
    if missing:
        raise RecordsError(f"'{file}' is damaged: it lacks '{min(missing)}'; record the model again")
    return index


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordsError(f"cannot read '{file}': {error.strerror}; record the model again") from error
