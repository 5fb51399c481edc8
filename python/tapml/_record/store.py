# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The data files of a record: every distinct tensor once, known by the SHA-256 of its bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from tapml._record.statistics import Statistics
from tapml.records import ALIGNMENT

# Elements are read in pieces that a processor's cache holds. Where a view has gaps they are copied, in larger ones.
_PIECE = 1 << 18
_COPY = 1 << 24
# What may wait to be written, and what is handed to the writer at once, in bytes.
_QUEUE = 1 << 26
_BATCH = 1 << 20


_NUMPY_TYPES = {
    torch.float16: np.dtype(np.float16),
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
    torch.int32: np.dtype(np.int32),
    torch.int64: np.dtype(np.int64),
    torch.bool: np.dtype(np.bool_),
}


@dataclass(slots=True)
class Content:
    """What a tensor holds: the SHA-256 of its elements in order, where they are, and their range as JSON."""

    digest: str
    file: str
    offset: int
    statistics: str


@dataclass(frozen=True)
class DataFile:
    """A data file that is complete, and its size in bytes."""

    name: str
    size: int


class Store:
    """Writes tensors to data files in ``directory``: what is put between ``begin`` and ``commit`` to one of its own.

    ``files`` are there already, and ``known`` says where their tensors are: file and offset by the digest. All other
    data files are removed. A data file has a scratch name until ``complete``, and ``take_back`` removes it. A thread
    does the writing; what it has not written yet is bounded. Errors of the disk are raised as they are, possibly later.
    """

    def __init__(
        self, directory: Path, files: Iterable[DataFile] = (), known: dict[bytes, tuple[str, int]] | None = None
    ) -> None:
        self._directory = directory
        self.files = list(files)
        names = {file.name for file in self.files}
        for left in directory.glob("data-*.bin*"):  # By a run that was killed.
            if left.name not in names:
                left.unlink()
        self._known = {} if known is None else known
        # Those that can be taken back.
        self._added: dict[bytes, tuple[str, int]] = {}
        self._name = ""
        self._size = 0
        self._stream: BinaryIO | None = None
        self._writer = ThreadPoolExecutor(1, "tapml-records")
        self._queue: deque[tuple[Future[None], int]] = deque()
        self._queued = 0
        # Waking the writer costs more than writing a small tensor: it gets several at once. Each has the bytes that
        # go before it.
        self._batch: list[tuple[int, torch.Tensor]] = []
        self._batched = 0

    def begin(self) -> None:
        """Begins a new data file."""
        names = {file.name for file in self.files}
        number = len(names)
        while f"data-{number}.bin" in names:
            number += 1
        self._name, self._size = f"data-{number}.bin", 0
        self._added = {}

    def complete(self) -> list[DataFile]:
        """Waits until everything is written, and gives the file its name; returns all data files."""
        while self._queue:
            self._wait_for_first()
        if not self._added:
            return self.files
        # The writer has nothing to do: what is left is sooner written here.
        batch, self._batch, self._batched = self._batch, [], 0
        stream = self._open()
        _write_all(stream, batch)
        stream.close()
        os.replace(self._scratch, self._directory / self._name)
        return [*self.files, DataFile(self._name, self._size)]

    def commit(self, files: list[DataFile]) -> None:
        """Keeps what was put, for good; ``files`` is what ``complete`` returned."""
        self._known |= self._added
        self.files, self._added, self._stream = files, {}, None

    def take_back(self) -> None:
        """Removes what was put since ``begin``, unless it is kept for good."""
        self._batch, self._batched = [], 0
        # An interrupt can fall between handing over a write and noting it: what the writer has, it does in order.
        self._writer.submit(lambda: None).result()
        while self._queue:
            with contextlib.suppress(OSError):
                self._wait_for_first()
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
        if self._added:
            for file in (self._scratch, self._directory / self._name):
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)
        self._added, self._stream = {}, None

    def put(self, tensor: torch.Tensor) -> Content:
        """Stores the elements that ``tensor`` shows, in order, unless they are there already."""
        if tensor.requires_grad or not tensor.is_cpu:
            tensor = tensor.detach().cpu()
        if not tensor.is_contiguous() and tensor.nbytes <= _COPY:
            tensor = tensor.contiguous()
        digest = hashlib.sha256()
        statistics = Statistics(_NUMPY_TYPES[tensor.dtype])
        for part in _parts(tensor):
            for piece in _pieces(part):
                digest.update(piece.data)
                statistics.add(piece)
        key = digest.digest()
        place = self._known.get(key) or self._added.get(key)
        if place is None:
            padding = -self._size % ALIGNMENT
            place = self._name, self._size + padding
            self._added[key] = place
            self._size = place[1] + tensor.nbytes
            self._enqueue(padding, tensor)
        return Content(key.hex(), *place, statistics.json())

    @property
    def _scratch(self) -> Path:
        return self._directory / f"{self._name}.new"

    def _open(self) -> BinaryIO:
        if self._stream is None:
            self._stream = self._scratch.open("wb", buffering=_BATCH)
        return self._stream

    def _enqueue(self, padding: int, tensor: torch.Tensor) -> None:
        self._batch.append((padding, tensor))
        self._batched += tensor.untyped_storage().nbytes()
        if self._batched >= _BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        """Gives the batch to the writer, and waits where that has too much to write."""
        stream = self._open()
        batch, size = self._batch, self._batched
        self._batch, self._batched = [], 0
        self._queue.append((self._writer.submit(_write_all, stream, batch), size))
        self._queued += size
        while self._queue and (self._queued > _QUEUE or self._queue[0][0].done()):
            self._wait_for_first()

    def _wait_for_first(self) -> None:
        written, size = self._queue[0]
        try:
            written.result()
        finally:
            if written.done():
                self._queue.popleft()
                self._queued -= size


def _write_all(stream: BinaryIO, batch: list[tuple[int, torch.Tensor]]) -> None:
    for padding, tensor in batch:
        stream.write(bytes(padding))
        for part in _parts(tensor):
            stream.write(part.data)


def _parts(tensor: torch.Tensor) -> Iterator[np.ndarray]:
    """Yields the elements in order, as arrays of rank 1: without a copy, or with copies of bounded size."""
    if tensor.is_contiguous():
        if tensor.numel():
            yield tensor.numpy().reshape(-1)
    elif tensor.nbytes <= _COPY:
        yield tensor.contiguous().view(-1).numpy()
    else:
        rows = _COPY // (tensor.nbytes // tensor.shape[0])
        for part in tensor.split(rows) if rows else tensor.unbind(0):
            yield from _parts(part)


def _pieces(array: np.ndarray) -> Iterator[np.ndarray]:
    if array.nbytes <= _PIECE:
        yield array
        return
    step = _PIECE // array.itemsize
    for start in range(0, array.size, step):
        yield array[start : start + step]
