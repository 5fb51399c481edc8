# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The range of a tensor: what shows saturation and the like where the largest error does not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_SMALLEST_NORMAL = {np.dtype(kind): np.finfo(kind).smallest_normal for kind in (np.float16, np.float32, np.float64)}


class Statistics:
    """Gathers the range of a tensor from pieces of it.

    Minimum, maximum, mean, variance (of the population) and largest magnitude are those of the finite elements.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._tiny = _SMALLEST_NORMAL.get(dtype)
        self._is_bool = dtype == np.bool_
        self._count = 0
        self._minimum: Any = None
        self._maximum: Any = None
        self._mean = self._squares = 0.0
        self._subnormals = self._nan = self._inf = 0

    def add(self, piece: np.ndarray) -> None:
        """Takes the next elements, an array of rank 1."""
        if not piece.size:
            return
        low, high = piece.min().item(), piece.max().item()
        if self._is_bool:
            low, high = int(low), int(high)
        if self._tiny is not None:
            if not (math.isfinite(low) and math.isfinite(high)):
                piece = self._drop_special(piece)
                if not piece.size:
                    return
                low, high = piece.min().item(), piece.max().item()
            small = np.count_nonzero(np.abs(piece) < self._tiny)
            if small:
                self._subnormals += int(small - (piece.size - np.count_nonzero(piece)))
        self._minimum = low if self._count == 0 else min(low, self._minimum)
        self._maximum = high if self._count == 0 else max(high, self._maximum)
        if low > -1e150 and high < 1e150:
            self._add_moments(piece)
        else:  # Their squares may be too large for float64: then mean and variance are infinite or not a number.
            with np.errstate(over="ignore", invalid="ignore"):
                self._add_moments(piece)

    def _drop_special(self, piece: np.ndarray) -> np.ndarray:
        """Counts NaN and infinity; returns the other elements."""
        finite = np.isfinite(piece)
        nan = int(np.count_nonzero(np.isnan(piece)))
        self._nan += nan
        self._inf += piece.size - int(np.count_nonzero(finite)) - nan
        return piece[finite]

    def _add_moments(self, piece: np.ndarray) -> None:
        # Chan, Golub and LeVeque: means and sums of squares of two sets, put together.
        wide = piece.astype(np.float64)
        count = piece.size
        mean = wide.sum().item() / count
        wide -= mean
        squares = np.einsum("i,i->", wide, wide).item()  # Unlike a dot product, without threads.
        total = self._count + count
        step = mean - self._mean
        self._squares += squares + step * step * (self._count * count / total)
        self._mean += step * (count / total)
        self._count = total

    def json(self) -> str:
        """Returns the statistics as JSON: null where there is nothing, and text for what is not finite."""
        counts = '"subnormals": null, "nan": null, "inf": null'
        if self._tiny is not None:
            counts = f'"subnormals": {self._subnormals}, "nan": {self._nan}, "inf": {self._inf}'
        if self._count == 0:
            moments = '"min": null, "max": null, "mean": null, "variance": null, "largest_magnitude": null'
            return f"{{{moments}, {counts}}}"
        low, high = self._minimum, self._maximum
        return (
            f'{{"min": {low!r}, "max": {high!r}, "mean": {_number(self._mean)}, '
            f'"variance": {_number(self._squares / self._count)}, "largest_magnitude": {max(abs(low), abs(high))!r}, '
            f"{counts}}}"
        )


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return '"nan"' if math.isnan(value) else '"inf"' if value > 0 else '"-inf"'
