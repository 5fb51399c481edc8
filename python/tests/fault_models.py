# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of two layers that faults are planted in: few operators, layers of different sizes.

Layers of equal sizes would share their code, and a fault in the code of one would be in both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.export import Dim


class Layers(nn.Module):
    """Layers one after the other."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x) if mask is None else layer(x, mask)
        return x


class FeedForward(nn.Module):
    """A linear layer, its activation, the way back, the residual and a norm."""

    def __init__(self, size: int, inner: int, activation: nn.Module, following: int | None = None) -> None:
        super().__init__()
        self.dense = nn.Linear(size, inner)
        self.act = activation
        self.output = nn.Linear(inner, size)
        self.norm = nn.LayerNorm(size, eps=1e-5)
        self.last = nn.Linear(size, following) if following else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.norm(x + self.output(self.act(self.dense(x)))))


class Attention(nn.Module):
    """Attention of several heads, with a mask or a causal one, and the way to the next size."""

    def __init__(self, size: int, following: int, heads: int = 2, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query = nn.Linear(size, size)
        self.value = nn.Linear(size, size)
        self.output = nn.Linear(size, following)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        def split(y: torch.Tensor) -> torch.Tensor:
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        kept = None if mask is None else mask[:, None, None, :]
        y = nn.functional.scaled_dot_product_attention(
            split(self.query(x)), split(x), split(self.value(x)), attn_mask=kept, is_causal=self.causal
        )
        return self.output(y.transpose(1, 2).flatten(2))


class Pooling(nn.Module):
    """The first columns, scaled; their softmax and their sum."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(columns))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x[:, : len(self.scale)] * self.scale
        return y.softmax(-1) + y.sum(-1, keepdim=True)


class Rows(nn.Module):
    """A matrix with as many rows as columns, and a row that is added to each of its own."""

    def __init__(self, size: int, following: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.randn(size))
        self.weight = nn.Parameter(torch.randn(following, size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x + self.shift
        return self.weight @ y @ self.weight.T


class Moves(nn.Module):
    """Data that is moved, and nothing else."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.transpose(-1, -2).contiguous()
        return torch.cat([y[:, : self.columns], y[:, : self.columns]], dim=-1)


class Tables(nn.Module):
    """Numbers that become indices."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Embedding(50, 12)
        self.second = nn.Embedding(50, 20)

    def forward(self, ids: torch.Tensor, times: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        near = self.first(ids)
        far = self.second(ids)
        return near.sum(-1) * far.sum(-1), (times * 1.5).to(torch.int32)


class Quotients(nn.Module):
    """The first columns, divided once by each of several scales."""

    def __init__(self, columns: int, count: int) -> None:
        super().__init__()
        self.scales = nn.ParameterList(torch.rand(columns) + 0.5 for _ in range(count))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x[:, : len(self.scales[0])]
        for scale in self.scales:
            x = x / scale
        return x


class Signs(nn.Module):
    """Which numbers are positive."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x > 0


class Activations(nn.Module):
    """The same activation twice, in its two forms."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.GELU()
        self.second = nn.GELU(approximate="tanh")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x) * 2)


class Choices(nn.Module):
    """A window of the columns, chosen from, cut off, put together and divided."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.scale = nn.Parameter(torch.rand(columns) + 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x[:, 1 : self.columns + 1]
        kept = torch.where(y > 0, y, self.scale)
        y = torch.cat([kept.clamp(0.25, 1.0), y - self.scale], dim=-1)
        return y / (self.scale.repeat(2) + 1)


class Rotary(nn.Module):
    """Pairs of columns turned by an angle that grows with the row."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.register_buffer("rates", 0.1 ** torch.arange(columns // 2))

    def forward(self, x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        angles = positions[:, None] * self.rates
        a, b = x[:, : self.columns].chunk(2, dim=-1)
        cos, sin = angles.cos(), angles.sin()
        return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


@dataclass(frozen=True)
class Model:
    make: Callable[[], nn.Module]
    #: Calls of the model, from a seed.
    sample: Callable[[int], list[Any]]
    dynamic_shapes: Any = None


_ROWS = Dim("rows", min=2, max=64)
_TOKENS = Dim("tokens", min=2, max=64)


def rows(size: int, counts: tuple[int, ...], scale: float = 1.0) -> list[Any]:
    return [(torch.randn(count, size) * scale,) for count in counts]


def masked(size: int) -> list[Any]:
    samples = []
    for tokens, kept in [(9, 9), (6, 6), (9, 5), (6, 4)]:
        mask = torch.zeros(1, tokens, dtype=torch.bool)
        mask[:, :kept] = True
        samples.append((torch.randn(1, tokens, size), mask))
    return samples


def subnormal(size: int) -> list[Any]:
    x = torch.randn(8, size)
    y = x.clone()
    y[3] *= 1e-39
    return [(x,), (y,)]


def special(size: int) -> list[Any]:
    """Numbers, and the same with some that are none, infinite or zero with a sign."""
    x = torch.randn(8, size)
    y = x.clone()
    y[2, 3], y[4, 5], y[5, 2], y[6, 4] = float("nan"), float("inf"), -0.0, 0.0
    return [(x,), (y,)]


def indices() -> list[Any]:
    """Small indices, large ones, and the large ones again but for one of them."""
    small, large = torch.randperm(8)[:5], 40 + torch.randperm(10)[:5]
    again = torch.cat([large[:4], torch.tensor([32])])
    return [
        (ids, torch.tensor([0.5, scale, -scale])) for ids, scale in ((small, 100.0), (large, 30000.0), (again, 30000.0))
    ]


def large_scores(size: int) -> list[Any]:
    """Of the prompts only the last has tokens whose products are beyond the range of f16."""
    x = torch.randn(1, 6, size)
    return [(torch.randn(1, 5, size),), (x,), (x * torch.tensor([1.0, 1.0, 300.0, 1.0, 1.0, 1.0])[:, None],)]


MODELS = {
    "feed-forward": Model(
        lambda: Layers(FeedForward(18, 30, nn.GELU(), 12), FeedForward(12, 22, nn.GELU())),
        lambda seed: rows(18, (5, 12, 9)),
        {"x": {0: _ROWS}},
    ),
    "tanh": Model(
        lambda: Layers(FeedForward(18, 30, nn.Tanh(), 12), FeedForward(12, 22, nn.Tanh())),
        lambda seed: [*rows(18, (5,)), *rows(18, (9,), 300.0)],
        {"x": {0: _ROWS}},
    ),
    "attention": Model(
        lambda: Layers(Attention(16, 24), Attention(24, 24)),
        lambda seed: masked(16),
        {"x": {1: _TOKENS}, "mask": {1: _TOKENS}},
    ),
    "causal": Model(
        lambda: Layers(Attention(16, 24, causal=True), Attention(24, 24, causal=True)),
        lambda seed: large_scores(16),
        {"x": {1: _TOKENS}},
    ),
    "pooling": Model(
        lambda: Layers(Pooling(130), Pooling(67)),
        lambda seed: [*rows(150, (5, 12)), *rows(150, (7,), 30000.0)],
        {"x": {0: _ROWS}},
    ),
    "rows": Model(lambda: Layers(Rows(12, 10), Rows(10, 10)), lambda seed: rows(12, (12, 12))),
    "moves": Model(lambda: Layers(Moves(6), Moves(5)), lambda seed: subnormal(20)),
    "quotients": Model(
        lambda: Layers(Quotients(40, 1), Quotients(30, 2)), lambda seed: rows(50, (5, 12)), {"x": {0: _ROWS}}
    ),
    "signs": Model(
        lambda: Layers(Quotients(40, 1), Quotients(30, 2), Signs()), lambda seed: rows(50, (5, 12)), {"x": {0: _ROWS}}
    ),
    "choices": Model(lambda: Layers(Choices(9), Choices(14)), lambda seed: special(12), {"x": {0: _ROWS}}),
    "rotary": Model(
        lambda: Layers(Rotary(12), Rotary(8)),
        lambda seed: [
            (torch.randn(count, 14), torch.arange(first, first + count).float()) for count, first in ((5, 0), (9, 2000))
        ],
        {"x": {0: _ROWS}, "mask": {0: _ROWS}},
    ),
    "wide": Model(
        lambda: Layers(nn.Linear(24, 64), nn.Linear(64, 96)),
        lambda seed: rows(24, (5, 12)),
        {"x": {0: _ROWS}},
    ),
    "halves": Model(
        lambda: Layers(nn.Linear(190, 20), nn.Linear(20, 30)).half(),
        lambda seed: [(x.half(),) for (x,) in rows(190, (5, 12))],
        {"x": {0: _ROWS}},
    ),
    "tables": Model(Tables, lambda seed: indices()),
    "activations": Model(Activations, lambda seed: rows(10, (5, 12)), {"x": {0: _ROWS}}),
}
