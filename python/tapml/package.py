# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes captured models: the ``.tapml`` directory.

graph.mlir              the graph; weights by name
weights.safetensors     every weight once
samples/0.safetensors   "input.<name>" and "output.<name>", as the source computed them
capture.json            where everything came from
records/                what every operator got and gave, if that was recorded (tapml.records)
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from tapml._record.carry import carry_records
from tapml.errors import TapMLError

VERSION = 1
GRAPH_FILE = "graph.mlir"
WEIGHTS_FILE = "weights.safetensors"
RECORD_FILE = "capture.json"
SAMPLES_DIRECTORY = "samples"


def is_package(path: Path) -> bool:
    """Returns whether ``path`` is a captured model, of whatever version."""
    try:
        record = json.loads((path / RECORD_FILE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and "version" in record and (path / GRAPH_FILE).is_file()


@contextmanager
def new_package(path: Path) -> Iterator[Path]:
    """Yields an empty directory that becomes ``path`` at the end, or disappears if there was an error.

    An older captured model at ``path`` is replaced; anything else there is a TapMLError.
    """
    if path.exists() and not is_package(path):
        raise TapMLError(f"'{path}' exists and is not a captured model; remove it or choose another name")
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
    except OSError as error:
        raise TapMLError(f"cannot write '{path}': {error.strerror}") from error
    try:
        content = scratch / "new"
        content.mkdir()
        yield content
        replaced = path.exists()
        if replaced:
            os.rename(path, scratch / "old")
        try:
            os.rename(content, path)
        except OSError:
            if replaced:
                os.rename(scratch / "old", path)
            raise
    except OSError as error:
        raise TapMLError(f"cannot write '{path}': {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_package(
    path: Path,
    text: str,
    weights: Mapping[str, torch.Tensor],
    samples: Sequence[dict[str, torch.Tensor]],
    record: Mapping[str, Any],
    keep_records: bool = False,
) -> None:
    """Writes a captured model to the directory ``path``, completely or not at all.

    ``record`` is what capture.json says beside version, samples and weights. With ``keep_records`` records of an older
    model at ``path`` are kept as far as they are those of this one. Raises TapMLError when ``path`` cannot be
    written or is something else.
    """
    with new_package(path) as content:
        (content / GRAPH_FILE).write_text(text)
        weights_file = content / WEIGHTS_FILE
        _save({name: tensor.contiguous() for name, tensor in weights.items()}, weights_file)
        (content / SAMPLES_DIRECTORY).mkdir()
        for number, sample in enumerate(samples):
            _save(sample, content / SAMPLES_DIRECTORY / f"{number}.safetensors")
        full = {
            "version": VERSION,
            **record,
            "samples": len(samples),
            "weights": {
                "file": WEIGHTS_FILE,
                "bytes": weights_file.stat().st_size,
                "sha256": _sha256(weights_file),
            },
        }
        if keep_records and path.exists():
            carry_records(path, content, record["source"])
        (content / RECORD_FILE).write_text(json.dumps(full, indent=1) + "\n")


def _save(tensors: Mapping[str, torch.Tensor], file: Path) -> None:
    # Tensors that overlap in memory are written out in full.
    seen: set[int] = set()
    separate: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        pointer = tensor.untyped_storage().data_ptr()
        separate[name] = tensor.clone() if pointer in seen else tensor
        seen.add(pointer)
    try:
        save_file(separate, str(file))
    except SafetensorError as error:
        raise OSError(str(error)) from error


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
