# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The content store of a record: every distinct tensor once, in a file named by the SHA-256 of its bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tapml._record.statistics import Statistics
from tapml.records import content_path

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
    """What a tensor holds: the SHA-256 of its elements in order, and their range as JSON."""

    digest: str
    statistics: str


class Store:
    """Writes tensors to the directory ``data`` of a record.

    What is there already must be intact. What is put between ``begin`` and ``flush`` can be taken back. A thread does
    the writing; what it has not written yet is bounded. Errors of the disk are raised as they are, possibly later.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._added: set[str] = set()
        self._writer = ThreadPoolExecutor(1, "tapml-records")
        self._queue: deque[tuple[Future[None], int]] = deque()
        self._queued = 0
        # Waking the writer costs more than writing a small tensor: it gets several at once.
        self._batch: list[tuple[str, torch.Tensor]] = []
        self._batched = 0

    def begin(self) -> None:
        self._added = set()

    def flush(self) -> None:
        """Waits until everything is written."""
        self._hand_over()
        while self._queue:
            self._wait_for_first()

    def take_back(self) -> None:
        """Removes what was put since ``begin``."""
        self._batch, self._batched = [], 0
        # An interrupt can fall between handing over a write and noting it: what the writer has, it does in order.
        self._writer.submit(lambda: None).result()
        while self._queue:
            with contextlib.suppress(OSError):
                self._wait_for_first()
        for digest in self._added:
            with contextlib.suppress(OSError):
                os.unlink(content_path(self._directory, digest))
        self._added = set()

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
        name = digest.hexdigest()
        if name not in self._added and not os.path.exists(content_path(self._directory, name)):
            self._added.add(name)
            self._enqueue(name, tensor)
        return Content(name, statistics.json())

    def _enqueue(self, name: str, tensor: torch.Tensor) -> None:
        self._batch.append((content_path(self._directory, name), tensor))
        self._batched += tensor.untyped_storage().nbytes()
        if self._batched >= _BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        """Gives the batch to the writer, and waits where that has too much to write."""
        batch, size = self._batch, self._batched
        self._batch, self._batched = [], 0
        self._queue.append((self._writer.submit(_write_all, batch), size))
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


def _write_all(batch: list[tuple[str, torch.Tensor]]) -> None:
    for path, tensor in batch:
        _write(path, tensor)


def _write(path: str, tensor: torch.Tensor) -> None:
    if not os.path.exists(os.path.dirname(path)):
        os.mkdir(os.path.dirname(path))
    with open(path, "wb", buffering=0) as stream:
        for part in _parts(tensor):
            left = memoryview(part).cast("B")
            while len(left):
                left = left[stream.write(left) :]


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
