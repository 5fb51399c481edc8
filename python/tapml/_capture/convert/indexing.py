# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that read elements at computed places."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tapml._capture import mlir
from tapml._capture.builder import CannotConvert
from tapml._capture.context import Context, broadcast, normalize_dim
from tapml._capture.mlir import Value
from tapml._capture.registry import converts


def _places(ctx: Context, index: Value) -> Value:
    """Returns indices in a type that the dialect takes for them."""
    if index.dtype == torch.bool:
        raise CannotConvert("the size of its result depends on the values of its operands (a boolean index)")
    return index if index.dtype == torch.int32 else ctx.cast(index, torch.int64)


@converts("aten.embedding.default")
def convert_embedding(
    ctx: Context,
    weight: Value,
    indices: Value,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Value:
    return ctx.op("embedding", [weight, _places(ctx, indices)], (*indices.shape, weight.shape[1]), weight.dtype)


@converts("aten.gather.default")
def convert_gather(ctx: Context, self: Value, dim: int, index: Value, sparse_grad: bool = False) -> Value:
    if not self.rank:
        return ctx.expand(self, index.shape)
    dim = normalize_dim(dim, self.rank)
    return ctx.op("gather", [self, _places(ctx, index)], index.shape, self.dtype, dim=mlir.int_attr(dim))


def _index(ctx: Context, value: Value, indices: Sequence[Value], dims: Sequence[int]) -> Value:
    """Indexes the adjacent dimensions ``dims``, in order, with tensors that broadcast together."""
    places = broadcast(*(index.shape for index in indices))
    shape = (*value.shape[: dims[0]], *places, *value.shape[dims[-1] + 1 :])
    operands = [value, *(_places(ctx, index) for index in indices)]
    return ctx.op("index", operands, shape, value.dtype, dims=mlir.dense_i64(dims))


@converts("aten.index.Tensor")
def convert_index(ctx: Context, self: Value, indices: Sequence[Value | None]) -> Value:
    dims = [dim for dim, index in enumerate(indices) if index is not None]
    chosen = [index for index in indices if index is not None]
    if not dims:
        return ctx.elide(self, "nothing is indexed")
    if dims != list(range(dims[0], dims[-1] + 1)):
        # Indexed dimensions that are apart come first in the result.
        rest = [dim for dim in range(self.rank) if dim not in dims]
        self, dims = ctx.permute(self, [*dims, *rest]), list(range(len(dims)))
    return _index(ctx, self, chosen, dims)


@converts("aten.index_select.default")
def convert_index_select(ctx: Context, self: Value, dim: int, index: Value) -> Value:
    index = ctx.reshape(index, ctx.shape[dim : dim + 1]) if index.rank == 0 and self.rank else index
    return _index(ctx, self, [index], [normalize_dim(dim, self.rank)])
