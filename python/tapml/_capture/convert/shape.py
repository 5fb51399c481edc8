# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators that rearrange elements: views, slices, concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tapml._capture import mlir
from tapml._capture.builder import CannotConvert, as_size, product, same_shape, same_size
from tapml._capture.context import Context, normalize_dim, normalize_dims
from tapml._capture.mlir import Size, Value
from tapml._capture.registry import converts


@converts(
    "aten.view.default", "aten.reshape.default", "aten._unsafe_view.default", "aten.flatten.using_ints",
    "aten.unflatten.int", "aten.view_as.default", "aten.reshape_as.default", "aten.ravel.default",
)  # fmt: skip
def convert_reshape(ctx: Context, self: Value, **_: Any) -> Value:
    if same_shape(self.shape, ctx.shape):
        return ctx.elide(self, "the tensor has that shape already")
    return ctx.reshape(self, ctx.shape)


def _permute(ctx: Context, value: Value, order: Sequence[int]) -> Value:
    if list(order) == list(range(value.rank)):
        return ctx.elide(value, "the order does not change")
    return ctx.permute(value, order)


@converts("aten.permute.default")
def convert_permute(ctx: Context, self: Value, dims: Sequence[int]) -> Value:
    return _permute(ctx, self, [normalize_dim(dim, self.rank) for dim in dims])


@converts("aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default")
def convert_transpose(ctx: Context, self: Value, **dims: int) -> Value:
    first, second = (normalize_dim(dim, self.rank) for dim in dims.values())
    order = list(range(self.rank))
    if order:
        order[first], order[second] = order[second], order[first]
    return _permute(ctx, self, order)


@converts("aten.t.default", "aten.numpy_T.default")
def convert_t(ctx: Context, self: Value) -> Value:
    return _permute(ctx, self, list(reversed(range(self.rank))))


@converts("aten.mT.default")
def convert_matrix_transpose(ctx: Context, self: Value) -> Value:
    return _permute(ctx, self, [*range(self.rank - 2), self.rank - 1, self.rank - 2])


@converts("aten.movedim.intlist", "aten.movedim.int")
def convert_movedim(ctx: Context, self: Value, source: int | Sequence[int], destination: int | Sequence[int]) -> Value:
    sources, destinations = normalize_dims(source, self.rank), normalize_dims(destination, self.rank)
    order = [dim for dim in range(self.rank) if dim not in sources]
    for target, dim in sorted(zip(destinations, sources, strict=True)):
        order.insert(target, dim)
    return _permute(ctx, self, order)


@converts("aten.unsqueeze.default")
def convert_unsqueeze(ctx: Context, self: Value, dim: int) -> Value:
    return ctx.unsqueeze(self, normalize_dim(dim, self.rank + 1))


@converts("aten.squeeze.default", "aten.squeeze.dim", "aten.squeeze.dims")
def convert_squeeze(ctx: Context, self: Value, dim: int | Sequence[int] | None = None) -> Value:
    dims = [] if dim is not None and not isinstance(dim, int) and not dim else normalize_dims(dim, self.rank)
    result = ctx.squeeze(self, dims)
    return ctx.elide(self, "no size is 1") if result is self else result


@converts("aten.slice.Tensor")
def convert_slice(
    ctx: Context, self: Value, dim: int = 0, start: Size | None = None, end: Size | None = None, step: int = 1
) -> Value:
    result = ctx.slice(self, normalize_dim(dim, self.rank), start, end, step)
    return ctx.elide(self, "the slice is everything") if result is self else result


@converts("aten.narrow.default")
def convert_narrow(ctx: Context, self: Value, dim: int, start: Size, length: Size) -> Value:
    result = ctx.slice(self, normalize_dim(dim, self.rank), start, as_size(start + length))
    return ctx.elide(self, "the slice is everything") if result is self else result


def _select(ctx: Context, value: Value, dim: int, index: Size) -> Value:
    shape = (*value.shape[:dim], *value.shape[dim + 1 :])
    operands = [value, ctx.builder.index(index)]
    return ctx.op("select", operands, shape, value.dtype, dim=mlir.int_attr(dim))


@converts("aten.select.int")
def convert_select(ctx: Context, self: Value, dim: int, index: Size) -> Value:
    dim = normalize_dim(dim, self.rank)
    return _select(ctx, self, dim, _from_the_front(ctx, index, self.shape[dim]))


def _from_the_front(ctx: Context, index: Size, size: Size) -> Size:
    """Returns an index that may count from the end as one that does not."""
    if isinstance(index, int):
        return as_size(size + index) if index < 0 else index
    if ctx.builder.range_of(index)[0] < 0:
        raise CannotConvert(f"whether the index {index} counts from the end depends on the sizes")
    return index


@converts("aten.unbind.int")
def convert_unbind(ctx: Context, self: Value, dim: int = 0) -> list[Value]:
    dim = normalize_dim(dim, self.rank)
    return [_select(ctx, self, dim, index) for index in range(len(ctx.result_types))]


def _split(ctx: Context, value: Value, dim: int) -> list[Value]:
    """Returns pieces of the sizes that the results have along ``dim``."""
    pieces: list[Value] = []
    start: Size = 0
    for shape, _ in ctx.result_types:
        end = as_size(start + shape[dim])
        pieces.append(ctx.slice(value, dim, start, end))
        start = end
    return pieces


@converts("aten.split.Tensor", "aten.split.sizes", "aten.split_with_sizes.default", "aten.chunk.default")
def convert_split(ctx: Context, self: Value, dim: int = 0, **_: Any) -> list[Value]:
    return _split(ctx, self, normalize_dim(dim, self.rank))


def _concat(ctx: Context, tensors: Sequence[Value], dim: int) -> Value:
    if len(tensors) == 1:
        return tensors[0]
    return ctx.op("concat", tensors, ctx.shape, ctx.dtype, dim=mlir.int_attr(dim))


@converts("aten.cat.default", "aten.concat.default")
def convert_cat(ctx: Context, tensors: Sequence[Value], dim: int = 0) -> Value:
    rank = len(ctx.shape)
    # PyTorch lets an empty tensor of rank 1 stand for "nothing" among tensors of any rank.
    kept = [ctx.cast(tensor, ctx.dtype) for tensor in tensors if tensor.shape != (0,) or rank == 1]
    result = _concat(ctx, kept, normalize_dim(dim, rank))
    return ctx.elide(result, "there is only one tensor to join") if result is tensors[0] else result


@converts("aten.stack.default")
def convert_stack(ctx: Context, tensors: Sequence[Value], dim: int = 0) -> Value:
    dim = normalize_dim(dim, len(ctx.shape))
    return _concat(ctx, [ctx.unsqueeze(ctx.cast(tensor, ctx.dtype), dim) for tensor in tensors], dim)


@converts("aten.repeat.default")
def convert_repeat(ctx: Context, self: Value, repeats: Sequence[Size]) -> Value:
    leading = len(repeats) - self.rank
    value = ctx.reshape(self, [*[1] * leading, *self.shape])
    for dim in reversed(range(len(repeats))):
        if repeats[dim] != 1:
            value = _repeat(ctx, value, dim, repeats[dim], before=True)
    return ctx.elide(self, "every size is repeated once") if value is self else value


@converts("aten.repeat_interleave.self_int")
def convert_repeat_interleave(
    ctx: Context, self: Value, repeats: Size, dim: int | None = None, output_size: Size | None = None
) -> Value:
    if dim is None:
        self, dim = ctx.reshape(self, [product(self.shape)]), 0
    return _repeat(ctx, self, normalize_dim(dim, self.rank), repeats, before=False)


def _repeat(ctx: Context, value: Value, dim: int, times: Size, *, before: bool) -> Value:
    """Repeats along ``dim``: the whole extent (``before``), or each element."""
    position = dim if before else dim + 1
    wide = ctx.unsqueeze(value, position)
    wide = ctx.expand(wide, (*wide.shape[:position], times, *wide.shape[position + 1 :]))
    shape = [*value.shape]
    shape[dim] = as_size(shape[dim] * times)
    return ctx.reshape(wide, shape)


def _insert(ctx: Context, base: Value, piece: Value, dim: int, start: Size, end: Size) -> Value:
    """Returns ``base`` with ``piece`` in the place of its elements ``start`` to ``end`` along ``dim``."""
    size = base.shape[dim]
    parts = [piece]
    if not same_size(start, 0):
        parts.insert(0, ctx.slice(base, dim, 0, start))
    if not same_size(end, size):
        parts.append(ctx.slice(base, dim, end, size))
    return _concat(ctx, parts, dim)


@converts("aten.slice_scatter.default")
def convert_slice_scatter(
    ctx: Context,
    self: Value,
    src: Value,
    dim: int = 0,
    start: Size | None = None,
    end: Size | None = None,
    step: int = 1,
) -> Value:
    if step != 1:
        raise CannotConvert("writing every n-th element is not supported")
    dim = normalize_dim(dim, self.rank)
    start, end = ctx.slice_bounds(self.shape[dim], start, end)
    result = _insert(ctx, self, ctx.cast(src, self.dtype), dim, start, end)
    return ctx.elide(result, "all elements are replaced") if result is src else result


@converts("aten.select_scatter.default")
def convert_select_scatter(ctx: Context, self: Value, src: Value, dim: int, index: Size) -> Value:
    dim = normalize_dim(dim, self.rank)
    index = _from_the_front(ctx, index, self.shape[dim])
    row = ctx.unsqueeze(ctx.cast(src, self.dtype), dim)
    return _insert(ctx, self, row, dim, index, as_size(index + 1))


@converts("aten.constant_pad_nd.default")
def convert_pad(ctx: Context, self: Value, pad: Sequence[Size], value: float = 0) -> Value:
    result = self
    for position in range(len(pad) // 2):
        dim = self.rank - 1 - position
        before, after = pad[2 * position], pad[2 * position + 1]
        if any(not isinstance(width, int) or width < 0 for width in (before, after)):
            raise CannotConvert("only constant, non-negative padding is supported")
        parts = [result]
        for width, place in ((before, 0), (after, len(parts) + 1)):
            if width:
                shape = (*result.shape[:dim], width, *result.shape[dim + 1 :])
                parts.insert(place, ctx.full(shape, value, self.dtype))
        if len(parts) > 1:
            size = as_size(result.shape[dim] + before + after)
            shape = (*result.shape[:dim], size, *result.shape[dim + 1 :])
            result = ctx.op("concat", parts, shape, self.dtype, dim=mlir.int_attr(dim))
    return result
