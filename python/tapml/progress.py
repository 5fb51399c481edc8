# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says on a terminal what is being done; silent everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


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
