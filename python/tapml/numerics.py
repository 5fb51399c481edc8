# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What operators should give, and how far a faithful computation may be from it.

function = numerics.Function(captured.text)
(expected,) = function.evaluate([x], weights={"weight": w}, arithmetic="vulkan")
comparison = expected.compare(got)
print(comparison.verdict, comparison.worst_share, comparison.clusters)

Values are float64, bounds derived by error analysis from the values themselves; C++ does it all
(include/tapml/Dialect/TapML/Numerics). Arrays are NumPy's, or whatever supports DLPack.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tapml._native import import_module


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How an array compares with an estimate.

    ``verdict`` is "pass", "fail" (outside the bound) or "proven fault" (outside the worst-case bound). ``failed`` and
    ``proven`` count the elements outside, ``free`` those that may be anything. ``worst_share`` is the largest share of
    the bound; ``worst`` and ``first`` describe the element that has it, and the first that failed. ``clusters`` says
    what the failed elements have in common. ``mismatch`` is not empty if shapes or types differ.
    """

    verdict: str
    mismatch: str
    elements: int
    failed: int
    proven: int
    free: int
    worst_share: float
    worst_share_of_worst: float
    worst: dict[str, Any] | None
    first: dict[str, Any] | None
    clusters: list[str]
    expected_range: dict[str, Any]
    got_range: dict[str, Any]

    @property
    def passes(self) -> bool:
        return self.verdict == "pass"


class Estimate:
    """The values that a tensor should have, in float64 or int64, and two bounds on the distance from them.

    ``bounds`` holds with a probability next to one, ``worst`` always; both are None where the values are exact, and
    infinite for elements that may be anything.
    """

    def __init__(self, native: Any) -> None:
        self._native = native

    @property
    def dtype(self) -> str:
        """The element type in MLIR's notation: "f32"."""
        return self._native.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self._native.shape

    @property
    def values(self) -> np.ndarray:
        return self._native.values

    @property
    def bounds(self) -> np.ndarray | None:
        return self._native.bounds

    @property
    def worst(self) -> np.ndarray | None:
        return self._native.worst

    def compare(self, got: Any) -> Comparison:
        """Compares an array of the element type with the estimate."""
        return Comparison(**import_module("tapml._numerics").compare(self._native, _dense(got)))


class Function:
    """The first function of a module of operators."""

    def __init__(self, text: str) -> None:
        """Parses a module; raises ValueError with MLIR's message if it is not valid."""
        self._native = import_module("tapml._numerics").Function(text)

    def evaluate(
        self,
        inputs: Sequence[Any],
        *,
        arithmetic: str = "host",
        weights: Mapping[str, Any] | None = None,
        propagate: bool = True,
        perturbation: int | None = None,
        observer: Callable[[str, list[Estimate]], None] | None = None,
    ) -> list[Estimate]:
        """Evaluates the function for these inputs, in order.

        ``arithmetic`` says who computes: "host", "source" (PyTorch) or the name of a profile. With ``propagate``,
        errors are carried from one operator to the next. ``perturbation`` is the seed of random numbers within each
        operator's bounds that are added to its results. ``observer`` is called with each operator's text and results.
        Raises ValueError where an operation cannot be evaluated.
        """
        native_observer = observer and (lambda text, results: observer(text, [Estimate(result) for result in results]))
        results = self._native.evaluate(
            [_dense(value) for value in inputs],
            arithmetic,
            {key: _dense(value) for key, value in (weights or {}).items()},
            propagate,
            perturbation,
            native_observer,
        )
        return [Estimate(result) for result in results]


def _dense(value: Any) -> Any:
    """Returns an array in row-major order."""
    if hasattr(value, "detach"):
        return value.detach().contiguous()
    array = np.asarray(value)
    return array if array.flags.c_contiguous else array.copy(order="C")
