# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is computed to a few units in the last place, for `random_kernels.py`.

Values of the kind "about" have rows of two numbers: the true value, with NumPy in
float64, and how far a machine may be from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Functions of f32 and the bounds that docs/Passes.md promises, where single operations are rounded correctly.
ELEMENTARY: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "exp": (np.exp, 1.5),
    "exp2": (np.exp2, 1.5),
    "log": (np.log, 1.5),
    "tanh": (np.tanh, 2),
    "erf": (np.vectorize(math.erf, otypes=[np.float64]), 2),
    "sin": (np.sin, 4),
    "cos": (np.cos, 4),
}
FUNCTIONS = (*ELEMENTARY, "sqrt", "rsqrt", "powf")
#: Sine and cosine of more are NaN, but of constants.
LARGEST_ANGLE = 411774


@dataclass(frozen=True)
class Machine:
    """What a kernel is made for: what it may do, and how exactly it is computed."""

    #: Whether invocations meet.
    cooperates: bool
    #: Whether every operation on f16 rounds. What upstream's pass makes of them for the host may leave that out between
    #: two of them; operators compute in f32 there.
    halves: bool
    #: How many lanes a subgroup has; 0 where kernels may not know.
    lanes: int
    #: Bounds of single operations in units in the last place.
    division: float
    root: float

    def divide(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return about(a.astype(np.float64) / b.astype(np.float64), self.division, a.dtype.type)

    def apply(self, function: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """A function of x, and of y if it is `powf`."""
        x, y = x.astype(np.float64), y.astype(np.float64)
        if function == "powf":
            distance = np.abs(y * np.log(np.abs(x)))
            return about(np.power(x, y), 2 + 3 * np.where(np.isfinite(distance), distance, 0))
        if function == "sqrt":
            return about(np.sqrt(x), self.root)
        if function == "rsqrt":
            # An error of the root counts up to twice in units of the quotient.
            return about(1 / np.sqrt(x), 2 * self.root + self.division)
        compute, ulps = ELEMENTARY[function]
        if function == "tanh":
            ulps += self.division - 0.5
        result = about(compute(x), ulps)
        if function in ("sin", "cos"):
            result[np.isfinite(x) & (np.abs(x) > LARGEST_ANGLE), 1] = np.inf
        return result


def about(value: np.ndarray, ulps: float | np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """Values that a machine holds in this type, and may have rounded that much."""
    limits = np.finfo(dtype)
    tiny, largest = float(limits.tiny), float(limits.max)
    magnitude = np.nan_to_num(np.abs(value), posinf=largest).clip(0, largest)
    _, exponent = np.frexp(np.maximum(magnitude, tiny))
    last_place = np.ldexp(1.0, exponent - 1 - limits.nmant)
    # What NumPy rounded, and what is flushed.
    bound = ulps * last_place + magnitude * 2.0**-52 + np.where(magnitude < 2 * tiny, tiny, 0)
    overflow = largest + math.ldexp(1.0, limits.maxexp - 2 - limits.nmant)
    bound = np.where(np.abs(np.abs(value) - overflow) <= bound, np.inf, bound)
    return np.stack([np.where(np.abs(value) < overflow, value, value * np.inf), bound], axis=1)


def sum_about(values: np.ndarray) -> np.ndarray:
    """Sums of the rows of f32, in any order."""
    wide = values.astype(np.float64)
    size = np.where(np.isfinite(wide), np.abs(wide), 0).sum(axis=1)
    # gamma_(n - 1) of Higham, "Accuracy and Stability of Numerical Algorithms"; a part of the sum may be infinite.
    bound = size * (values.shape[1] - 1) * 1.001 * 2.0**-24
    bound = np.where(size > np.finfo(np.float32).max / 2, np.inf, bound)
    return np.stack([wide.sum(axis=1), bound], axis=1)
