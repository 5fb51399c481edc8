# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where an operator is: its place in the model (``instance``) and the line of the user's code that called it."""

from __future__ import annotations

import functools
import linecache
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import fx, nn

from tapml._capture.mlir import Operation

# Names by which people call an operator, where they differ from the dialect's.
_SHORT_NAMES = {"scaled_dot_product_attention": "sdpa"}

_FRAME = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+)', re.MULTILINE)
_TORCH = os.path.join(os.path.dirname(torch.__file__), "")


def module_path(node: fx.Node) -> str:
    """Returns the dotted path of the module whose forward called the operator; empty for the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values() if not path.startswith("_empty_nn_module_stack")]
    # A module that is called several times appears as "path@1" and so on; the model itself may be "L['self']".
    path = re.sub(r"@\d+", "", paths[-1]) if paths else ""
    return "" if path.startswith("L[") else path


def source_location(node: fx.Node) -> tuple[str, int, int]:
    """Returns file, line and column of the innermost call in the user's code; ("", 0, 0) when it is not known.

    Code of PyTorch itself is not the user's, unless there is nothing else.
    """
    frames = [(m["file"], int(m["line"])) for m in _FRAME.finditer(node.meta.get("stack_trace") or "")]
    frames = [frame for frame in frames if not frame[0].startswith("<")]
    if not frames:
        return "", 0, 0
    user = [frame for frame in frames if not frame[0].startswith(_TORCH)]
    file, line = (user or frames)[-1]
    text = linecache.getline(file, line)
    return display_path(file), line, len(text) - len(text.lstrip()) + 1


@functools.cache
def display_path(file: str) -> str:
    """Returns a path without what differs between machines: the place of installed packages, the working directory."""
    roots = [root for root in (os.getcwd(), *sys.path) if root and file.startswith(os.path.join(root, ""))]
    return os.path.relpath(file, max(roots, key=len)) if roots else file


def assign_instances(operations: Iterable[Operation], module: nn.Module) -> None:
    """Gives every operator its name in the model.

    A module without children that is made of one kind of operator gives its path ("encoder.dense"); elsewhere the
    operator is added ("encoder.attention.sdpa"). Repetitions are numbered in the order of the graph (".1", ".2").
    """
    named = [op for op in operations if op.name.startswith("tapml.") and op.aten]
    kinds: dict[str, set[str]] = defaultdict(set)
    for op in named:
        kinds[op.path].add(op.mnemonic)

    @functools.cache
    def is_whole_module(path: str) -> bool:
        if not path or len(kinds[path]) != 1:
            return False
        try:
            return not any(module.get_submodule(path).children())
        except AttributeError:
            return False

    used: set[str] = set()
    repetitions: dict[str, int] = defaultdict(int)
    for op in named:
        kind = _SHORT_NAMES.get(op.mnemonic, op.mnemonic)
        base = op.path if is_whole_module(op.path) else join_path(op.path, kind)
        instance = base
        while instance in used:
            repetitions[base] += 1
            instance = f"{base}.{repetitions[base]}"
        used.add(instance)
        op.instance = instance


def join_path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
