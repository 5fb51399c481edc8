# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operators of the dialect, each with inputs of odd and of changing sizes."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from conftest import FunctionModule

Maker = Callable[[int, int], torch.Tensor]

#: The values of m and n that every case runs with; the first are traced.
SIZES = ((5, 7), (1, 1), (17, 3), (2, 130), (33, 65))


@dataclasses.dataclass(frozen=True)
class Case:
    """One operator in one form.

    ``make`` gives the module (a new one, with the same parameters, every time) and ``inputs`` the tensors for sizes m
    and n; dimensions that follow them are dynamic. ``special`` marks infinities and NaN, which only the host promises.
    """

    name: str
    operator: str
    make: Callable[[], nn.Module]
    inputs: tuple[Maker, ...]
    special: bool = False

    def sample(self, m: int, n: int) -> tuple[torch.Tensor, ...]:
        torch.manual_seed(1000 * m + n)
        return tuple(make(m, n) for make in self.inputs)

    def dynamic_shapes(self) -> dict[str, Any]:
        """Returns torch.export's ``dynamic_shapes`` for the module's inputs: what changes with m or n is dynamic.

        Dimensions that are equal for all of SIZES share a symbol.
        """
        symbols: dict[tuple[int, ...], torch.export.Dim] = {}
        shapes = []
        for tensors in zip(*(self.sample(*size) for size in SIZES), strict=True):
            found = {}
            for dim, sizes in enumerate(zip(*(tensor.shape for tensor in tensors), strict=True)):
                if len(set(sizes)) > 1:
                    symbol = torch.export.Dim(f"d{len(symbols)}", min=min(sizes), max=2 * max(sizes))
                    found[dim] = symbols.setdefault(sizes, symbol)
            shapes.append(found or None)
        return {"args": tuple(shapes)}


def uniform(*shape: int, low: float = -4.0, high: float = 4.0) -> torch.Tensor:
    # In float64 first: float32's are multiples of 2^-24, whose sums and differences need no rounding.
    return (torch.rand(shape, dtype=torch.float64) * (high - low) + low).float()


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape)


def integers(*shape: int, high: int = 7, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    return torch.randint(0, high, shape, dtype=dtype)


def booleans(*shape: int) -> torch.Tensor:
    return torch.rand(shape) > 0.4


def matrix(m: int, n: int) -> torch.Tensor:
    return uniform(m, n)


def positive(m: int, n: int) -> torch.Tensor:
    return torch.exp(uniform(m, n, low=-20, high=20))


def specials(m: int, n: int) -> torch.Tensor:
    values = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e-42, 3e38, -3e38, 1.0])
    return values[torch.arange(m * n) % len(values)].reshape(m, n)


def function(call: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: FunctionModule(call)


def seeded(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Returns a maker of modules whose parameters are the same random numbers every time."""

    def build() -> nn.Module:
        torch.manual_seed(7)
        module = make()
        for parameter in module.parameters():
            nn.init.normal_(parameter)
        return module

    class Positional(nn.Module):
        """Takes its inputs as the other cases do."""

        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, *args: Any) -> Any:
            return self.inner(*args)

    return lambda: Positional(build())


def _unary() -> list[Case]:
    ranges: dict[str, Maker] = {
        "tanh": lambda m, n: uniform(m, n, low=-12, high=12),
        "exp": lambda m, n: uniform(m, n, low=-90, high=90),
        "log": positive,
        "sin": lambda m, n: uniform(m, n, low=-1000, high=1000),
        "cos": lambda m, n: uniform(m, n, low=-1000, high=1000),
        "erf": matrix,
        "sqrt": positive,
        "rsqrt": positive,
        "sigmoid": lambda m, n: uniform(m, n, low=-100, high=100),
        "neg": matrix,
        "abs": matrix,
        "relu": matrix,
    }
    cases = []
    for name, make in ranges.items():
        operator = getattr(torch, name)
        cases.append(Case(name, name, function(operator), (make,)))
        cases.append(Case(f"{name}_special", name, function(operator), (specials,), special=True))
    wide = lambda m, n: uniform(m, n, low=-12, high=12)  # noqa: E731
    cases += [
        Case("silu", "silu", function(F.silu), (wide,)),
        Case("gelu", "gelu", function(F.gelu), (wide,)),
        Case("gelu_tanh", "gelu", function(lambda x: F.gelu(x, approximate="tanh")), (wide,)),
        Case("neg_i32", "neg", function(torch.neg), (lambda m, n: integers(m, n, dtype=torch.int32),)),
        Case("abs_i64", "abs", function(torch.abs), (lambda m, n: integers(m, n) - 3,)),
        Case("relu_i64", "relu", function(torch.relu), (lambda m, n: integers(m, n) - 3,)),
        Case("logical_not", "logical_not", function(torch.logical_not), (lambda m, n: booleans(m, n),)),
        Case("tanh_scalar", "tanh", function(torch.tanh), (lambda m, n: uniform(),)),
    ]
    return cases


def _binary() -> list[Case]:
    cases = []
    for name in ("add", "sub", "mul", "div", "maximum", "minimum"):
        operator = getattr(torch, name)
        row = lambda m, n: uniform(n)  # noqa: E731
        column = lambda m, n: uniform(3, m, 1)  # noqa: E731
        cases += [
            Case(name, name, function(operator), (matrix, matrix)),
            Case(f"{name}_row", name, function(operator), (matrix, row)),
            Case(f"{name}_column", name, function(operator), (column, matrix)),
            Case(f"{name}_outer", name, function(operator), (lambda m, n: uniform(m, 1), row)),
            Case(f"{name}_special", name, function(operator), (specials, matrix), special=True),
        ]
        if name != "div":
            small = lambda m, n: integers(m, n, dtype=torch.int32)  # noqa: E731
            cases.append(Case(f"{name}_i32", name, function(operator), (small, small)))
            cases.append(Case(f"{name}_i64", name, function(operator), (integers, integers)))
    for name in ("bitwise_and", "bitwise_or"):
        operator = getattr(torch, name)
        cases.append(Case(f"{name}_i64", name, function(operator), (integers, integers)))
        cases.append(Case(f"{name}_i1", name, function(operator), (booleans, lambda m, n: booleans(n))))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        operator = getattr(torch, name)
        halves = lambda m, n: integers(m, n) / 2  # noqa: E731
        cases.append(Case(f"{name}_f32", name, function(operator), (halves, halves)))
        cases.append(Case(f"{name}_i64", name, function(operator), (integers, lambda m, n: integers(n))))
        cases.append(Case(f"{name}_special", name, function(operator), (specials, matrix), special=True))
    base, exponent = (lambda m, n: uniform(m, n, low=0.1, high=9)), (lambda m, n: uniform(m, n, low=-3, high=3))
    cases += [
        Case("pow", "pow", function(torch.pow), (base, exponent)),
        Case("pow_square", "pow", function(lambda x: x**2), (matrix,)),
        Case("add_scalar", "add", function(lambda x: x + 0.1), (matrix,)),
        Case("where", "where", function(torch.where), (booleans, matrix, lambda m, n: uniform(n))),
        Case("where_i64", "where", function(torch.where), (booleans, integers, integers)),
        Case("where_scalar", "where", function(lambda c, x: torch.where(c, x, -math.inf)), (booleans, matrix)),
        Case("maximum_i1_as_or", "bitwise_or", function(torch.maximum), (booleans, booleans)),
    ]
    return cases


def _casts_and_new_tensors() -> list[Case]:
    types = {"f16": torch.float16, "f32": torch.float32, "i32": torch.int32, "i64": torch.int64, "i1": torch.bool}
    sources: dict[str, Maker] = {
        "f16": lambda m, n: (uniform(m, n, low=-100, high=100).trunc() / 4).half(),
        "f32": lambda m, n: uniform(m, n, low=-100, high=100).trunc() / 4,
        "i32": lambda m, n: integers(m, n, high=200, dtype=torch.int32) - 100,
        "i64": lambda m, n: integers(m, n, high=200) - 100,
        "i1": booleans,
    }
    cases = [
        Case(f"cast_{a}_to_{b}", "cast", function(lambda x, t=types[b]: x.to(t)), (sources[a],))
        for a in types
        for b in types
        if a != b
    ]
    return [
        *cases,
        Case("full", "full", function(lambda x: torch.full((x.shape[0], 3, x.shape[1]), 0.1)), (matrix,)),
        Case("full_i64", "full", function(lambda x: x.new_full((x.shape[1] + 1,), 7)), (integers,)),
        Case("full_i1", "full", function(lambda x: torch.ones_like(x)), (booleans,)),
        Case("arange", "arange", function(lambda x: torch.arange(x.shape[1])), (matrix,)),
        Case("arange_f32", "arange", function(lambda x: torch.arange(2, 2 * x.shape[1] + 2, 2, dtype=torch.float32)),
             (matrix,)),
        Case("arange_i32", "arange", function(lambda x: torch.arange(x.shape[0], dtype=torch.int32)), (matrix,)),
        Case("size_as_number", "arange", function(lambda x: x + x.shape[1]), (integers,)),
    ]  # fmt: skip


def _movement() -> list[Case]:
    table: list[tuple[str, str, Callable[..., Any], tuple[Maker, ...]]] = [
        ("reshape_flat", "reshape", lambda x: x.reshape(-1), (matrix,)),
        ("reshape_split", "reshape", lambda x: x.view(x.shape[0], x.shape[1], 4, 3), (lambda m, n: uniform(m, n, 12),)),
        ("reshape_merge", "reshape", lambda x: x.flatten(1), (lambda m, n: uniform(m, n, 4),)),
        ("permute_2d", "permute", lambda x: x.t(), (matrix,)),
        ("permute_heads", "permute", lambda x: x.permute(0, 2, 1, 3), (lambda m, n: uniform(m, n, 3, 5),)),
        ("permute_rotate", "permute", lambda x: x.permute(2, 0, 1), (lambda m, n: uniform(m, 3, n),)),
        ("permute_i64", "permute", lambda x: x.t(), (integers,)),
        ("unsqueeze", "unsqueeze", lambda x: x.unsqueeze(1), (matrix,)),
        ("squeeze", "squeeze", lambda x: x.squeeze((1, 3)), (lambda m, n: uniform(m, 1, n, 1),)),
        ("expand_new", "expand", lambda x: x.expand(3, -1, -1), (matrix,)),
        ("expand_size", "expand", lambda x, y: x.expand(y.shape), (lambda m, n: uniform(m, 1), matrix)),
        ("expand_i1", "expand", lambda x, y: x[:, None].expand(-1, y.shape[0], -1), (booleans, matrix)),
        ("slice_start", "slice", lambda x: x[1:], (lambda m, n: uniform(m + 3, n),)),
        ("slice_end", "slice", lambda x: x[:, :-2], (lambda m, n: uniform(m, n + 3),)),
        ("slice_step", "slice", lambda x: x[1:-1:2], (lambda m, n: uniform(2 * m + 5, n),)),
        ("slice_size", "slice", lambda x, y: x[:, : y.shape[1]], (lambda m, n: uniform(3, 300), matrix)),
        ("select_first", "select", lambda x: x[:, 0], (lambda m, n: uniform(m, n, 5),)),
        ("select_last", "select", lambda x: x[-1], (matrix,)),
        ("concat_rows", "concat", lambda x, y: torch.cat([x, y]), (matrix, lambda m, n: uniform(3, n))),
        ("concat_columns", "concat", lambda x, y, z: torch.cat([x, y, z], 1),
         (matrix, lambda m, n: uniform(m, 3), matrix)),
        ("concat_i64", "concat", lambda x, y: torch.cat([x, y], -1), (integers, integers)),
        ("embedding_input", "embedding", lambda i, w: F.embedding(i, w), (integers, lambda m, n: uniform(7, 5))),
        ("embedding_i32", "embedding", lambda i, w: F.embedding(i, w),
         (lambda m, n: integers(n, dtype=torch.int32), lambda m, n: uniform(7, 4))),
        ("gather_last", "gather", lambda x, i: x.gather(1, i), (lambda m, n: uniform(m, 7), integers)),
        ("gather_first", "gather", lambda x, i: x.gather(0, i), (lambda m, n: uniform(7, n), integers)),
        ("gather_i64", "gather", lambda x, i: x.gather(1, i), (lambda m, n: integers(m, 7), integers)),
        ("index_rows", "index", lambda x, i: x[i], (lambda m, n: uniform(7, n), integers)),
        ("index_negative", "index", lambda x, i: x[i - 7], (lambda m, n: uniform(7, n), integers)),
        ("index_pairs", "index", lambda x, i, j: x[i, j],
         (lambda m, n: uniform(7, 7, 3), lambda m, n: integers(m, 1), lambda m, n: integers(n))),
        ("index_inner", "index", lambda x, i: x[:, i], (lambda m, n: uniform(m, 7, 3), lambda m, n: integers(n))),
        ("index_i1", "index", lambda x, i: x[i], (lambda m, n: booleans(7, n), integers)),
        ("amax_rows", "amax", lambda x: x.amax(1), (matrix,)),
        ("amax_columns", "amax", lambda x: x.amax(0, keepdim=True), (matrix,)),
        ("amax_all", "amax", lambda x: x.amax((0, 1)), (matrix,)),
        ("amax_i32", "amax", lambda x: x.amax(-1), (lambda m, n: integers(m, n, dtype=torch.int32),)),
        ("sum_i64", "sum", lambda x: x.sum(-1), (integers,)),
        ("sum_i1", "sum", lambda x: x.sum(0), (booleans,)),
    ]  # fmt: skip
    cases = [Case(name, operator, function(call), inputs) for name, operator, call, inputs in table]
    cases.append(Case("embedding_weight", "embedding", seeded(lambda: nn.Embedding(7, 6)), (integers,)))
    return cases


def _accumulations() -> list[Case]:
    wide = lambda m, n: uniform(m, 3, n)  # noqa: E731
    cases = [
        Case("sum_rows", "sum", function(lambda x: x.sum(1)), (matrix,)),
        Case("sum_columns", "sum", function(lambda x: x.sum(0, keepdim=True)), (matrix,)),
        Case("sum_outer", "sum", function(lambda x: x.sum((0, 2))), (wide,)),
        Case("sum_all", "sum", function(torch.sum), (wide,)),
        Case("mean_rows", "mean", function(lambda x: x.mean(-1, keepdim=True)), (matrix,)),
        Case("mean_columns", "mean", function(lambda x: x.mean(0)), (matrix,)),
    ]
    products: list[tuple[str, Maker, Maker]] = [
        ("matmul", matrix, lambda m, n: uniform(n, 6)),
        ("matmul_dynamic", lambda m, n: uniform(m, 9), lambda m, n: uniform(9, n)),
        ("matmul_batch", lambda m, n: uniform(2, 3, m, 8), lambda m, n: uniform(2, 3, 8, n)),
        ("matmul_broadcast", lambda m, n: uniform(3, m, n), lambda m, n: uniform(n, 4)),
        ("matmul_broadcast_both", lambda m, n: uniform(2, 1, m, 5), lambda m, n: uniform(3, 5, n)),
        ("matmul_large", lambda m, n: uniform(m, 384), lambda m, n: uniform(384, 48)),
    ]
    cases += [Case(name, "matmul", function(torch.matmul), (a, b)) for name, a, b in products]
    for name, width, outputs in (("odd", 13, 11), ("aligned", 32, 64), ("long", 384, 40)):
        rows = lambda m, n, width=width: uniform(m, n, width)  # noqa: E731
        cases += [
            Case(f"linear_{name}{suffix}", "linear", seeded(functools.partial(nn.Linear, width, outputs, bias=bias)),
                 (rows,))
            for suffix, bias in (("", True), ("_no_bias", False))
        ]  # fmt: skip
    cases.append(Case("linear_square", "linear", seeded(lambda: nn.Linear(65, 65)), (lambda m, n: uniform(m, n, 65),)))
    cases.append(
        Case("linear_inputs", "linear", function(F.linear),
             (lambda m, n: uniform(m, 13), lambda m, n: uniform(n, 13), lambda m, n: uniform(n)))
    )  # fmt: skip
    return cases


def _composites() -> list[Case]:
    spread = lambda m, n: uniform(m, n, low=-30, high=30)  # noqa: E731
    cases = [
        Case("softmax_rows", "softmax", function(lambda x: x.softmax(-1)), (spread,)),
        Case("softmax_columns", "softmax", function(lambda x: x.softmax(0)), (spread,)),
        Case("softmax_middle", "softmax", function(lambda x: x.softmax(1)), (lambda m, n: uniform(m, n, 5),)),
    ]  # fmt: skip
    for name, epsilon, make in (
        ("layer_norm", 1e-12, lambda m, n: normal(m, n, 24)),
        ("layer_norm_offset", 1e-5, lambda m, n: normal(m, 24) + 100),
        ("layer_norm_small", 1e-12, lambda m, n: normal(m, 24) * 1e-3),
    ):
        module = seeded(lambda epsilon=epsilon: nn.LayerNorm(24, epsilon))
        cases.append(Case(name, "layer_norm", module, (make,)))
    cases += [
        Case("layer_norm_plain", "layer_norm", function(lambda x: F.layer_norm(x, (13,))),
             (lambda m, n: normal(m, n, 13),)),
        Case("layer_norm_two_dims", "layer_norm", seeded(lambda: nn.LayerNorm((3, 5), 1e-6, bias=False)),
             (lambda m, n: normal(m, 3, 5),)),
    ]  # fmt: skip

    query, key = (lambda m, n: uniform(2, 3, m, 8)), (lambda m, n: uniform(2, 3, n, 8))
    attention = F.scaled_dot_product_attention

    def some(*shape: int) -> torch.Tensor:
        """A mask with at least one true value in every row."""
        return booleans(*shape) | (torch.arange(shape[-1]) == 0)

    cases += [
        Case(f"attention{suffix}", "scaled_dot_product_attention", function(call), inputs)
        for suffix, call, inputs in (
            ("", attention, (query, key, key)),
            ("_scale", lambda q, k, v: attention(q, k, v, scale=0.3), (query, key, key)),
            ("_causal", lambda q, k, v: attention(q, k, v, is_causal=True), (query, query, query)),
            ("_mask", attention, (query, key, key, lambda m, n: some(2, 1, m, n))),
            ("_mask_keys", attention, (query, key, key, lambda m, n: some(2, 1, 1, n))),
            ("_bias", attention, (query, key, key, lambda m, n: uniform(3, m, n))),
            ("_values", attention, (query, key, lambda m, n: uniform(2, 3, n, 5))),
            ("_heads", attention, (lambda m, n: uniform(m, 12, n, 32),) * 3),
        )
    ]  # fmt: skip
    return cases


def _halve(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half() if tensor.is_floating_point() else tensor


def in_half(case: Case) -> Case:
    """Returns the same operator on float16."""
    inputs = tuple(lambda m, n, make=make: _halve(make(m, n)) for make in case.inputs)
    return dataclasses.replace(case, name=f"{case.name}_f16", make=lambda: case.make().half(), inputs=inputs)


#: Beside the first case of each operator, those whose float16 form has something of its own: broadcasting masks,
#: numbers that float16 does not hold, weights, rows and columns of other sizes.
HALF_CASES = {
    "add_scalar", "attention_bias", "attention_causal", "attention_heads", "attention_mask", "gelu_tanh",
    "layer_norm_offset", "layer_norm_two_dims", "linear_aligned", "linear_long", "linear_odd_no_bias",
    "matmul_broadcast", "matmul_dynamic", "matmul_large", "pow_square", "softmax_columns", "sum_columns",
    "where_scalar",
}  # fmt: skip


def _halves(cases: list[Case]) -> list[Case]:
    found: dict[str, Case] = {}
    for case in cases:
        floats = any(make(2, 2).is_floating_point() for make in case.inputs) or any(
            parameter.is_floating_point() for parameter in case.make().parameters()
        )
        if floats and case.operator not in ("arange", "cast", "full"):
            found.setdefault(case.operator if case.name not in HALF_CASES else case.name, case)
    return [in_half(case) for case in found.values()]


_SINGLES = [*_unary(), *_binary(), *_movement(), *_accumulations(), *_composites()]

CASES = [
    *_SINGLES,
    *_casts_and_new_tensors(),
    Case("full_f16", "full", function(lambda x: torch.full_like(x, 0.1)), (lambda m, n: _halve(matrix(m, n)),)),
    Case("arange_f16", "arange", function(lambda x: torch.arange(x.shape[1], dtype=torch.float16)), (matrix,)),
    Case("mul_scalar_f16", "mul", function(lambda x: x * 0.1), (lambda m, n: _halve(matrix(m, n)),)),
    Case("div_scalar_f16", "div", function(lambda x: x / 0.3), (lambda m, n: _halve(matrix(m, n)),)),
    Case(
        "layer_norm_mixed_f16",
        "layer_norm",
        seeded(lambda: nn.LayerNorm(24, 1e-5)),
        (lambda m, n: _halve(normal(m, n, 24)),),
    ),
    *_halves(_SINGLES),
]

#: One case of each operator.
FIRST_CASES = list({case.operator: case for case in reversed(CASES)}.values())
