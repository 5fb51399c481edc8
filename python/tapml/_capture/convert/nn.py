# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of neural networks that stay whole: linear, attention, norms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from tapml._capture import mlir
from tapml._capture.builder import CannotConvert
from tapml._capture.context import Context, broadcast, normalize_dim
from tapml._capture.mlir import Size, Value
from tapml._capture.registry import converts


@converts("aten.linear.default")
def convert_linear(ctx: Context, input: Value, weight: Value, bias: Value | None = None) -> Value:
    if weight.rank != 2:
        raise CannotConvert(f"the weight must have rank 2, not {weight.rank}")
    operands = [input, weight] if bias is None else [input, weight, bias]
    return ctx.op("linear", operands, (*input.shape[:-1], weight.shape[0]), input.dtype)


def _matmul(ctx: Context, left: Value, right: Value) -> Value:
    """Returns the matrix product; vectors are taken as a row on the left and as a column on the right."""
    if not left.dtype.is_floating_point:
        raise CannotConvert("products of integer matrices are not supported")
    a = ctx.unsqueeze(left, 0) if left.rank == 1 else left
    b = ctx.unsqueeze(right, 1) if right.rank == 1 else right
    shape = (*broadcast(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    result = ctx.op("matmul", [a, b], shape, a.dtype)
    removed = [len(shape) - 1] if right.rank == 1 else []
    removed += [len(shape) - 2] if left.rank == 1 else []
    return ctx.squeeze(result, removed)


@converts("aten.matmul.default")
def convert_matmul(ctx: Context, self: Value, other: Value) -> Value:
    return _matmul(ctx, self, other)


@converts("aten.mm.default", "aten.bmm.default")
def convert_mm(ctx: Context, self: Value, mat2: Value) -> Value:
    return _matmul(ctx, self, mat2)


@converts("aten.mv.default")
def convert_mv(ctx: Context, self: Value, vec: Value) -> Value:
    return _matmul(ctx, self, vec)


@converts("aten.dot.default")
def convert_dot(ctx: Context, self: Value, tensor: Value) -> Value:
    return _matmul(ctx, self, tensor)


def _scaled(ctx: Context, value: Value, factor: float) -> Value:
    return value if factor == 1 else ctx.scale(value, factor)


def _add_product(ctx: Context, addend: Value, left: Value, right: Value, beta: float, alpha: float) -> Value:
    product = _scaled(ctx, _matmul(ctx, left, right), alpha)
    return product if beta == 0 else ctx.binary("add", _scaled(ctx, addend, beta), product)


@converts("aten.addmm.default", keeps_numbers=True)
def convert_addmm(ctx: Context, self: Value, mat1: Value, mat2: Value, beta: float = 1, alpha: float = 1) -> Value:
    return _add_product(ctx, self, mat1, mat2, beta, alpha)


@converts("aten.baddbmm.default", keeps_numbers=True)
def convert_baddbmm(
    ctx: Context, self: Value, batch1: Value, batch2: Value, beta: float = 1, alpha: float = 1
) -> Value:
    return _add_product(ctx, self, batch1, batch2, beta, alpha)


def _layer_norm(
    ctx: Context,
    value: Value,
    shape: Sequence[Size],
    weight: Value | None,
    bias: Value | None,
    epsilon: float,
) -> Value:
    operands = [value, *(operand for operand in (weight, bias) if operand is not None)]
    segments = mlir.dense_i32([1, int(weight is not None), int(bias is not None)])
    attributes = {
        "normalized_rank": mlir.int_attr(len(shape)),
        "epsilon": mlir.f64_attr(epsilon),
        "operandSegmentSizes": segments,
    }
    return ctx.op("layer_norm", operands, value.shape, value.dtype, **attributes)


@converts("aten.layer_norm.default")
def convert_layer_norm(
    ctx: Context,
    input: Value,
    normalized_shape: Sequence[Size],
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    return _layer_norm(ctx, input, normalized_shape, weight, bias, eps)


@converts("aten.softmax.int", "aten._softmax.default", "aten.special_softmax.int")
def convert_softmax(
    ctx: Context, self: Value, dim: int, dtype: torch.dtype | None = None, half_to_float: bool = False
) -> Value:
    value = ctx.cast(self, ctx.dtype)
    if not value.rank:
        return ctx.full((), 1.0, value.dtype)
    return ctx.unary("softmax", value, dim=mlir.int_attr(normalize_dim(dim, value.rank)))


@converts("aten.log_softmax.int", "aten._log_softmax.default")
def convert_log_softmax(
    ctx: Context, self: Value, dim: int, dtype: torch.dtype | None = None, half_to_float: bool = False
) -> Value:
    value = ctx.cast(self, ctx.dtype)
    if not value.rank:
        return ctx.full((), 0.0, value.dtype)
    dims = [normalize_dim(dim, value.rank)]
    shifted = ctx.binary("sub", value, ctx.reduce("amax", value, dims, True))
    total = ctx.reduce("sum", ctx.unary("exp", shifted), dims, True)
    return ctx.binary("sub", shifted, ctx.unary("log", total))


@converts("aten.scaled_dot_product_attention.default")
def convert_attention(
    ctx: Context,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if dropout_p != 0:
        raise CannotConvert("attention with dropout is random; call module.eval() first")
    if scale is None:
        if not isinstance(query.shape[-1], int):
            raise CannotConvert("the last size of the query must be known, or the scale given")
        scale = 1.0 / math.sqrt(query.shape[-1])
    elif not isinstance(scale, int | float):
        raise CannotConvert("the scale depends on a dynamic size")
    if enable_gqa:
        key, value = (_repeat_heads(ctx, operand, query) for operand in (key, value))
    operands = [query, key, value]
    if attn_mask is not None:
        operands.append(attn_mask if attn_mask.dtype == torch.bool else ctx.cast(attn_mask, query.dtype))
    shape = (*broadcast(query.shape[:-2], key.shape[:-2]), query.shape[-2], value.shape[-1])
    attributes = {"scale": mlir.f64_attr(float(scale)), "is_causal": mlir.bool_attr(is_causal)}
    return ctx.op("scaled_dot_product_attention", operands, shape, query.dtype, **attributes)


def _repeat_heads(ctx: Context, operand: Value, query: Value) -> Value:
    """Returns ``operand`` with each of its heads repeated until there are as many as in ``query``."""
    heads, wanted = operand.shape[-3], query.shape[-3]
    if not isinstance(heads, int) or not isinstance(wanted, int):
        raise CannotConvert("the number of heads must be known")
    if heads == wanted:
        return operand
    dim = operand.rank - 2
    wide = ctx.unsqueeze(operand, dim)
    wide = ctx.expand(wide, (*wide.shape[:dim], wanted // heads, *wide.shape[dim + 1 :]))
    return ctx.reshape(wide, (*operand.shape[:-3], wanted, *operand.shape[-2:]))
