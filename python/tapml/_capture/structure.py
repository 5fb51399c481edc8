# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Names for the leaves of nested inputs and outputs, and for the sizes that may change.

A leaf is named by the way to it: ``options.mask`` for ``forward(options={"mask": ...})``, ``hidden.0`` for the first
of a tuple. Dataclasses, named tuples and dictionaries give their keys.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree


def children(tree: Any) -> list[tuple[str, Any]] | None:
    """Returns the named parts of a container, or None for a leaf."""
    if isinstance(tree, Mapping):
        return [(str(key), value) for key, value in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return list(zip(tree._fields, tree, strict=True))
    if isinstance(tree, list | tuple) and not isinstance(tree, torch.Size):
        return [(str(index), value) for index, value in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(field.name, getattr(tree, field.name)) for field in dataclasses.fields(tree)]
    return None


def walk(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every leaf with its name."""
    parts = children(tree)
    if parts is None:
        yield path, tree
        return
    for key, value in parts:
        yield from walk(value, f"{path}.{key}" if path else key)


def leaf_names(spec: pytree.TreeSpec) -> list[str]:
    """Returns the names of the leaves that ``spec`` flattens to, in its order; "" for a tree that is one leaf."""
    # Leaves that carry their position find their way through any container that PyTorch can rebuild.
    marked = pytree.tree_unflatten([torch.tensor(index) for index in range(spec.num_leaves)], spec)
    names = [""] * spec.num_leaves
    for name, leaf in walk(marked):
        if isinstance(leaf, torch.Tensor):
            names[int(leaf)] = name
    return names


def output_names(spec: pytree.TreeSpec) -> list[str]:
    """Returns the names of a model's outputs: "output" for a single one, "output_0" and so on for a tuple."""
    names = leaf_names(spec)
    return [f"output_{name}" if name[:1].isdigit() else name or "output" for name in names]


def input_names(spec: pytree.TreeSpec, module: nn.Module) -> list[str]:
    """Returns the names of a model's inputs; ``spec`` describes (args, kwargs) of its forward."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    names = []
    for name in leaf_names(spec):
        group, _, path = name.partition(".")
        if group == "0":
            first, _, inner = path.partition(".")
            position = int(first)
            head = positional[position] if position < len(positional) else f"{rest}.{position - len(positional)}"
            path = f"{head}.{inner}" if inner else head
        names.append(path)
    return names


def leaves_in_order(call: tuple[tuple, Mapping[str, Any]], names: Sequence[str], module: nn.Module) -> list[Any]:
    """Returns the leaves of one call, (args, kwargs), in the order of ``names``: dictionaries may have their own."""
    leaves, spec = pytree.tree_flatten(call)
    by_name = dict(zip(input_names(spec, module), leaves, strict=True))
    return [by_name[name] for name in names]


def bind(module: nn.Module, args: tuple, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of one call by name, in the order in which they are given.

    Raises TypeError, like the call itself, for arguments that forward does not take.
    """
    bound = inspect.signature(module.forward).bind(*args, **kwargs)
    combined: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            combined.update(value)
        else:
            combined[name] = value
    return combined


def dimension_names(arguments: Any, shapes: Any, path: str = "") -> dict[str, dict[int, str]]:
    """Returns the user's names of dynamic sizes: leaf name -> dimension -> name.

    ``shapes`` mirrors ``arguments`` as torch.export's ``dynamic_shapes`` does; sizes without a name of their own
    (Dim.AUTO, Dim.DYNAMIC) are left out.
    """
    if shapes is None:
        return {}
    if isinstance(arguments, torch.Tensor):
        dims = shapes.items() if isinstance(shapes, Mapping) else enumerate(shapes)
        named = {dim: getattr(size, "__name__", "") for dim, size in dims}
        return {path: {dim: name for dim, name in named.items() if name}}
    found: dict[str, dict[int, str]] = {}
    for position, (key, value) in enumerate(children(arguments) or []):
        inner = f"{path}.{key}" if path else key
        if isinstance(shapes, Mapping):
            found |= dimension_names(value, shapes.get(key), inner)
        elif position < len(shapes):
            found |= dimension_names(value, shapes[position], inner)
    return found


def complete_shapes(arguments: Any, shapes: Any) -> Any:
    """Returns ``shapes`` with None for every tensor of ``arguments`` that it leaves out, as torch.export wants it."""
    if shapes is None:
        return pytree.tree_map(lambda _: None, arguments)
    if isinstance(arguments, Mapping) and isinstance(shapes, Mapping):
        extra = {key: value for key, value in shapes.items() if key not in arguments}
        return {key: complete_shapes(value, shapes.get(key)) for key, value in arguments.items()} | extra
    if isinstance(arguments, list | tuple) and isinstance(shapes, list | tuple) and len(arguments) == len(shapes):
        return type(shapes)(complete_shapes(*pair) for pair in zip(arguments, shapes, strict=True))
    return shapes


def register_dataclasses(tree: Any) -> None:
    """Makes the dataclasses in ``tree`` known to PyTorch as containers, as torch.export demands."""
    kind = type(tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type) and kind not in pytree.SUPPORTED_NODES:
        torch.export.register_dataclass(kind)
    for _, value in children(tree) or []:
        register_dataclasses(value)
