# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of converters: one function for each ATen operator and overload."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from torch import fx

Converter = Callable[..., Any]
_F = TypeVar("_F", bound=Converter)

_CONVERTERS: dict[str, Converter] = {}
_KEEP_NUMBERS: set[str] = set()

# Arguments that say where or how PyTorch stores a tensor; they do not change its values.
_STORAGE_ARGUMENTS = {"device", "layout", "pin_memory", "memory_format", "non_blocking", "copy"}


def converts(*operators: str, keeps_numbers: bool = False) -> Callable[[_F], _F]:
    """Registers a converter for operators such as ``"aten.add.Tensor"``.

    A converter is called as ``f(ctx, name=value, ...)`` with the argument names of the operator's schema, defaults
    filled in: tensors as ``Value``, symbolic sizes as expressions, everything else as it is in the FX graph; arguments
    about storage (device, layout, ...) only if it names them. It returns one value, or a sequence of them.

    With ``keeps_numbers`` the operator does not round numbers among its operands to float16, when the tensors have it.
    """

    def register(function: _F) -> _F:
        for operator in operators:
            if operator in _CONVERTERS:
                raise ValueError(f"two converters for {operator}")
            _CONVERTERS[operator] = function
        if keeps_numbers:
            _KEEP_NUMBERS.update(operators)
        return function

    return register


def find_converter(operator: str) -> Converter | None:
    """Returns the converter of ``"aten.add.Tensor"``, or None."""
    import tapml._capture.convert  # noqa: F401  (registers them all)

    return _CONVERTERS.get(operator)


def keeps_numbers(operator: str) -> bool:
    """Returns what the operator's converter was registered with."""
    return find_converter(operator) is not None and operator in _KEEP_NUMBERS


def operators() -> list[str]:
    """Returns the names of every operator with a converter, sorted."""
    import tapml._capture.convert  # noqa: F401

    return sorted(_CONVERTERS)


def bind_arguments(node: fx.Node, converter: Converter) -> dict[str, Any]:
    """Returns the node's arguments by the names of its schema, with defaults, as ``converter`` takes them."""
    schema = node.target._schema  # type: ignore[union-attr]
    bound: dict[str, Any] = {}
    for position, argument in enumerate(schema.arguments):
        if position < len(node.args) and not argument.kwarg_only:
            bound[argument.name] = node.args[position]
        elif argument.name in node.kwargs:
            bound[argument.name] = node.kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    accepted = inspect.signature(converter).parameters
    return {name: value for name, value in bound.items() if name in accepted or name not in _STORAGE_ARGUMENTS}
