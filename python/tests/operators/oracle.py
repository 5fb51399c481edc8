# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a case should give, and whether a result is within the bound that is derived from the inputs."""

from __future__ import annotations

import functools

import pytest
import torch

import tapml
from tapml import numerics
from tapml.api import Captured

import reference
from cases import CASES, SIZES, Case

BY_NAME = {case.name: case for case in CASES}

Tensors = tuple[torch.Tensor, ...]


@functools.cache
def captured(name: str) -> Captured:
    case = BY_NAME[name]
    return tapml.capture(case.make().eval(), [case.sample(*size) for size in SIZES], case.dynamic_shapes())


@functools.cache
def function(name: str) -> numerics.Function:
    return numerics.Function(captured(name).text)


def source(case: Case, inputs: Tensors) -> torch.Tensor:
    with torch.no_grad():
        return case.make()(*inputs)


def wide_source(case: Case, inputs: Tensors) -> torch.Tensor:
    """Returns PyTorch's float64 result for the same numbers."""
    graph = captured(case.name).graph
    named = dict(zip([port.name for port in graph.inputs], inputs, strict=True))
    with torch.no_grad():
        return reference.evaluate(graph, named, wide=True)["output"]


def estimate(case: Case, inputs: Tensors, arithmetic: str) -> numerics.Estimate:
    weights = captured(case.name).graph.weights
    (result,) = function(case.name).evaluate(inputs, weights=weights, arithmetic=arithmetic)
    return result


def check(case: Case, inputs: Tensors, got: torch.Tensor, arithmetic: str) -> numerics.Comparison:
    """Fails, with the worst element, unless ``got`` is what the operator should give."""
    comparison = estimate(case, inputs, arithmetic).compare(got)
    if comparison.passes:
        return comparison
    where = "; ".join(comparison.clusters) or comparison.mismatch
    pytest.fail(
        f"{comparison.verdict}: {comparison.failed} of {comparison.elements} elements are wrong ({where}); "
        f"{comparison.worst}"
    )
