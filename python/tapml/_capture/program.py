# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls torch.export and brings the program into a form without in-place operations."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from tapml._capture.instances import _TORCH, display_path
from tapml.errors import CaptureError

# The files of this package, which are not the user's code.
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")

# Operators that draw random numbers. Not those that may, such as dropout.
_RANDOM = {
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "random", "uniform", "normal",
    "normal_functional", "bernoulli", "multinomial", "binomial", "poisson", "exponential", "geometric", "cauchy",
    "log_normal",
}  # fmt: skip

# Regions that only switch a mode which inference does not have; their bodies are part of the graph.
INLINED_REGIONS = {"wrap_with_set_grad_enabled", "wrap_with_autocast"}


def export_program(
    module: nn.Module, args: tuple, kwargs: dict[str, Any], dynamic_shapes: Any, model: str
) -> ExportedProgram:
    """Traces ``module``; raises CaptureError with the place in the user's code where tracing stopped."""
    try:
        with torch.no_grad(), _quiet():
            return torch.export.export(module, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False)
    except Exception as error:
        place = _user_place(error)
        where = f" at {place}" if place else ""
        raise CaptureError(f"{model} cannot be traced{where}: {_reason(error)}") from error


def functionalize(program: ExportedProgram, has_converter: Callable[[str], bool]) -> ExportedProgram:
    """Returns the program without in-place operations, and with operators that have no converter taken apart.

    PyTorch's own decompositions are used for operators that ``has_converter`` denies, where there are any; operators
    that have a converter are kept whole. The program is returned as it is when there is nothing to do.
    """
    unknown = _unknown_operators(program, has_converter)
    in_place = any(target._schema.is_mutable for target in unknown)
    if not unknown:
        return program
    table = torch.export.default_decompositions()
    chosen: dict[Any, Any] = {}
    further = {op: table[op] for op in table if op in unknown}
    if not in_place and not further:
        return program
    while in_place or further:  # Decompositions may give operators that come apart again.
        chosen |= further
        with torch.no_grad(), _quiet():
            program = program.run_decompositions(chosen)
        unknown = _unknown_operators(program, has_converter)
        further = {op: table[op] for op in table if op in unknown and op not in chosen}
        in_place = False
    return program


def _unknown_operators(program: ExportedProgram, has_converter: Callable[[str], bool]) -> set[torch._ops.OpOverload]:
    """Returns the operators without a converter whose results, or effects, count."""
    unknown = set()
    for node in all_nodes(program.graph_module):
        target = node.target
        if not isinstance(target, torch._ops.OpOverload) or has_converter(str(target)):
            continue
        if is_symbolic(node.meta.get("val")) or is_random(node):
            continue
        if node.users or target._schema.is_mutable:
            unknown.add(target)
    return unknown


def is_symbolic(value: Any) -> bool:
    """Returns whether a node's value is a number, such as a size, and not a tensor."""
    return isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool | int | float | bool)


def is_random(node: fx.Node) -> bool:
    """Returns whether a node gives one tensor of random numbers."""
    target = node.target
    if not isinstance(target, torch._ops.OpOverload) or target._schema.is_mutable:
        return False
    return target._schema.name.removeprefix("aten::") in _RANDOM


def operator_name(node: fx.Node) -> str:
    """Returns "aten.add.Tensor" for an operator, and the name of the function for everything else."""
    target = node.target
    if isinstance(target, torch._ops.OpOverload):
        return str(target)
    return getattr(target, "__name__", str(target))


def region_body(node: fx.Node) -> tuple[fx.GraphModule, tuple] | None:
    """Returns the body and the operands of a region that is only a mode, or None for any other node."""
    if operator_name(node) not in INLINED_REGIONS:
        return None
    position, body = next(
        (i, arg) for i, arg in enumerate(node.args) if isinstance(arg, fx.Node) and arg.op == "get_attr"
    )
    if operator_name(node) == "wrap_with_autocast" and node.args[2]:
        return None
    return getattr(node.graph.owning_module, str(body.target)), node.args[position + 1 :]


def all_nodes(graph_module: fx.GraphModule) -> Iterator[fx.Node]:
    """Yields the nodes of a graph and of the regions within."""
    for node in graph_module.graph.nodes:
        body = region_body(node) if node.op == "call_function" else None
        if body is not None:
            yield from all_nodes(body[0])
        yield node


def live_nodes(graph: fx.Graph) -> set[fx.Node]:
    """Returns the nodes that the graph's outputs depend on."""
    live: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op == "output" or node in live:
            live.update(node.all_input_nodes, [node])
    return live


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps PyTorch's remarks about its own insides off the terminal."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(said):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
    # When it fails PyTorch prints the whole graph; otherwise this is what the model wrote itself.
    sys.stderr.write(said.getvalue())


def _reason(error: BaseException) -> str:
    """Returns the first paragraph of PyTorch's message and its suggestions, without its advertisements."""
    message = str(error).replace(' For more information, run with TORCH_LOGS="+dynamic".', "")
    lines = [line.rstrip() for line in message.strip().splitlines()]
    kept: list[str] = []
    for line in lines:
        if not line and not any("constraint" in text.lower() for text in kept):
            break
        if line.startswith(("The error above", "For more information", "To debug", "For C++ stack")):
            break
        if line:
            kept.append(line)
    return "\n    ".join(kept) if kept else type(error).__name__


def _user_place(error: BaseException) -> str:
    """Returns "file.py:12" of the innermost frame of the user's code, or ""."""
    user = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<", _TORCH))
    ]
    user = [(file, line) for file, line in user if not file.startswith(_PACKAGE)]
    return f"{display_path(user[-1][0])}:{user[-1][1]}" if user else ""


def call(module: Callable[..., Any], args: tuple, kwargs: Mapping[str, Any], number: int) -> Any:
    """Calls a model on the sample ``number`` for its values alone."""
    with torch.no_grad(), fixed_randomness(number):
        return module(*args, **kwargs)


@contextlib.contextmanager
def fixed_randomness(number: int) -> Iterator[None]:
    """Makes every run of a sample draw the same random numbers; what is drawn elsewhere does not change."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(number)
        yield
