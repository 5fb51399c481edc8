# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far an operator's float32 result may be from its float64 evaluation on the same inputs.

First-order error propagation, elementwise, from the inputs themselves: an accumulation over k terms contributes
6 sqrt(k) u (|A| |B|) (Higham and Mary 2019, "A New Approach to Probabilistic Rounding Error Analysis", lambda = 6),
an elementary function its budget in units in the last place, every other operation half a unit, and composites carry
the errors of their parts along. On top comes what a device may flush to zero.

Every bound takes the module (for its parameters), the inputs in float64, the float64 result and the place's budget.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

U = 2.0**-24  # Half the distance between 1 and the next float32.
FLUSH = 2.0**-126  # Numbers below may be taken for zero.
LAMBDA = 6.0

Tensors = Sequence[torch.Tensor]


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a place promises, in units in the last place: division and square root; the rest is rounded correctly.

    ``erf`` is an absolute error of the error function within gelu.
    """

    division: float
    root: float
    erf: float = 0.0


#: Correctly rounded.
HOST = Budget(0.5, 0.5)
#: Vulkan 1.3, "Precision and Operation of SPIR-V Instructions"; the root is 1 / inversesqrt.
VULKAN = Budget(2.5, 4.5)

#: By target; None is the host. WebGPU Shading Language, "Floating Point Accuracy", says the same as Vulkan; Metal
#: rounds correctly without fast maths (Metal Shading Language 3, "Relative Error as ULPs").
BUDGETS = {None: HOST, "vulkan": VULKAN, "webgpu": VULKAN, "metal": HOST}

#: PyTorch's vectorised float32 kernels: roots are up to 0.75 units off (measured), and gelu evaluates erf by formula
#: 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions", with a handful of roundings.
SOURCE = Budget(0.5, 1.0, 1.5e-7 + 4 * U)

#: The elementary functions, as the pass tapml-expand-math states them.
ULPS = {"exp": 1.5, "log": 1.5, "tanh": 2.0, "erf": 2.0, "sin": 3.0, "cos": 3.0, "rsqrt": 1.5}

Bound = Callable[[nn.Module, Tensors, torch.Tensor, Budget], torch.Tensor]


def ulp(value: torch.Tensor) -> torch.Tensor:
    """Returns the distance between neighbouring float32 numbers at ``value`` (float64)."""
    _, exponent = torch.frexp(value.abs().clamp(min=2.0**-126))
    return torch.ldexp(torch.ones_like(value), exponent - 24)


def exceeds(got: torch.Tensor, expected: torch.Tensor, bound: torch.Tensor | None) -> torch.Tensor:
    """Returns where ``got`` is further from ``expected`` than ``bound`` (None: must be equal); NaN equals NaN."""
    if bound is None or not got.is_floating_point():
        return ~((got == expected) | ((got != got) & (expected != expected)))
    wide = got.double()
    special = ~expected.isfinite()
    same = (wide == expected) | (wide.isnan() & expected.isnan())
    # Beyond the largest float32 the result is infinite.
    overflow = (expected.abs() + bound > torch.finfo(torch.float32).max) & (wide == expected.sign() * math.inf)
    return ~torch.where(special, same, overflow | ((wide - expected).abs() <= bound))


def exact(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> None:
    """Values are moved, or are integers or booleans: equal to the source."""
    return


def rounded(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    """One correctly rounded operation."""
    return U * expected.abs() + FLUSH


def sum_with(scalar: float) -> Bound:
    """A sum with a number that float32 does not hold exactly."""

    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        return rounded(module, inputs, expected, budget) + U * abs(scalar)

    return bound


def division(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    return budget.division * ulp(expected) + FLUSH


def root(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    return budget.root * ulp(expected) + FLUSH


def elementary(name: str) -> Bound:
    """The budget of an elementary function, and of the division or root that it may use."""

    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        extra = max(budget.division, budget.root) - 0.5
        return (ULPS[name] + extra) * ulp(expected) + FLUSH

    return bound


def power(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    base, exponent = torch.broadcast_tensors(inputs[0], inputs[1])
    size = (exponent * base.abs().clamp(min=1e-300).log()).abs().clamp(max=104.0)
    return (2 + 3 * size + budget.root - 0.5) * ulp(expected) + FLUSH


def sigmoid(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    """1 / (1 + exp(-x)); for silu the product with x is rounded once more."""
    return (ULPS["exp"] + 0.5 + budget.division + 0.5) * 2 * U * expected.abs() + FLUSH


def gelu(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    """x / 2 (1 + erf(x / sqrt 2)): for negative x the sum cancels, so that the error of erf counts in full."""
    (x,) = inputs
    t = x / math.sqrt(2)
    erf = torch.erf(t)
    slope = 2 / math.sqrt(math.pi) * torch.exp(-t * t)
    inner = budget.erf + ULPS["erf"] * ulp(erf) + budget.division * 2 * U * t.abs() * slope + 2 * U * t.abs() * slope
    return x.abs() / 2 * (inner + U * (1 + erf.abs())) + 2 * U * expected.abs() + FLUSH


def gelu_tanh(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    (x,) = inputs
    t = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    tanh = torch.tanh(t)
    slope = 1 - tanh * tanh
    inner = (ULPS["tanh"] + budget.division - 0.5) * ulp(tanh) + 6 * U * t.abs() * slope
    return x.abs() / 2 * (inner + U * (1 + tanh.abs())) + 2 * U * expected.abs() + FLUSH


def reduction(dims: Sequence[int], mean: bool = False) -> Bound:
    """A sum, or mean, over ``dims``."""

    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        x = inputs[0]
        count = math.prod(x.shape[dim] for dim in dims)
        total = x.abs().sum(tuple(dims), keepdim=True).reshape(expected.shape)
        error = LAMBDA * math.sqrt(count) * U * total
        if mean:
            error = error / count + budget.division * ulp(expected)
        return error + U * expected.abs() + FLUSH

    return bound


def accumulation(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The bound of a matrix product."""
    return LAMBDA * math.sqrt(left.shape[-1]) * U * (left.abs() @ right.abs()) + FLUSH


def matmul(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    return accumulation(inputs[0], inputs[1]).reshape(expected.shape) + U * expected.abs()


def linear(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
    """x weight' + bias; weight and bias are inputs or parameters."""
    parameters = [parameter.double() for parameter in module.parameters()] or list(inputs[1:])
    return accumulation(inputs[0], parameters[0].mT) + U * expected.abs()


def _softmax_relative(
    scores: torch.Tensor, shares: torch.Tensor, error: torch.Tensor | float, dim: int, budget: Budget
) -> torch.Tensor:
    """The relative errors of exp(s - max) / sum, when the scores are off by ``error``."""
    distance = torch.where(shares > 0, (scores - scores.amax(dim, keepdim=True)).abs(), 0.0).nan_to_num(posinf=0.0)
    each = error + U * distance + 2 * U * ULPS["exp"]
    average = (shares * each).sum(dim, keepdim=True)
    return each + average + LAMBDA * math.sqrt(scores.shape[dim]) * U + 2 * U * (budget.division + 0.5)


def softmax(dim: int) -> Bound:
    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        return expected * _softmax_relative(inputs[0], expected, 0.0, dim, budget) + FLUSH

    return bound


def layer_norm(rank: int, epsilon: float) -> Bound:
    """(x - mean) / sqrt(variance + epsilon) weight + bias over the last ``rank`` dimensions."""

    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        x, *operands = inputs
        parameters = [parameter.double() for parameter in module.parameters()] or operands
        dims = tuple(range(x.dim() - rank, x.dim()))
        count = math.prod(x.shape[dim] for dim in dims)
        step = LAMBDA * math.sqrt(count) * U
        mean_error = (step + budget.division * 2 * U) * x.abs().mean(dims, keepdim=True)
        centred = x - x.mean(dims, keepdim=True)
        centred_error = mean_error + U * centred.abs()
        variance = (centred**2).mean(dims, keepdim=True)
        variance_error = (step + (budget.division + 1) * 2 * U) * variance
        variance_error = variance_error + 2 * (centred.abs() * centred_error).mean(dims, keepdim=True)
        # The mean's error enters the variance a second time as a square where the variance itself is tiny.
        variance_error = variance_error + mean_error**2
        inverse = 1 / torch.sqrt(variance + epsilon)
        relative = variance_error / (2 * (variance + epsilon)) + (ULPS["rsqrt"] + budget.root) * 2 * U
        error = centred_error * inverse + centred.abs() * inverse * (relative + U)
        weight = parameters[0].abs() if parameters else 1.0
        return error * weight + 3 * U * expected.abs() + U * (centred.abs() * inverse * weight) + FLUSH

    return bound


def attention(scale: float, is_causal: bool = False) -> Bound:
    """softmax(scale q k' + mask) v, with the errors of the scores carried through the softmax."""

    def bound(module: nn.Module, inputs: Tensors, expected: torch.Tensor, budget: Budget) -> torch.Tensor:
        query, key, value, *mask = inputs
        scores = scale * (query @ key.mT)
        error = scale * accumulation(query, key.mT) + 2 * U * scores.abs()
        if is_causal:
            mask = [torch.ones(scores.shape[-2:], dtype=torch.bool).tril()]
        if mask and mask[0].dtype == torch.bool:
            scores = scores.masked_fill(~mask[0], -math.inf)
        elif mask:
            scores = scores + mask[0]
            error = error + U * scores.abs()
        shares = torch.softmax(scores, -1)
        relative = _softmax_relative(scores, shares, error, -1, budget)
        weighted = (shares * relative) @ value.abs()
        return weighted + accumulation(shares, value) + 2 * U * expected.abs() + FLUSH

    return bound
