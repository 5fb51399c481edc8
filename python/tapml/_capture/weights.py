# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which tensors of a program go into the weights file, and under which name."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

_STORED = {InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR}


def _identity(name: str, tensor: torch.Tensor) -> tuple:
    """Returns what two names share exactly when they name the same elements of the same storage."""
    if tensor.numel() == 0:
        return (name,)
    pointer = tensor.untyped_storage().data_ptr()
    return (pointer, tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)


class Weights:
    """The parameters, buffers and constants of a program.

    Tied weights have one name, the first in the order of the module. ``used`` collects those that the graph reads.
    """

    def __init__(self, program: ExportedProgram) -> None:
        self._tensors: dict[str, torch.Tensor] = {}
        self._by_placeholder: dict[str, str] = {}
        self.used: dict[str, torch.Tensor] = {}
        first: dict[tuple, str] = {}
        values: Mapping[str, torch.Tensor] = {**program.state_dict, **program.constants}
        for spec in program.graph_signature.input_specs:
            if spec.kind not in _STORED or spec.target is None:
                continue
            tensor = values[spec.target].detach()
            name = first.setdefault(_identity(spec.target, tensor), spec.target)
            self._tensors.setdefault(name, tensor)
            self._by_placeholder[spec.arg.name] = name

    def lookup(self, placeholder: str) -> tuple[str, torch.Tensor] | None:
        """Returns name and tensor behind a placeholder of the graph, or None if it is not a weight."""
        name = self._by_placeholder.get(placeholder)
        return None if name is None else (name, self._tensors[name])

    def use(self, placeholder: str) -> tuple[str, torch.Tensor]:
        """Like ``lookup`` for a weight; from then on it belongs to the weights file."""
        name = self._by_placeholder[placeholder]
        tensor = self.used.setdefault(name, self._tensors[name])
        return name, tensor
