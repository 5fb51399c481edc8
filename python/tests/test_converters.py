# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each converter on a small function, with static and with dynamic sizes.

The captured graph is evaluated by tests/reference.py and compared with what PyTorch computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tapml.api import capture
from tapml.errors import CaptureError

from conftest import FunctionModule, capture_and_check

ROWS = torch.export.Dim("rows", min=1, max=64)
TALL = torch.export.Dim("rows", min=5, max=68)  # For what only exists from a few rows on.
COLUMNS = torch.export.Dim("columns", min=1, max=64)


def matrix(*shape: int) -> torch.Tensor:
    return torch.randn(shape)


def integers(*shape: int, high: int = 7, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    return torch.randint(0, high, shape, dtype=dtype)


def booleans(*shape: int) -> torch.Tensor:
    return torch.rand(shape) > 0.4


def check(
    function: Callable[..., Any],
    *makers: Callable[[int, int], torch.Tensor],
    kinds: list[str] | None = None,
    rows: Any = ROWS,
) -> None:
    """Captures ``function`` of the tensors that ``makers`` give for 5 x 7, with fixed and then with dynamic sizes.

    The dynamic graph is also checked with other sizes. ``kinds`` are the operators that the graph must consist of.
    """
    fixed = [tuple(make(5, 7) for make in makers)]
    captured = capture_and_check(function, fixed)
    if kinds is not None:
        assert [operator.mnemonic for operator in captured.graph.operators] == kinds

    shapes = tuple(_dynamic(make, rows) for make in makers)
    if any(shape is not None for shape in shapes):
        sizes = [(5, 7), (1, 1), (6, 1), (1, 13), (17, 3)]
        samples = [tuple(make(*size) for make in makers) for size in sizes]
        captured = capture_and_check(function, samples, {"args": shapes})
        if kinds is not None:
            assert [operator.mnemonic for operator in captured.graph.operators] == kinds


def _dynamic(make: Callable[[int, int], torch.Tensor], rows: Any) -> dict[int, Any] | None:
    """Returns the dimensions of what ``make`` gives that follow its two arguments."""
    base, taller, wider = make(5, 7).shape, make(11, 7).shape, make(5, 13).shape
    found = {dim: rows for dim, size in enumerate(base) if taller[dim] != size}
    found |= {dim: COLUMNS for dim, size in enumerate(base) if wider[dim] != size}
    return found or None


@pytest.mark.parametrize("name", ["tanh", "exp", "sin", "cos", "sigmoid", "erf", "neg", "relu", "abs"])
def test_unary(name: str) -> None:
    check(getattr(torch, name), matrix, kinds=[name])


@pytest.mark.parametrize("name", ["sqrt", "rsqrt", "log"])
def test_unary_of_positive_numbers(name: str) -> None:
    check(getattr(torch, name), lambda m, n: matrix(m, n).abs() + 0.1, kinds=[name])


def test_unary_of_integers_computes_in_float() -> None:
    check(torch.exp, integers, kinds=["cast", "exp"])
    check(torch.abs, lambda m, n: integers(m, n) - 3, kinds=["abs"])


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str) -> None:
    check(lambda x: F.gelu(x, approximate=approximate), matrix, kinds=["gelu"])


def test_activations() -> None:
    check(F.silu, matrix, kinds=["silu"])
    check(torch.reciprocal, lambda m, n: matrix(m, n).abs() + 0.5, kinds=["div"])
    check(torch.square, matrix, kinds=["mul"])
    check(torch.isnan, lambda m, n: torch.log(matrix(m, n)), kinds=["ne"])
    check(torch.logical_not, booleans, kinds=["logical_not"])
    check(torch.logical_not, integers, kinds=["cast", "logical_not"])
    check(torch.bitwise_not, integers, kinds=["sub"])
    check(torch.bitwise_not, booleans, kinds=["logical_not"])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "minimum"])
def test_binary(name: str) -> None:
    operator = getattr(torch, name)
    check(operator, matrix, matrix, kinds=[name])
    check(operator, matrix, lambda m, n: matrix(n), kinds=[name])
    check(operator, matrix, lambda m, n: matrix(m, 1), kinds=[name])
    check(operator, lambda m, n: matrix(2, 1, n), lambda m, n: matrix(m, 1), kinds=[name])


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparison(name: str) -> None:
    operator = getattr(torch, name)
    check(operator, integers, integers, kinds=[name])
    check(lambda x: operator(x, 3), integers, kinds=[name])
    check(lambda x: operator(x, 2.5), integers, kinds=["cast", name])
    check(operator, matrix, integers, kinds=["cast", name])


def test_scalar_operands() -> None:
    check(lambda x: x + 2, matrix, kinds=["add"])
    check(lambda x: 3 - x, matrix, kinds=["sub"])
    check(lambda x: x * 0.1, matrix, kinds=["mul"])
    check(lambda x: 1 / (x + 5), lambda m, n: matrix(m, n).abs())
    check(lambda x: torch.add(x, x, alpha=2), matrix, kinds=["mul", "add"])
    check(lambda x: torch.sub(x, 3, alpha=0.5), matrix, kinds=["mul", "sub"])


def test_scalar_values_that_are_hard_to_write() -> None:
    for value in (float("inf"), float("-inf"), float("nan"), 1e-45, 1e-5, 3.4e38, -0.0, 1 / 3):
        check(lambda x, value=value: torch.where(x > 0, x, value), matrix)


def test_type_promotion() -> None:
    check(torch.add, matrix, integers, kinds=["cast", "add"])
    check(torch.add, integers, lambda m, n: integers(m, n, dtype=torch.int32), kinds=["cast", "add"])
    check(torch.mul, matrix, booleans, kinds=["cast", "mul"])
    check(lambda x: x + 1.5, integers, kinds=["cast", "add"])
    check(lambda x: x + True, lambda m, n: integers(m, n, dtype=torch.int32), kinds=["add"])
    check(torch.div, integers, lambda m, n: integers(m, n) + 1, kinds=["cast", "cast", "div"])
    # Tensors of rank 0 promote only across kinds.
    check(torch.add, lambda m, n: integers(m, n, dtype=torch.int32), lambda m, n: integers(), kinds=["cast", "add"])
    check(torch.add, booleans, booleans, kinds=["bitwise_or"])
    check(torch.mul, booleans, booleans, kinds=["bitwise_and"])


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or"])
def test_bitwise(name: str) -> None:
    check(getattr(torch, name), integers, integers, kinds=[name])
    check(getattr(torch, name), booleans, booleans, kinds=[name])
    check(lambda x: getattr(torch, name)(x, 5), integers, kinds=[name])


def test_logical() -> None:
    check(torch.logical_and, booleans, integers, kinds=["cast", "bitwise_and"])
    check(torch.logical_or, booleans, booleans, kinds=["bitwise_or"])
    check(torch.logical_xor, booleans, booleans, kinds=["ne"])


def test_pow() -> None:
    check(lambda x: x**2, matrix, kinds=["pow"])
    check(lambda x: x**3, integers, kinds=["pow"])
    check(lambda x: x.abs() ** 0.5, matrix, kinds=["abs", "pow"])
    check(lambda x: (x.abs() + 1) ** -0.5, matrix)
    check(lambda x: (x.abs() + 1) ** -1, matrix)
    check(lambda x: (x.abs() + 1) ** 1.7, matrix, kinds=["abs", "add", "pow"])
    check(lambda x: 2.0**x, matrix, kinds=["pow"])
    check(lambda x: 2**x, integers, kinds=["pow"])
    check(lambda x, y: x.abs() ** y, matrix, matrix, kinds=["abs", "pow"])


def test_where() -> None:
    check(torch.where, booleans, matrix, matrix, kinds=["where"])
    check(torch.where, booleans, matrix, lambda m, n: integers(n), kinds=["cast", "where"])
    check(lambda c, x: torch.where(c, x, 1.0), booleans, matrix, kinds=["where"])
    check(lambda c: torch.where(c, 1.0, 0.0), booleans, kinds=["where"])
    check(lambda x, m: x.masked_fill(m, float("-inf")), matrix, booleans, kinds=["where"])
    check(lambda x, m: x.masked_fill(m, -1), matrix, lambda m, n: booleans(n), kinds=["where"])
    check(lambda x, m, v: x.masked_fill(m, v), matrix, booleans, lambda m, n: matrix(), kinds=["where"])


def test_clamp() -> None:
    check(lambda x: x.clamp(-0.5, 0.5), matrix, kinds=["maximum", "minimum"])
    check(lambda x: x.clamp(min=0), integers, kinds=["maximum"])
    check(lambda x: x.clamp_max(0.25), matrix, kinds=["minimum"])
    check(lambda x, y: x.clamp(min=y), matrix, lambda m, n: matrix(n), kinds=["maximum"])


def test_casts() -> None:
    check(lambda x: x.to(torch.int64), lambda m, n: matrix(m, n) * 10, kinds=["cast"])
    check(lambda x: x.int(), lambda m, n: matrix(m, n) * 10, kinds=["cast"])
    check(lambda x: x.bool(), integers, kinds=["cast"])
    check(lambda x: x.float(), booleans, kinds=["cast"])
    check(lambda x, y: x.type_as(y), integers, matrix, kinds=["cast"])
    check(lambda x: x.to(torch.float32) + x.contiguous().clone().detach(), matrix, kinds=["add"])


def test_new_tensors() -> None:
    check(lambda x: x + torch.zeros_like(x), matrix, kinds=["full", "add"])
    check(lambda x: x * torch.ones(x.shape[1]), matrix, kinds=["full", "mul"])
    check(lambda x: x.new_full((x.shape[0] + 1, 3), 2), integers, kinds=["full"])
    check(lambda x: torch.full_like(x, 0.25), matrix, kinds=["full"])
    check(lambda x: x.new_zeros(x.shape[1] * 2), matrix, kinds=["full"])
    check(lambda x: x + torch.scalar_tensor(3), matrix)


def test_arange() -> None:
    check(lambda x: torch.arange(x.shape[1]), matrix, kinds=["arange"])
    check(lambda x: x + torch.arange(x.shape[1], dtype=torch.float32), matrix, kinds=["arange", "add"])
    check(lambda x: torch.arange(2, x.shape[0] + 2, dtype=torch.int32), matrix, kinds=["arange"])
    check(lambda x: torch.arange(0, 2 * x.shape[0], 2), matrix, kinds=["arange"])
    check(lambda x: torch.arange(0.0, 5.0) + x[0, 0], matrix)


def test_sizes_as_numbers() -> None:
    check(lambda x: x + x.shape[1], matrix)
    check(lambda x: x * x.shape[0] * 2 - x.shape[1] // 2, integers)
    check(lambda x: x / x.shape[1] ** 0.5, matrix)
    check(lambda x: x + x.shape[0] / x.shape[1], matrix)
    check(lambda x: x * (x.shape[0] * x.shape[1] % 3), matrix)


def test_reshape() -> None:
    check(lambda x: x.view(-1), matrix, kinds=["reshape"])
    check(lambda x: x.reshape(x.shape[1] * x.shape[0], 1, 1), matrix, kinds=["reshape"])
    check(lambda x: x.flatten(1), lambda m, n: matrix(m, n, 4), kinds=["reshape"])
    check(lambda x: x.unflatten(2, (2, 3)), lambda m, n: matrix(m, n, 6), kinds=["reshape"])
    check(lambda x: x.view(x.shape) + x.view(x.shape[0], -1), matrix, kinds=["add"])


def test_permute() -> None:
    check(lambda x: x.transpose(0, -1), matrix, kinds=["permute"])
    check(lambda x: x.permute(2, 0, 1), lambda m, n: matrix(m, 3, n), kinds=["permute"])
    check(lambda x: x.t(), matrix, kinds=["permute"])
    check(lambda x: x.mT, lambda m, n: matrix(2, m, n), kinds=["permute"])
    check(lambda x: x.movedim(0, 2), lambda m, n: matrix(m, 3, n), kinds=["permute"])
    check(lambda x: x.swapaxes(-1, -2), matrix, kinds=["permute"])
    check(lambda x: x.permute(0, 1) + x, matrix, kinds=["add"])


def test_unsqueeze_and_squeeze() -> None:
    check(lambda x: x.unsqueeze(-1), matrix, kinds=["unsqueeze"])
    check(lambda x: x[:, None, :, None], matrix, kinds=["unsqueeze", "unsqueeze"])
    check(lambda x: x.squeeze(1), lambda m, n: matrix(m, 1, n), kinds=["squeeze"])
    check(lambda x: x.squeeze((0, -1)), lambda m, n: matrix(1, m, n, 1), kinds=["squeeze"])
    check(lambda x: x.squeeze(-1) * 2, lambda m, n: matrix(m, 3), kinds=["mul"])


def test_expand() -> None:
    check(lambda x: x.expand(3, -1, -1), matrix, kinds=["expand"])
    check(lambda x: x[:, :1].expand(x.shape), matrix, kinds=["slice", "expand"])
    check(lambda x, y: x.expand_as(y), lambda m, n: matrix(n), matrix, kinds=["expand"])
    check(lambda x: x.expand(-1, -1) + 1, matrix, kinds=["add"])


def test_slice() -> None:
    tall = lambda m, n: matrix(m + 4, n)  # noqa: E731
    check(lambda x: x[1:3], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[-3:], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[:-2], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[1:-1:2], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[::3], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[: x.shape[0] - 3], tall, rows=TALL, kinds=["slice"])
    check(lambda x: x[:100] * 1.5, tall, rows=TALL, kinds=["mul"])
    check(lambda x: x.narrow(0, 2, 2), tall, rows=TALL, kinds=["slice"])


def test_select() -> None:
    check(lambda x: x[0], matrix, kinds=["select"])
    check(lambda x: x[:, -1], matrix, kinds=["select"])
    check(lambda x: sum(x.unbind(1)), lambda m, n: matrix(m, 3))


def test_split() -> None:
    check(lambda x: x.split(2, dim=1)[1], lambda m, n: matrix(m, 5), kinds=["slice"])
    check(lambda x: list(x.split([1, 4], dim=-1)), lambda m, n: matrix(m, 5), kinds=["slice", "slice"])
    check(lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[1], lambda m, n: matrix(m, 6), kinds=["slice", "slice", "mul"])


def test_concat() -> None:
    check(lambda x, y: torch.cat([x, y]), matrix, matrix, kinds=["concat"])
    check(lambda x, y: torch.cat([x, y], -1), matrix, lambda m, n: integers(m, 3), kinds=["cast", "concat"])
    check(lambda x: torch.stack([x, x + 1], 1), matrix, kinds=["add", "unsqueeze", "unsqueeze", "concat"])
    check(lambda x: torch.cat([x]) * 2, matrix, kinds=["mul"])
    check(lambda x: torch.cat([torch.zeros(0), x]) * 2, matrix)


def test_repeat() -> None:
    check(lambda x: x.repeat(2, 3), matrix)
    check(lambda x: x.repeat(2, 1, 1), matrix)
    check(lambda x: x.repeat_interleave(3, dim=1), matrix, kinds=["unsqueeze", "expand", "reshape"])


def test_writes_to_parts_of_a_tensor() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y[1:3].fill_(0.5)
        y[:, -1].mul_(3)
        y[0, :2] += x[0, 0]
        y[2:] = x[0]
        y[:] = y + 1
        return y

    check(function, lambda rows, columns: matrix(rows + 4, 7), rows=TALL)
    check(
        lambda x: torch.slice_scatter(x, x[:1] + 1, 0, x.shape[0] - 1),
        matrix,
        kinds=["slice", "add", "slice", "concat"],
    )


def test_pad() -> None:
    check(lambda x: F.pad(x, (1, 2, 0, 1), value=0.5), matrix, kinds=["full", "full", "concat", "full", "concat"])


def test_linear() -> None:
    check(F.linear, lambda m, n: matrix(m, n, 6), lambda m, n: matrix(4, 6), kinds=["linear"])
    check(F.linear, lambda m, n: matrix(m, 6), lambda m, n: matrix(4, 6), lambda m, n: matrix(4), kinds=["linear"])
    check(F.linear, lambda m, n: matrix(6), lambda m, n: matrix(4, 6), kinds=["linear"])


def test_matmul() -> None:
    check(torch.matmul, lambda m, n: matrix(m, 6), lambda m, n: matrix(6, n), kinds=["matmul"])
    check(torch.matmul, lambda m, n: matrix(2, m, 6), lambda m, n: matrix(6, n), kinds=["matmul"])
    check(torch.bmm, lambda m, n: matrix(3, m, n), lambda m, n: matrix(3, n, 4), kinds=["matmul"])
    check(torch.mm, matrix, lambda m, n: matrix(n, 4), kinds=["matmul"])
    check(torch.mv, matrix, lambda m, n: matrix(n), kinds=["unsqueeze", "matmul", "squeeze"])
    check(torch.matmul, lambda m, n: matrix(n), lambda m, n: matrix(3, n, m))
    check(torch.dot, lambda m, n: matrix(n), lambda m, n: matrix(n))
    check(torch.addmm, lambda m, n: matrix(4), matrix, lambda m, n: matrix(n, 4), kinds=["matmul", "add"])
    check(lambda a, b, c: torch.baddbmm(a, b, c, beta=0.5, alpha=2), lambda m, n: matrix(2, m, 4),
          lambda m, n: matrix(2, m, n), lambda m, n: matrix(2, n, 4))  # fmt: skip


def test_layer_norm() -> None:
    check(lambda x: F.layer_norm(x, (6,)), lambda m, n: matrix(m, n, 6), kinds=["layer_norm"])
    check(lambda x, w: F.layer_norm(x, (3, 2), w), lambda m, n: matrix(m, 3, 2), lambda m, n: matrix(3, 2))
    check(lambda x, b: F.layer_norm(x, (6,), None, b, 1e-12), lambda m, n: matrix(m, 6), lambda m, n: matrix(6))
    check(
        lambda x, w, b: F.layer_norm(x, (6,), w, b),
        lambda m, n: matrix(m, 6),
        lambda m, n: matrix(6),
        lambda m, n: matrix(6),
    )


def test_softmax() -> None:
    check(lambda x: x.softmax(-1), matrix, kinds=["softmax"])
    check(lambda x: x.softmax(0), matrix, kinds=["softmax"])
    check(lambda x: x.softmax(-1, dtype=torch.float32), integers, kinds=["cast", "softmax"])
    check(lambda x: x.log_softmax(1), matrix, kinds=["amax", "sub", "exp", "sum", "log", "sub"])


def test_attention() -> None:
    query = lambda m, n: matrix(2, 4, m, 8)  # noqa: E731
    key = lambda m, n: matrix(2, 4, n, 8)  # noqa: E731
    attention = F.scaled_dot_product_attention
    check(attention, query, key, key, kinds=["scaled_dot_product_attention"])
    check(lambda q, k, v: attention(q, k, v, scale=0.3), query, key, key)
    check(lambda q, k, v: attention(q, k, v, is_causal=True), query, query, query)
    check(lambda q, k, v, m: attention(q, k, v, m), query, key, key, lambda m, n: matrix(m, n))
    check(
        lambda q, k, v, m: attention(q, k, v, m),
        query,
        key,
        key,
        lambda m, n: booleans(2, 1, m, n) | torch.eye(m, n).bool(),
    )


def test_grouped_attention() -> None:
    check(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        lambda m, n: matrix(2, 6, m, 8), lambda m, n: matrix(2, 2, n, 8), lambda m, n: matrix(2, 2, n, 8),
    )  # fmt: skip


def test_embedding() -> None:
    check(F.embedding, integers, lambda m, n: matrix(7, 4), kinds=["embedding"])
    check(F.embedding, lambda m, n: integers(n, dtype=torch.int32), lambda m, n: matrix(7, 4), kinds=["embedding"])


def test_gather() -> None:
    check(lambda x, i: x.gather(1, i), lambda m, n: matrix(m, 7), integers, kinds=["gather"])
    check(lambda x, i: x.gather(-2, i), lambda m, n: matrix(7, n), lambda m, n: integers(3, n), kinds=["gather"])


def test_index() -> None:
    places = lambda m, n: integers(n, high=3)  # noqa: E731
    check(lambda x, i: x[i], lambda m, n: matrix(3, m), places, kinds=["index"])
    check(lambda x, i: x[:, i], lambda m, n: matrix(m, 3, 2), places, kinds=["index"])
    check(lambda x, i: x[:, i, i[:, None]], lambda m, n: matrix(m, 3, 4, 2), places, kinds=["unsqueeze", "index"])
    check(lambda x, i: x[i, :, i], lambda m, n: matrix(3, m, 4), places, kinds=["permute", "index"])
    check(lambda x, i: x[i - 3], lambda m, n: matrix(3, m), places, kinds=["sub", "index"])
    check(lambda x, i: x.index_select(1, i), lambda m, n: matrix(m, 3), places, kinds=["index"])


def test_reductions() -> None:
    check(torch.sum, matrix, kinds=["sum"])
    check(lambda x: x.sum(-1, keepdim=True), matrix, kinds=["sum"])
    check(lambda x: x.sum((0, 2)), lambda m, n: matrix(m, 3, n), kinds=["sum"])
    check(lambda x: x.sum(0), booleans, kinds=["cast", "sum"])
    check(lambda x: x.mean(1), matrix, kinds=["mean"])
    check(lambda x: x.mean(1, dtype=torch.float32), integers, kinds=["cast", "mean"])
    check(lambda x: x.amax(-1), matrix, kinds=["amax"])
    check(lambda x: x.amin((0, 1)), matrix, kinds=["neg", "amax", "neg"])
    check(torch.max, matrix, kinds=["amax"])
    check(torch.min, matrix)
    check(lambda x: x.any(-1), booleans)
    check(lambda x: x.all(), integers)
    check(lambda x: x.all(0, keepdim=True), booleans)
    check(lambda x: x.var(-1), lambda m, n: matrix(m, 6))
    check(lambda x: x.var(-1, correction=0, keepdim=True), lambda m, n: matrix(m, 6))


def test_decomposed_operators() -> None:
    check(torch.addcmul, matrix, matrix, matrix)
    check(lambda x, y: torch.einsum("ij,kj->ik", x, y), matrix, lambda m, n: matrix(4, n))
    check(F.leaky_relu, matrix, kinds=["gt", "mul", "where"])
    check(F.hardtanh, matrix, kinds=["maximum", "minimum"])
    check(lambda x: F.rms_norm(x, (6,)), lambda m, n: matrix(m, 6))
    check(lambda x: torch.tril(x), matrix)


def test_in_place_operators_on_temporaries() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y += 1
        return y.relu_()

    check(function, matrix, kinds=["mul", "add", "relu"])


@pytest.mark.parametrize(
    ("function", "operator"),
    [
        (lambda x: x.topk(2).values, "aten.topk"),
        (lambda x: x[x > 0], "aten.index"),
        (lambda x: x.nonzero(), "aten.nonzero"),
        (lambda x: x.cumsum(0), "aten.cumsum"),
        (lambda x: x.double() * 2, "aten.to"),
    ],
)
def test_unsupported(function: Any, operator: str) -> None:
    with pytest.raises(CaptureError) as info:
        capture(FunctionModule(function), (torch.randn(5, 7),), set_eval=True)
    assert operator in [item.op for item in info.value.unsupported]
