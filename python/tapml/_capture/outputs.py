# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keeps what the source gave for every sample: in memory up to a limit, and from there on the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils import _pytree as pytree

#: The tensors that are kept in memory, in bytes.
MEMORY = 64 << 20


class Outputs:
    """The outputs of the source by sample. Those that are on the disk disappear with the object."""

    def __init__(self) -> None:
        self._trees: list[tuple[list[Any], pytree.TreeSpec]] = []
        self._files: dict[int, Path] = {}
        self._kept = 0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def append(self, outputs: Any) -> None:
        leaves, spec = pytree.tree_flatten(outputs)
        tensors = {place: leaf.detach() for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)}
        size = sum(tensor.nbytes for tensor in tensors.values())
        if self._kept + size > MEMORY:
            if self._scratch is None:
                self._scratch = tempfile.TemporaryDirectory(prefix="tapml-", ignore_cleanup_errors=True)
            file = self._files[len(self._trees)] = Path(self._scratch.name) / f"{len(self._trees)}.pt"
            torch.save(tensors, file)
            leaves = [None if place in tensors else leaf for place, leaf in enumerate(leaves)]
        else:
            self._kept += size
        self._trees.append((leaves, spec))

    def __getitem__(self, number: int) -> Any:
        leaves, spec = self._trees[number]
        if number in self._files:
            tensors = torch.load(self._files[number])
            leaves = [tensors.get(place, leaf) for place, leaf in enumerate(leaves)]
        return pytree.tree_unflatten(leaves, spec)

    def __len__(self) -> int:
        return len(self._trees)


class Samples(Sequence[dict[str, torch.Tensor]]):
    """The recorded inputs and outputs by sample, by name; each is put together when it is asked for."""

    def __init__(self, count: int, make: Callable[[int], dict[str, torch.Tensor]]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self._make(position) for position in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(number)
        return self._make(number % self._count)
