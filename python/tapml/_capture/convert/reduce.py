# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that combine the elements along dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tapml._capture.builder import CannotConvert, product
from tapml._capture.context import Context, normalize_dims
from tapml._capture.mlir import Value
from tapml._capture.registry import converts


def _reduce(ctx: Context, name: str, value: Value, dims: int | Sequence[int] | None, keepdim: bool) -> Value:
    if not value.rank:
        return value
    return ctx.reduce(name, value, normalize_dims(dims, value.rank), keepdim)


@converts("aten.sum.default", "aten.sum.dim_IntList")
def convert_sum(
    ctx: Context,
    self: Value,
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    return _reduce(ctx, "sum", ctx.cast(self, ctx.dtype), dim, keepdim)


@converts("aten.mean.default", "aten.mean.dim")
def convert_mean(
    ctx: Context,
    self: Value,
    dim: Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Value:
    return _reduce(ctx, "mean", ctx.cast(self, ctx.dtype), dim, keepdim)


@converts("aten.amax.default")
def convert_amax(ctx: Context, self: Value, dim: Sequence[int] = (), keepdim: bool = False) -> Value:
    return _reduce(ctx, "amax", self, dim, keepdim)


@converts("aten.amin.default")
def convert_amin(ctx: Context, self: Value, dim: Sequence[int] = (), keepdim: bool = False) -> Value:
    return _amin(ctx, self, dim, keepdim)


@converts("aten.max.default")
def convert_max(ctx: Context, self: Value) -> Value:
    return _reduce(ctx, "amax", self, None, False)


@converts("aten.min.default")
def convert_min(ctx: Context, self: Value) -> Value:
    return _amin(ctx, self, None, False)


def _amin(ctx: Context, value: Value, dims: Sequence[int] | None, keepdim: bool) -> Value:
    if not value.dtype.is_floating_point:
        raise CannotConvert("the minimum of integers is not supported")
    return ctx.unary("neg", _reduce(ctx, "amax", ctx.unary("neg", value), dims, keepdim))


@converts("aten.any.default", "aten.any.dim", "aten.any.dims")
def convert_any(ctx: Context, self: Value, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Value:
    return _any(ctx, ctx.cast(self, torch.bool), dim, keepdim)


@converts("aten.all.default", "aten.all.dim", "aten.all.dims")
def convert_all(ctx: Context, self: Value, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Value:
    some_false = _any(ctx, ctx.unary("logical_not", ctx.cast(self, torch.bool)), dim, keepdim)
    return ctx.unary("logical_not", some_false)


def _any(ctx: Context, value: Value, dims: int | Sequence[int] | None, keepdim: bool) -> Value:
    if not value.rank:
        return value
    numbers = ctx.cast(value, torch.int32)
    return ctx.cast(ctx.reduce("amax", numbers, normalize_dims(dims, value.rank), keepdim), torch.bool)


@converts("aten.var.correction", "aten.var.dim", "aten.var.default")
def convert_var(
    ctx: Context,
    self: Value,
    dim: Sequence[int] | None = None,
    correction: float | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
) -> Value:
    dims = normalize_dims(dim, self.rank)
    count = product([self.shape[d] for d in dims])
    if not isinstance(count, int) or not self.rank:
        raise CannotConvert("the variance over a dynamic size is not supported")
    if correction is None:
        correction = 1 if unbiased else 0
    deviation = ctx.binary("sub", self, ctx.reduce("mean", self, dims, True))
    total = ctx.reduce("sum", ctx.binary("mul", deviation, deviation), dims, keepdim)
    return ctx.binary("div", total, ctx.tensor(float(max(count - correction, 0)), total.dtype))
