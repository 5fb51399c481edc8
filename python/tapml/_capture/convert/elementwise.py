# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that work element by element, and those that make tensors from nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import sympy
import torch

from tapml._capture import mlir
from tapml._capture.builder import CannotConvert, same_shape
from tapml._capture.context import ALWAYS_BOOL, DEFAULT, INT_TO_FLOAT, Context, TensorLike
from tapml._capture.mlir import Size, Value
from tapml._capture.registry import converts


def _unary(aten: str, name: str, kind: Any) -> None:
    @converts(f"aten.{aten}.default")
    def convert(ctx: Context, self: Value) -> Value:
        (operand,), _ = ctx.promote(self, kind=kind)
        return ctx.unary(name, operand)


for _name in ("tanh", "exp", "sqrt", "rsqrt", "sigmoid", "erf", "sin", "cos", "log"):
    _unary(_name, _name, INT_TO_FLOAT)
for _name in ("neg", "relu", "silu"):
    _unary(_name, _name, DEFAULT)


@converts("aten.abs.default")
def convert_abs(ctx: Context, self: Value) -> Value:
    return ctx.elide(self, "booleans have no sign") if self.dtype == torch.bool else ctx.unary("abs", self)


@converts("aten.gelu.default")
def convert_gelu(ctx: Context, self: Value, approximate: str = "none") -> Value:
    return ctx.unary("gelu", self, approximate=mlir.string_attr(approximate))


@converts("aten.reciprocal.default")
def convert_reciprocal(ctx: Context, self: Value) -> Value:
    (one, operand), _ = ctx.promote(1.0, self, kind=INT_TO_FLOAT)
    return ctx.binary("div", one, operand)


@converts("aten.square.default")
def convert_square(ctx: Context, self: Value) -> Value:
    return ctx.binary("mul", self, self)


@converts("aten.isnan.default")
def convert_isnan(ctx: Context, self: Value) -> Value:
    return ctx.binary("ne", self, self, torch.bool)


@converts("aten.logical_not.default")
def convert_logical_not(ctx: Context, self: Value) -> Value:
    return ctx.unary("logical_not", ctx.cast(self, torch.bool))


@converts("aten.bitwise_not.default", "aten.__invert__.default")
def convert_bitwise_not(ctx: Context, self: Value) -> Value:
    if self.dtype == torch.bool:
        return ctx.unary("logical_not", self)
    minus_one = ctx.tensor(-1, self.dtype)  # In two's complement, ~x is -1 - x.
    return ctx.binary("sub", minus_one, self)


def _scaled(ctx: Context, value: Value, alpha: TensorLike) -> Value:
    """Returns ``alpha * value``."""
    if not isinstance(alpha, sympy.Expr) and alpha == 1:
        return value
    return ctx.binary("mul", value, ctx.tensor(alpha, value.dtype))


def _add(ctx: Context, left: TensorLike, right: TensorLike, alpha: TensorLike) -> Value:
    (left, right), _ = ctx.promote(left, right)
    if left.dtype == torch.bool:
        return ctx.binary("bitwise_or", left, right)
    return ctx.binary("add", left, _scaled(ctx, right, alpha))


def _sub(ctx: Context, left: TensorLike, right: TensorLike, alpha: TensorLike) -> Value:
    (left, right), _ = ctx.promote(left, right)
    return ctx.binary("sub", left, _scaled(ctx, right, alpha))


@converts("aten.add.Tensor", "aten.add.Scalar")
def convert_add(ctx: Context, self: TensorLike, other: TensorLike, alpha: TensorLike = 1) -> Value:
    return _add(ctx, self, other, alpha)


@converts("aten.sub.Tensor", "aten.sub.Scalar")
def convert_sub(ctx: Context, self: TensorLike, other: TensorLike, alpha: TensorLike = 1) -> Value:
    return _sub(ctx, self, other, alpha)


@converts("aten.rsub.Tensor", "aten.rsub.Scalar")
def convert_rsub(ctx: Context, self: TensorLike, other: TensorLike, alpha: TensorLike = 1) -> Value:
    return _sub(ctx, other, self, alpha)


@converts("aten.mul.Tensor", "aten.mul.Scalar", keeps_numbers=True)
def convert_mul(ctx: Context, self: TensorLike, other: TensorLike) -> Value:
    (left, right), result = ctx.promote(self, other)
    product = ctx.binary("bitwise_and" if left.dtype == torch.bool else "mul", left, right)
    return ctx.cast(product, result)


@converts("aten.div.Tensor", "aten.div.Scalar", keeps_numbers=True)
def convert_div(ctx: Context, self: TensorLike, other: TensorLike) -> Value:
    (left, right), result = ctx.promote(self, other, kind=INT_TO_FLOAT)
    return ctx.cast(ctx.binary("div", left, right), result)


@converts("aten.maximum.default")
def convert_maximum(ctx: Context, self: Value, other: Value) -> Value:
    (left, right), _ = ctx.promote(self, other)
    return ctx.binary("bitwise_or" if left.dtype == torch.bool else "maximum", left, right)


@converts("aten.minimum.default")
def convert_minimum(ctx: Context, self: Value, other: Value) -> Value:
    (left, right), _ = ctx.promote(self, other)
    return ctx.binary("bitwise_and" if left.dtype == torch.bool else "minimum", left, right)


@converts("aten.pow.Tensor_Tensor", "aten.pow.Tensor_Scalar", "aten.pow.Scalar")
def convert_pow(ctx: Context, self: TensorLike, exponent: TensorLike) -> Value:
    (base, power), _ = ctx.promote(self, exponent)
    if base.dtype == torch.bool:
        raise CannotConvert("powers of booleans are not supported")
    return ctx.binary("pow", base, power)


def _bitwise(aten: Sequence[str], name: str) -> None:
    @converts(*(f"aten.{op}" for op in aten))
    def convert(ctx: Context, self: TensorLike, other: TensorLike) -> Value:
        (left, right), _ = ctx.promote(self, other)
        return ctx.binary(name, left, right)


for _name in ("and", "or"):
    _operators = [f"bitwise_{_name}.Tensor", f"bitwise_{_name}.Scalar", f"__{_name}__.Tensor", f"__{_name}__.Scalar"]
    _bitwise(_operators, f"bitwise_{_name}")


@converts("aten.logical_and.default")
def convert_logical_and(ctx: Context, self: Value, other: Value) -> Value:
    return ctx.binary("bitwise_and", ctx.cast(self, torch.bool), ctx.cast(other, torch.bool))


@converts("aten.logical_or.default")
def convert_logical_or(ctx: Context, self: Value, other: Value) -> Value:
    return ctx.binary("bitwise_or", ctx.cast(self, torch.bool), ctx.cast(other, torch.bool))


@converts("aten.logical_xor.default")
def convert_logical_xor(ctx: Context, self: Value, other: Value) -> Value:
    return ctx.binary("ne", ctx.cast(self, torch.bool), ctx.cast(other, torch.bool), torch.bool)


def _comparison(name: str) -> None:
    @converts(f"aten.{name}.Tensor", f"aten.{name}.Scalar")
    def convert(ctx: Context, self: TensorLike, other: TensorLike) -> Value:
        (left, right), result = ctx.promote(self, other, kind=ALWAYS_BOOL)
        return ctx.binary(name, left, right, result)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _comparison(_name)


def _where(ctx: Context, condition: Value, chosen: TensorLike, other: TensorLike) -> Value:
    left, right = (ctx.tensor(operand, ctx.dtype) for operand in (chosen, other))
    operands = [ctx.cast(condition, torch.bool), left, right]
    return ctx.op("where", operands, ctx.shape, ctx.dtype)


@converts("aten.where.self", "aten.where.ScalarSelf", "aten.where.ScalarOther", "aten.where.Scalar")
def convert_where(ctx: Context, condition: Value, self: TensorLike, other: TensorLike) -> Value:
    return _where(ctx, condition, self, other)


@converts("aten.masked_fill.Scalar", "aten.masked_fill.Tensor")
def convert_masked_fill(ctx: Context, self: Value, mask: Value, value: TensorLike) -> Value:
    return _where(ctx, mask, value, self)


@converts("aten.clamp.default", "aten.clamp.Tensor")
def convert_clamp(ctx: Context, self: Value, min: TensorLike | None = None, max: TensorLike | None = None) -> Value:
    result = ctx.cast(self, ctx.dtype)
    if min is not None:
        result = ctx.binary("maximum", result, ctx.tensor(min, ctx.dtype))
    if max is not None:
        result = ctx.binary("minimum", result, ctx.tensor(max, ctx.dtype))
    return result


@converts("aten.hardtanh.default")
def convert_hardtanh(ctx: Context, self: Value, min_val: float = -1, max_val: float = 1) -> Value:
    return convert_clamp(ctx, self, min=min_val, max=max_val)


@converts("aten.leaky_relu.default", keeps_numbers=True)
def convert_leaky_relu(ctx: Context, self: Value, negative_slope: float = 0.01) -> Value:
    positive = ctx.binary("gt", self, ctx.tensor(0.0, self.dtype), torch.bool)
    return _where(ctx, positive, self, ctx.scale(self, negative_slope))


@converts("aten.clamp_min.default", "aten.clamp_min.Tensor")
def convert_clamp_min(ctx: Context, self: Value, min: TensorLike) -> Value:
    return convert_clamp(ctx, self, min=min)


@converts("aten.clamp_max.default", "aten.clamp_max.Tensor")
def convert_clamp_max(ctx: Context, self: Value, max: TensorLike) -> Value:
    return convert_clamp(ctx, self, max=max)


# Types and copies.


@converts(
    "aten.to.dtype", "aten.to.device", "aten.to.dtype_layout", "aten.to.other", "aten._to_copy.default",
    "aten.type_as.default",
)  # fmt: skip
def convert_to(ctx: Context, self: Value, **_: Any) -> Value:
    if self.dtype == ctx.dtype:
        return ctx.elide(self, "the tensor has that type already")
    return ctx.cast(self, ctx.dtype)


@converts(
    "aten.detach.default", "aten.detach_.default", "aten.alias.default", "aten.clone.default",
    "aten.contiguous.default", "aten.lift_fresh.default", "aten.lift_fresh_copy.default",
)  # fmt: skip
def convert_copy(ctx: Context, self: Value) -> Value:
    return ctx.elide(self, "values do not change")


@converts("aten.dropout.default", "aten.feature_dropout.default", "aten.alpha_dropout.default")
def convert_dropout(ctx: Context, input: Value, p: float, train: bool) -> Value:
    if train and p != 0:
        raise CannotConvert("dropout in training mode is random; call module.eval() first")
    return ctx.elide(input, "dropout does nothing in inference")


# New tensors.


@converts("aten.scalar_tensor.default")
def convert_scalar_tensor(ctx: Context, s: TensorLike, **_: Any) -> Value:
    return ctx.tensor(s, ctx.dtype)


@converts("aten.full.default", "aten.new_full.default", "aten.full_like.default")
def convert_full(ctx: Context, fill_value: TensorLike, **_: Any) -> Value:
    return ctx.full(ctx.shape, fill_value, ctx.dtype)


@converts("aten.fill.Scalar", "aten.fill.Tensor")
def convert_fill(ctx: Context, self: Value, value: TensorLike) -> Value:
    return ctx.full(self.shape, value, self.dtype)


@converts("aten.copy.default")
def convert_assign(ctx: Context, self: Value, src: Value, non_blocking: bool = False) -> Value:
    result = ctx.expand(ctx.cast(src, self.dtype), self.shape)
    return ctx.elide(src, "values do not change") if result is src else result


@converts("aten.zeros.default", "aten.new_zeros.default", "aten.zeros_like.default")
def convert_zeros(ctx: Context, **_: Any) -> Value:
    return ctx.full(ctx.shape, 0, ctx.dtype)


@converts("aten.ones.default", "aten.new_ones.default", "aten.ones_like.default")
def convert_ones(ctx: Context, **_: Any) -> Value:
    return ctx.full(ctx.shape, 1, ctx.dtype)


@converts("aten.arange.default", "aten.arange.start", "aten.arange.start_step")
def convert_arange(ctx: Context, end: Size, start: Size = 0, step: Size = 1, **_: Any) -> Value:
    whole = all(not isinstance(bound, float) or bound.is_integer() for bound in (start, end, step))
    if not whole or any(isinstance(bound, float) and math.isinf(bound) for bound in (start, end, step)):
        raise CannotConvert("arange with fractional bounds is not supported")
    bounds = [int(bound) if isinstance(bound, float) else bound for bound in (start, end, step)]
    return ctx.op("arange", [ctx.builder.index(bound) for bound in bounds], ctx.shape, ctx.dtype)


@converts("aten.expand.default", "aten.broadcast_to.default", "aten.expand_as.default")
def convert_expand(ctx: Context, self: Value, **_: Any) -> Value:
    if same_shape(self.shape, ctx.shape):
        return ctx.elide(self, "the tensor has that shape already")
    return ctx.expand(self, ctx.shape)
