# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The oracle: an operator of the source in float64, on the inputs that it got."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx
from torch.utils import _pytree as pytree

from tapml._capture.registry import keeps_numbers
from tapml._record.groups import Group, flatten

#: What an operator may take in float64, beside what the model itself holds at that moment.
MEMORY = 256 << 20

# PyTorch calls it random because it can apply dropout, which capture refuses.
_NOT_RANDOM = {"aten.scaled_dot_product_attention.default"}


def evaluate(group: Group, args: tuple, kwargs: dict[str, Any], result: Any) -> tuple[list[torch.Tensor | None], str]:
    """Returns each of the results in float64, and why there are some without; "" where that goes without saying.

    ``args``, ``kwargs`` and ``result`` are those of the source's own call. Integers and booleans have no oracle, nor
    do elements that only move: they must equal the source's. A cast keeps its rounding.
    """
    results = flatten(result)
    nothing: list[torch.Tensor | None] = [None] * len(results)
    if not any(_is_floating(tensor) for tensor in results):
        return nothing, ""
    if group.moves:
        return nothing, ""
    if group.casts:
        return [tensor.double() if _is_floating(tensor) else None for tensor in results], ""
    node = group.source.node
    if torch.Tag.nondeterministic_seeded in node.target.tags and str(node.target) not in _NOT_RANDOM:
        return nothing, "it draws random numbers"
    try:
        wide = _run(node, args, kwargs, results)
    except _TooLarge as error:
        return nothing, str(error)
    except Exception as error:
        first = str(error).strip().splitlines()
        return nothing, f"PyTorch has no float64 form of it: {first[0] if first else type(error).__name__}"
    for tensor, like in zip(wide, results, strict=True):
        if _is_floating(like) and (tensor.dtype != torch.float64 or tensor.shape != like.shape):
            kind = str(tensor.dtype).removeprefix("torch.")
            return nothing, f"PyTorch computes it in {kind} of shape {tuple(tensor.shape)} for float64 operands"
    return [tensor if _is_floating(like) else None for tensor, like in zip(wide, results, strict=True)], ""


class _TooLarge(Exception):
    pass


def _run(node: fx.Node, args: tuple, kwargs: dict[str, Any], results: list[Any]) -> list[Any]:
    narrow = next(tensor.dtype for tensor in results if _is_floating(tensor))
    if narrow == torch.float16 and keeps_numbers(str(node.target)):
        narrow = torch.float32
    schema = node.target._schema.arguments  # type: ignore[union-attr]
    positional = [argument.name for argument in schema if not argument.kwarg_only]
    operands = {argument.name for argument in schema if _takes_numbers(argument)}
    named = dict(zip(positional, args, strict=False)) | kwargs
    given = sum(8 * tensor.numel() for tensor in pytree.tree_leaves(named) if _is_floating(tensor))
    made = sum(8 * tensor.numel() for tensor in results if _is_floating(tensor))
    if given + made > MEMORY and str(node.target) == "aten.linear.default" and made <= MEMORY // 2:
        return [_linear(**named)]
    if given + made > MEMORY:
        raise _TooLarge(f"in float64 it takes {(given + made) >> 20} MiB, and recording may use {MEMORY >> 20} MiB")
    wide = {}
    for name, value in named.items():
        wide[name] = pytree.tree_map(lambda leaf, operand=name in operands: _widen(leaf, operand, narrow), value)
    first = [wide.pop(name) for name in positional if name in wide]
    with _default_dtype(torch.float64):
        return flatten(node.target(*first, **wide))  # type: ignore[operator]


def _takes_numbers(argument: torch.Argument) -> bool:
    """Returns whether a number given here becomes an operand, rounded to the type that the operator computes in."""
    kind = str(argument.type)
    return "Tensor" in kind or "number" in kind


def _widen(leaf: Any, is_operand: bool, narrow: torch.dtype) -> Any:
    if _is_floating(leaf):
        return leaf.double()
    if isinstance(leaf, torch.dtype) and leaf.is_floating_point:
        return torch.float64
    if is_operand and isinstance(leaf, float):
        return torch.tensor(leaf, dtype=narrow).item()
    return leaf


def _linear(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Returns the product in float64, from blocks of rows of both operands."""
    rows = input.reshape(-1, input.shape[-1])
    step = max(1, MEMORY // 4 // (8 * max(1, weight.shape[1])))
    result = torch.empty(rows.shape[0], weight.shape[0], dtype=torch.float64)
    for top in range(0, rows.shape[0], step):
        left = rows[top : top + step].double()
        for start in range(0, weight.shape[0], step):
            torch.mm(left, weight[start : start + step].double().T, out=result[top : top + step, start : start + step])
    if bias is not None:
        result += bias.double()
    return result.view(*input.shape[:-1], weight.shape[0])


@contextlib.contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _is_floating(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()
