# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says on a terminal what is being done; silent everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def step(title: str) -> Iterator[None]:
    """Shows ``title`` while the block runs, and then how long it took."""
    stream = sys.stderr
    if not stream.isatty():
        yield
        return
    start = time.monotonic()
    stream.write(f"{title} ... ")
    stream.flush()
    try:
        yield
    except BaseException:
        stream.write("failed\n")
        raise
    stream.write(f"{time.monotonic() - start:.1f} s\n")


class Counter:
    """A line on the terminal that says how far a loop is; does nothing without a terminal."""

    def __init__(self, title: str, total: int, stream: TextIO | None) -> None:
        self._title, self._total, self._stream = title, total, stream
        self._shown = 0.0

    def update(self, done: int, detail: str = "") -> None:
        """Shows that ``done`` of the total are done; at most ten times a second."""
        if self._stream is None:
            return
        now = time.monotonic()
        if now - self._shown >= 0.1:
            self._shown = now
            self._stream.write(f"\r\x1b[K{self._title}: {done} of {self._total} done{', ' + detail if detail else ''}")
            self._stream.flush()


@contextmanager
def counter(title: str, total: int) -> Iterator[Counter]:
    """Shows how far the block is while it runs, and then how long it took."""
    stream = sys.stderr if sys.stderr.isatty() else None
    start = time.monotonic()
    try:
        yield Counter(title, total, stream)
    except BaseException:
        if stream is not None:
            stream.write(f"\r\x1b[K{title} ... failed\n")
        raise
    if stream is not None:
        stream.write(f"\r\x1b[K{title} ... {time.monotonic() - start:.1f} s\n")
