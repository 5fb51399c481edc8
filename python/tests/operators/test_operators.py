# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operator of the dialect against PyTorch, on the host and on every device that needs no GPU.

float64 decides: a result passes if it is within the bound that is derived from the inputs (bounds.py). Results without
rounding must equal PyTorch's. PyTorch itself must pass, and known mistakes must not.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import tapml
from tapml import testing
from tapml.tools import find_tool

import bounds
import reference
from cases import CASES, SIZES, Case

needs_driver = pytest.mark.skipif(find_tool("tapml") is None, reason="the tool 'tapml' is not built")
BY_NAME = {case.name: case for case in CASES}


def widen(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor


def source(case: Case, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    with torch.no_grad():
        return case.make()(*inputs)


def oracle(
    case: Case, inputs: tuple[torch.Tensor, ...], budget: bounds.Budget
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Returns the expected result and the bound, or PyTorch's own result and None where it must be equal."""
    module = case.make()
    wide = tuple(map(widen, inputs))
    with torch.no_grad():
        if case.bound is bounds.exact:
            return module(*inputs), None
        expected = copy.deepcopy(module).double()(*wide)
        return expected, case.bound(module, wide, expected, budget)


def check(case: Case, inputs: tuple[torch.Tensor, ...], got: torch.Tensor, budget: bounds.Budget) -> None:
    """Fails, with the worst element, unless ``got`` is what the operator should give."""
    expected, bound = oracle(case, inputs, budget)
    like = source(case, inputs)
    assert got.dtype == like.dtype
    assert got.shape == like.shape
    wrong = bounds.exceeds(got, expected, bound)
    if not wrong.any():
        return
    if bound is None:
        place = tuple(wrong.nonzero()[0].tolist())
        pytest.fail(
            f"{int(wrong.sum())} of {wrong.numel()} elements differ; {place}: {got[place]}, not {expected[place]}"
        )
    ratio = torch.where(wrong, (got.double() - expected).abs() / bound, 0).nan_to_num(nan=math.inf)
    place = tuple(int(i) for i in torch.unravel_index(ratio.argmax(), ratio.shape))
    pytest.fail(
        f"{int(wrong.sum())} of {wrong.numel()} elements are wrong; {place}: {got[place]}, expected {expected[place]}, "
        f"{float(ratio[place]):.3g} times the bound"
    )


def test_every_operator_has_a_case() -> None:
    assert {case.operator for case in CASES} == reference.OPERATORS - {"constant", "get_global"}
    assert len(BY_NAME) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_source_is_within_its_bound(case: Case) -> None:
    for size in SIZES:
        inputs = case.sample(*size)
        check(case, inputs, source(case, inputs), bounds.SOURCE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_captured_graph_has_the_operator(case: Case) -> None:
    module = case.make().eval()
    captured = tapml.capture(module, [case.sample(*size) for size in SIZES], case.dynamic_shapes())
    assert case.operator in [operator.mnemonic for operator in captured.graph.operators]
    for size in SIZES:
        inputs = case.sample(*size)
        named = dict(zip([port.name for port in captured.graph.inputs], inputs, strict=True))
        check(case, inputs, reference.evaluate(captured.graph, named)["output"].detach(), bounds.SOURCE)


EXECUTORS = testing.executors()


def targets() -> list[Any]:
    return [
        pytest.param(name, marks=pytest.mark.skipif(executor.missing is not None, reason=executor.missing or ""))
        for name, executor in EXECUTORS.items()
    ]


def has_i64_results(case: Case) -> bool:
    """Returns whether the operator that the case is about computes 64-bit integers."""
    captured = tapml.capture(case.make().eval(), [case.sample(*SIZES[0])], case.dynamic_shapes())
    lines = [line for line in captured.text.splitlines() if f'"tapml.{case.operator}"' in line]
    return any("i64>" in line.rsplit("->", 1)[-1] for line in lines)


@needs_driver
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("target", targets())
def test_operator_on_target(target: str, case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if case.name in ("sin_special", "cos_special"):
        reason = "tapml-expand-math reduces angles up to 2^18 pi/2; sin and cos of larger ones are NaN"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    if target != "host" and case.special:
        pytest.skip("infinities and NaN are promised on the host only")
    executor = EXECUTORS[target]
    plan = testing.plan_for([case.operator], executor.target or "host")

    def build() -> testing.Executable:
        samples = [case.sample(*SIZES[0])]
        return testing.build(
            case.make(), samples, case.dynamic_shapes(), tmp_path, target=executor.target, plan=plan, name="case"
        )

    if executor.target in ("vulkan", "webgpu") and has_i64_results(case):
        # The portable profiles have no 64-bit integers: what computes them there is refused with that reason.
        refusal = rf"'tapml.{case.operator}' is not supported on profile '{executor.target}': computes (in )?i64"
        with pytest.raises(tapml.ToolError, match=refusal):
            build()
        return
    executable = build()
    names = [port.name for port in executable.captured.graph.inputs]
    for size in SIZES:
        inputs = case.sample(*size)
        named = dict(zip(names, inputs, strict=True))
        outputs = executable.run(named, device=executor.device, environment=executor.environment)
        check(case, inputs, outputs["output"], bounds.BUDGETS[executor.target])


def no_scale(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(q, k, v, scale=1.0)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("gelu", lambda x: F.gelu(x, approximate="tanh")),
        ("gelu_tanh", F.gelu),
        ("attention", no_scale),
        ("attention_causal", lambda q, k, v: F.scaled_dot_product_attention(q, k, v)),
        ("softmax_rows", lambda x: x.softmax(0)),
        ("matmul_large", lambda a, b: a[:, :-1] @ b[:-1]),
        ("matmul_large", lambda a, b: (a.bfloat16() @ b.bfloat16()).float()),
        ("sum_rows", lambda x: x[:, :-1].sum(1)),
        ("layer_norm_plain", lambda x: F.layer_norm(x, (13,), eps=1e-4)),
        ("layer_norm_plain", lambda x: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)),
        ("exp", lambda x: torch.exp(x.half().float())),
        ("tanh", lambda x: x.clamp(-1, 1)),
        ("sqrt", lambda x: x.sqrt() * (1 + 3e-7)),
    ],
)  # fmt: skip
def test_mistakes_are_outside_the_bound(name: str, mistake: Any) -> None:
    case = BY_NAME[name]
    inputs = case.sample(33, 65)
    for budget in (bounds.HOST, bounds.VULKAN):
        if (name, budget) == ("sqrt", bounds.VULKAN):
            continue  # What Vulkan allows a square root is larger than this mistake.
        expected, bound = oracle(case, inputs, budget)
        assert bounds.exceeds(mistake(*inputs), expected, bound).any()
