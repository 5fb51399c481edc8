# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operator of the dialect against PyTorch, on the host and on every device that needs no GPU.

The oracle decides (tapml.numerics): a result passes if it is within the bound that is derived from the inputs. The
oracle itself must equal PyTorch's float64, PyTorch's float32 must be within its bound, on ordinary and on hostile
inputs, and known mistakes must not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import tapml
from tapml import testing

import conformance
import reference
from cases import CASES, FIRST_CASES, SIZES, Case
from oracle import BY_NAME, Tensors, captured, check, estimate, source, wide_source

pytestmark = pytest.mark.needs("_numerics")


def test_every_operator_has_a_case() -> None:
    assert {case.operator for case in CASES} == reference.OPERATORS - {"constant", "get_global"}
    assert len(BY_NAME) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_captured_graph_has_the_operator(case: Case) -> None:
    graph = captured(case.name).graph
    assert case.operator in [operator.mnemonic for operator in graph.operators]
    for size in SIZES:
        inputs = case.sample(*size)
        named = dict(zip([port.name for port in graph.inputs], inputs, strict=True))
        check(case, inputs, reference.evaluate(graph, named)["output"].detach(), "source")


def assert_equals_float64(case: Case, inputs: Tensors) -> None:
    """Fails unless the oracle's values are PyTorch's float64 ones, to the accuracy of float64."""
    result, wanted = estimate(case, inputs, "host"), wide_source(case, inputs).numpy()
    assert result.shape == wanted.shape
    if wanted.dtype != np.float64:
        assert (result.values == wanted).all()
        return
    # What the result's type does not hold is infinite.
    largest = np.finfo(np.float16 if result.dtype == "f16" else np.float32).max
    values, wanted = (np.where(np.abs(x) > largest, np.copysign(math.inf, x), x) for x in (result.values, wanted))
    special = ~np.isfinite(wanted) | ~np.isfinite(values)
    # float64 is 2^29 times as accurate as float32, for which the bounds are at least.
    allowed = np.zeros_like(wanted) if result.bounds is None else result.bounds * 2.0**-26
    with np.errstate(invalid="ignore"):
        same = (values == wanted) | (np.isnan(values) & np.isnan(wanted))
        close = np.abs(values - wanted) <= allowed
    wrong = ~np.where(special, same, same | close)
    assert not wrong.any(), f"{np.argwhere(wrong)[0]}: {values[wrong][0]!r}, PyTorch has {wanted[wrong][0]!r}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_oracle_equals_float64(case: Case) -> None:
    for size in SIZES:
        assert_equals_float64(case, case.sample(*size))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_source_is_within_its_bound(case: Case) -> None:
    for size in SIZES:
        inputs = case.sample(*size)
        check(case, inputs, source(case, inputs), "source")


def _alternate(x: torch.Tensor) -> torch.Tensor:
    """Neighbours that nearly cancel."""
    flat = x.flatten()
    flat[1::2] = -flat[: flat.numel() // 2 * 2 : 2] * (1 + 2.0**-20)
    return flat.reshape(x.shape)


def _sprinkle(x: torch.Tensor) -> torch.Tensor:
    """Infinities and NaN in a few places."""
    flat = x.flatten()
    for place, value in ((3, math.inf), (17, -math.inf), (40, math.nan)):
        flat[place::101] = value
    return flat.reshape(x.shape)


HOSTILE_SIZES = ((5, 7), (33, 65))


def _scale(single: float, half: float) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: x * (half if x.dtype == torch.float16 else single)


#: What hostile inputs are made of the ordinary ones of a case.
HOSTILE = {
    "large": _scale(1e16, 50.0),
    "huge": _scale(3e37, 6000.0),
    "tiny": _scale(1e-30, 1e-3),
    "subnormal": _scale(1e-41, 1e-6),
    "cancelling": _alternate,
    "offset": lambda x: x + 1e4,
    "equal": lambda x: torch.full_like(x, 0.7),
    "zero": torch.zeros_like,
    "special": _sprinkle,
}


def hostile_inputs(case: Case, kind: str, m: int, n: int) -> Tensors:
    return tuple(HOSTILE[kind](x) if x.is_floating_point() else x for x in case.sample(m, n))


FLOAT_CASES = [case for case in CASES if any(x.is_floating_point() for x in case.sample(*SIZES[0]))]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("case", FLOAT_CASES, ids=lambda case: case.name)
def test_source_is_within_its_bound_on_hostile_inputs(case: Case, kind: str) -> None:
    for size in HOSTILE_SIZES:
        inputs = hostile_inputs(case, kind, *size)
        check(case, inputs, source(case, inputs), "source")


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("case", FLOAT_CASES, ids=lambda case: case.name)
def test_oracle_equals_float64_on_hostile_inputs(case: Case, kind: str) -> None:
    if case.operator == "cast" and kind in ("large", "huge", "special"):
        pytest.skip("PyTorch leaves integers beyond their type undefined")
    if case.operator == "scaled_dot_product_attention" and kind == "special":
        pytest.skip("PyTorch's attention takes a row of NaN for one that is all masked, in float64 too")
    for size in HOSTILE_SIZES:
        assert_equals_float64(case, hostile_inputs(case, kind, *size))


EXECUTORS = testing.executors()

#: WGSL and MSL are written from the IR that SPIR-V is made of, guards and loops included, which all sizes try there.
#: Here a size whose every tile ends early and one of several workgroups do; each run compiles the text anew.
TEXT_SIZES = ((5, 7), (33, 65))


def targets(names: Iterable[str] = EXECUTORS) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.needs(name)) for name in names]


def check_on_target(case: Case, executor: testing.Executor, directory: Path, target: str | None = None) -> float | None:
    """Runs a case on an executor, compiled for its target or for another profile of that kind, at all sizes.

    Returns the largest share of a bound, or None where the operator is refused, as it should be.
    """
    target = target or executor.target
    plan = testing.plan_for([case.operator], target.partition("=")[0] if target else "host")

    def compile_case() -> Path:
        return captured(case.name).compile(target=target, plan=plan, output=directory / "case.tapx")

    if target in conformance.WITHOUT_INT64 and case.operator in conformance.get_i64_operators(case):
        # What computes 64-bit integers there is refused with that reason.
        refusal = rf"'tapml.{case.operator}' is not supported on profile '{target}': computes (in )?i64"
        with pytest.raises(tapml.ToolError, match=refusal):
            compile_case()
        return None
    executable = testing.load(compile_case(), executor, validation=executor.target == "vulkan")
    shares = []
    for size in TEXT_SIZES if executor.target in ("webgpu", "metal") else SIZES:
        inputs = case.sample(*size)
        shares.append(check(case, inputs, executable(*inputs)["output"], executor.target or "host").worst_share)
    return max(shares)


@pytest.mark.needs("tapml")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("target", targets())
def test_operator_on_target(target: str, case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if conformance.has_large_angles(case):
        request.applymarker(pytest.mark.xfail(strict=True, reason=conformance.LARGE_ANGLES))
    if target != "host" and case.special:
        pytest.skip(conformance.NO_SPECIALS)
    results = request.config.getoption("--update-conformance")
    if target == "metal" and case not in FIRST_CASES and not (results or request.config.getoption("--long")):
        pytest.skip("each text is compiled by clang, 0.3 s a kernel: other cases of an operator run with --long")
    share = check_on_target(case, EXECUTORS[target], tmp_path)
    if results and share is not None:
        conformance.note(Path(results), target, case, share)


#: What takes or gives halves.
HALF_CASES = [case for case in CASES if case.name.endswith("_f16") and not case.special]

#: Operators whose kernels are others where a profile has subgroups, or reads texels of several types. Those of halves
#: are others where it has 16-bit floats.
OWN_KERNELS = {
    "amax", "bitwise_and", "cast", "embedding", "gather", "layer_norm", "linear", "matmul",
    "scaled_dot_product_attention", "softmax", "sum", "where",
}  # fmt: skip


@pytest.mark.needs("tapml")
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if (case.operator in OWN_KERNELS or case in HALF_CASES) and not case.special],
    ids=lambda case: case.name,
)
@pytest.mark.parametrize("driver", targets(testing.VULKAN_DRIVERS))
def test_operator_on_own_profile(driver: str, case: Case, tmp_path: Path) -> None:
    check_on_target(case, EXECUTORS[driver], tmp_path, target=driver)


@pytest.mark.needs("tapml", "webgpu")
@pytest.mark.parametrize("case", HALF_CASES, ids=lambda case: case.name)
def test_half_in_wgsl(case: Case, tmp_path: Path) -> None:
    check_on_target(case, EXECUTORS["webgpu"], tmp_path, target="webgpu-f16-subgroups")


@pytest.mark.needs("tapml", "lavapipe")
@pytest.mark.parametrize("case", HALF_CASES, ids=lambda case: case.name)
def test_half_that_is_only_stored(case: Case, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(
        '{"kind": "vulkan", "name": "stores", "limits": {"max_storage_buffers": 8}, "features": ["storage16"]}'
    )
    check_on_target(case, EXECUTORS["lavapipe"], tmp_path, target=f"vulkan={profile}")


def in_bfloat16(products: torch.Tensor) -> torch.Tensor:
    """Sums over the last dimension with an accumulator of 8 bits."""
    total = torch.zeros(products.shape[:-1], dtype=torch.bfloat16)
    for k in range(products.shape[-1]):
        total = (total.float() + products[..., k]).bfloat16()
    return total.float()


def in_half(products: torch.Tensor) -> torch.Tensor:
    """Sums over the last dimension with an accumulator of 11 bits."""
    total = torch.zeros(products.shape[:-1], dtype=torch.float16)
    for k in range(products.shape[-1]):
        total = (total.float() + products[..., k]).half()
    return total.float()


def short_mantissa(x: torch.Tensor) -> torch.Tensor:
    """Keeps 11 bits of each number, as tensor cores may."""
    return (x.view(torch.int32) & ~0x1FFF).view(torch.float32)


def parameters(name: str) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in BY_NAME[name].make().parameters()]


def attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None, scale: float | None = None
) -> torch.Tensor:
    return F.scaled_dot_product_attention(q, k, v, mask, scale=scale)


def shifted_causal(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, by: int) -> torch.Tensor:
    return attend(q, k, v, torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril(by))


def one_pass_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, epsilon: float) -> torch.Tensor:
    """Takes the variance for E(x^2) - E(x)^2, which cancels."""
    mean = x.mean(-1, keepdim=True)
    variance = (x * x).mean(-1, keepdim=True) - mean * mean
    return (x - mean) / torch.sqrt(variance.clamp(min=0) + epsilon) * weight + bias


def coarse_sine(x: torch.Tensor) -> torch.Tensor:
    """Reduces the angle with one constant."""
    return torch.sin(x - 2 * math.pi * torch.round(x / (2 * math.pi)))


def layer_norm(name: str, epsilon: float) -> Any:
    return lambda x: F.layer_norm(x, (24,), *parameters(name), epsilon)


def scale_inputs(*factors: float) -> Any:
    return lambda inputs: tuple(x * factor for x, factor in zip(inputs, factors, strict=True))


#: Name of the case, what is wrong, the wrong form, and what is done to the inputs to let it show.
MISTAKES: list[tuple[str, str, Any, Any]] = [
    ("gelu", "tanh form", lambda x: F.gelu(x, approximate="tanh"), None),
    ("gelu_tanh", "erf form", F.gelu, None),
    ("gelu", "sigmoid form", lambda x: x * torch.sigmoid(1.702 * x), None),
    ("gelu", "silu", F.silu, None),
    ("gelu", "coarse erf", lambda x: x / 2 * (1 + torch.erf((x / math.sqrt(2)).half().float())), None),
    ("attention", "no scale", lambda q, k, v: attend(q, k, v, scale=1.0), None),
    ("attention", "scale of another width", lambda q, k, v: attend(q, k, v, scale=1 / math.sqrt(9)), None),
    ("attention", "scale twice", lambda q, k, v: attend(q, k, v, scale=1 / 8), None),
    ("attention", "last key dropped", lambda q, k, v: attend(q, k[..., :-1, :], v[..., :-1, :]), None),
    ("attention", "values shifted", lambda q, k, v: attend(q, k, v.roll(1, -2)), None),
    ("attention", "scores in bfloat16",
     lambda q, k, v: ((q @ k.mT / math.sqrt(8)).bfloat16().float().softmax(-1)) @ v, None),
    ("attention", "shares in half", lambda q, k, v: (q @ k.mT / math.sqrt(8)).softmax(-1).half().float() @ v, None),
    ("attention", "no maximum subtracted",
     lambda q, k, v: (lambda p: p @ v / p.sum(-1, keepdim=True))(torch.exp(q @ k.mT / math.sqrt(8))),
     scale_inputs(30.0, 30.0, 1.0)),
    ("attention_causal", "no mask", lambda q, k, v: attend(q, k, v), None),
    ("attention_causal", "mask off by one, open", lambda q, k, v: shifted_causal(q, k, v, 1), None),
    ("attention_causal", "mask off by one, shut", lambda q, k, v: shifted_causal(q, k, v, -1), None),
    ("attention_mask", "mask ignored", lambda q, k, v, m: attend(q, k, v), None),
    ("attention_mask", "mask inverted", lambda q, k, v, m: attend(q, k, v, ~m), None),
    ("attention_mask_keys", "padding mask off by one", lambda q, k, v, m: attend(q, k, v, m.roll(1, -1)), None),
    ("attention_bias", "mask before the scale",
     lambda q, k, v, m: attend(q, k, v, m / math.sqrt(8)), None),
    ("softmax_rows", "wrong axis", lambda x: x.softmax(0), None),
    ("softmax_rows", "no maximum subtracted", lambda x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True),
     scale_inputs(10.0)),
    ("softmax_rows", "last term dropped",
     lambda x: torch.exp(x - x.amax(-1, keepdim=True))
     / torch.exp(x - x.amax(-1, keepdim=True))[:, :-1].sum(-1, keepdim=True), None),
    ("softmax_rows", "base 2", lambda x: (x * math.log(2)).softmax(-1), None),
    ("softmax_rows", "half powers", lambda x: x.half().softmax(-1).float(), None),
    ("layer_norm", "epsilon 1e-5 for 1e-12", layer_norm("layer_norm", 1e-5), None),
    ("layer_norm_small", "epsilon 1e-5 for 1e-12", layer_norm("layer_norm_small", 1e-5), None),
    ("layer_norm_small", "epsilon 1e-10 for 1e-12", layer_norm("layer_norm_small", 1e-10), None),
    ("layer_norm_offset", "one-pass variance", lambda x: one_pass_norm(x, *parameters("layer_norm_offset"), 1e-5),
     None),
    ("layer_norm", "weight missing", lambda x: F.layer_norm(x, (24,), None, parameters("layer_norm")[1], 1e-12), None),
    ("layer_norm", "bias missing", lambda x: F.layer_norm(x, (24,), parameters("layer_norm")[0], None, 1e-12), None),
    ("layer_norm", "mean not subtracted",
     lambda x: F.rms_norm(x, (24,), parameters("layer_norm")[0], 1e-12) + parameters("layer_norm")[1], None),
    ("layer_norm_plain", "epsilon", lambda x: F.layer_norm(x, (13,), eps=1e-4), None),
    ("layer_norm_plain", "n - 1, epsilon outside the root",
     lambda x: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5), None),
    ("layer_norm_plain", "epsilon outside the root",
     lambda x: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, correction=0) + 1e-5), None),
    ("matmul_large", "last term dropped", lambda a, b: a[:, :-1] @ b[:-1], None),
    ("matmul_large", "first term twice", lambda a, b: a @ b + a[:, :1] * b[:1], None),
    ("matmul_large", "bfloat16 operands", lambda a, b: (a.bfloat16() @ b.bfloat16()).float(), None),
    ("matmul_large", "bfloat16 accumulation", lambda a, b: in_bfloat16(a[:, None] * b.mT), None),
    ("matmul_large", "half accumulation", lambda a, b: in_half(a[:, None] * b.mT), None),
    ("matmul_large", "short mantissas", lambda a, b: short_mantissa(a) @ short_mantissa(b), None),
    ("matmul_large", "last row stale", lambda a, b: torch.cat([a[:-1], a[:1]]) @ b, None),
    ("linear_square", "weight transposed",
     lambda x: F.linear(x, parameters("linear_square")[0].mT, parameters("linear_square")[1]), None),
    ("linear_square", "bias missing", lambda x: x @ parameters("linear_square")[0].mT, None),
    ("linear_square", "bias along the rows",
     lambda x: x @ parameters("linear_square")[0].mT + parameters("linear_square")[1][: x.shape[1], None], None),
    ("linear_long", "last term dropped",
     lambda x: F.linear(x[..., :-1], parameters("linear_long")[0][:, :-1], parameters("linear_long")[1]), None),
    ("linear_long", "bfloat16 weight",
     lambda x: F.linear(x, parameters("linear_long")[0].bfloat16().float(), parameters("linear_long")[1]), None),
    ("sum_rows", "last term dropped", lambda x: x[:, :-1].sum(1), None),
    ("sum_rows", "wrong axis", lambda x: x.sum(0)[: x.shape[0]], None),
    ("sum_rows", "bfloat16 accumulation", in_bfloat16, None),
    ("sum_rows", "half accumulation", in_half, None),
    ("sum_rows", "accumulator not cleared", lambda x: x.sum(1) + 1e-3, None),
    ("mean_rows", "divided by n - 1", lambda x: x.sum(-1, keepdim=True) / (x.shape[1] - 1), None),
    ("mean_rows", "last term dropped", lambda x: x[:, :-1].sum(-1, keepdim=True) / x.shape[1], None),
    ("amax_rows", "last element not seen", lambda x: x[:, :-1].amax(1), lambda inputs: (inputs[0].sort(1).values,)),
    ("amax_rows", "magnitudes", lambda x: x.abs().amax(1), None),
    ("exp", "half argument", lambda x: torch.exp(x.half().float()), None),
    ("exp", "base 2 with a rounded constant", lambda x: torch.exp2(x * 1.442695), None),
    ("log", "base 2", torch.log2, None),
    ("log", "3 units off", lambda x: torch.log(x) * (1 + 3e-7), None),
    ("tanh", "clamped argument", lambda x: x.clamp(-1, 1), None),
    ("tanh", "NaN above 10", lambda x: torch.where(x.abs() > 10, math.nan, torch.tanh(x)), None),
    ("sqrt", "one unit and a half", lambda x: x.sqrt() * (1 + 3e-7), None),
    ("rsqrt", "a device's estimate", lambda x: x.rsqrt() * (1 + 2e-6), None),
    ("sin", "coarse reduction", coarse_sine, None),
    ("cos", "sine", torch.sin, None),
    ("sigmoid", "hard", lambda x: (x / 6 + 0.5).clamp(0, 1), None),
    ("silu", "gelu", F.gelu, None),
    ("div", "product with a rounded reciprocal", lambda x, y: x * (1 / y).bfloat16().float(), None),
    ("pow", "rounded exponent", lambda x, y: x**y.half().float(), None),
    ("add", "truncated", lambda x, y: short_mantissa(x + y), None),
    ("mul_special", "NaN lost", lambda x, y: (x * y).nan_to_num(0.0, math.inf, -math.inf), None),
    ("relu_special", "NaN lost", lambda x: torch.fmax(x, torch.zeros(())), None),
    ("maximum_special", "NaN lost", torch.fmax, None),
    ("exp_special", "infinity saturated", lambda x: torch.exp(x).clamp(max=torch.finfo(torch.float32).max), None),
    ("cast_f32_to_i64", "rounded", lambda x: x.round().long(), None),
    ("cast_f32_to_i64", "towards minus infinity", lambda x: x.floor().long(), None),
    ("cast_f32_to_i1", "truncated first", lambda x: x.long().bool(), scale_inputs(0.1)),
    ("ge_i64", "greater only", torch.gt, None),
    ("where", "inverted", lambda c, x, y: torch.where(c, y.expand_as(x), x), None),
    ("permute_heads", "other axes", lambda x: x.permute(0, 2, 1, 3).roll(1, -1), None),
    ("reshape_split", "order", lambda x: x.view(*x.shape[:2], 3, 4).mT, None),
    ("slice_start", "off by one", lambda x: x[:-1], None),
    ("select_last", "first", lambda x: x[0], None),
    ("concat_rows", "order", lambda x, y: torch.cat([y, x]), None),
    ("embedding_input", "row off by one", lambda i, w: F.embedding((i + 1) % 7, w), None),
    ("gather_last", "wrong axis", lambda x, i: x.roll(1, 0).gather(1, i), None),
    ("index_negative", "not wrapped", lambda x, i: x[(i - 7).clamp(min=0)], None),
]  # fmt: skip

#: What a device with loose roots or without NaN is allowed, and the host is not.
HOST_ONLY = {"sqrt", "rsqrt", "mul_special", "relu_special", "maximum_special", "exp_special"}


@pytest.mark.parametrize(
    ("name", "mistake", "change"),
    [pytest.param(name, call, change, id=f"{name}-{what}") for name, what, call, change in MISTAKES],
)
def test_mistakes_are_outside_the_bound(name: str, mistake: Any, change: Any) -> None:
    case = BY_NAME[name]
    inputs = case.sample(33, 65)
    inputs = change(inputs) if change else inputs
    check(case, inputs, source(case, inputs), "source")
    for arithmetic in ("source", "host", "vulkan"):
        if arithmetic == "vulkan" and name in HOST_ONLY:
            continue
        comparison = estimate(case, inputs, arithmetic).compare(mistake(*inputs))
        assert not comparison.passes, f"{arithmetic}: {comparison}"


def test_flushed_subnormals_are_outside_the_hosts_bound() -> None:
    case = BY_NAME["mul"]
    inputs = scale_inputs(1e-20, 1e-20)(case.sample(5, 7))
    flushed = torch.zeros(5, 7)
    assert not estimate(case, inputs, "host").compare(flushed).passes
    assert estimate(case, inputs, "vulkan").compare(flushed).passes
