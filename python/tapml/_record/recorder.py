# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the source on every sample and writes down what each operator gets and gives."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram

from tapml import progress
from tapml._capture import mlir
from tapml._capture.graph import Graph
from tapml._capture.mlir import Value
from tapml._record import oracle
from tapml._record.execution import Execution
from tapml._record.groups import Group, evaluate_sizes, find_groups, flatten
from tapml._record.store import Content, Store
from tapml.errors import RecordsError
from tapml.records import DATA_DIRECTORY, DIRECTORY, INDEX_FILE, VERSION, file_digest

_TYPES = {**mlir.ELEMENT_TYPES, torch.float64: "f64"}


@dataclass(frozen=True)
class Source:
    """What is run: the program that the graph was imported from, and the leaves of the inputs of every sample.

    ``check`` is called with the number of a sample and the program's results; it raises if they are not the module's.
    """

    program: ExportedProgram
    graph: Graph
    framework: dict[str, str]
    inputs: Sequence[list[Any]]
    check: Callable[[int, tuple], None]


@dataclass
class _Operator:
    """What is known of an operator of the source over all samples."""

    group: Group
    visits: int = 0
    recorded: int = 0
    why: str | None = None
    oracle: str | None = None


@dataclass
class _Visits:
    """The sample that is being recorded: the values so far as JSON, and the lines."""

    values: dict[Value, str]
    contents: dict[Value, Content] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    seen: Counter[int] = field(default_factory=Counter)


class Recorder:
    """Records a saved model.

    Samples that are recorded already (by their entry in records.json) are left as they are. Without ``with_oracle`` the
    float64 results are left out. ``oracle_seconds`` is the time that they took.
    """

    def __init__(self, package: Path, source: Source, *, with_oracle: bool = True) -> None:
        self._package, self._source, self._with_oracle = package, source, with_oracle
        self._directory = package / DIRECTORY
        self._execution = Execution(source.program)
        self._operators = [_Operator(group) for group in find_groups(source.graph)]
        self._by_node = {(op.group.source.node, op.group.source.scope): op for op in self._operators}
        self._nodes = {op.group.source.node: op.group.source.values for op in self._operators}
        self._positions = {id(op): position for position, op in enumerate(self._operators)}
        self._entries: dict[int, dict[str, Any]] = {}
        self._store = Store(self._directory / DATA_DIRECTORY, set())
        self.oracle_seconds = 0.0

    def run(self) -> None:
        """Records every sample; raises RecordsError when the disk is full or the source gives something else."""
        count = len(self._source.inputs)
        try:
            (self._directory / DATA_DIRECTORY).mkdir(parents=True, exist_ok=True)
            self._digests = {
                "graph_sha256": file_digest(self._package / "graph.mlir"),
                "weights_sha256": file_digest(self._package / "weights.safetensors"),
            }
            with progress.counter("recording", count) as counter:
                for number, inputs in enumerate(self._source.inputs):
                    if number not in self._entries:
                        with self._undone():
                            self._record(number, inputs, counter)
                    self._write_index()
        except OSError as error:
            done = len(self._entries)
            kept = f"{done} of {count} samples are recorded, and stay good" if done else "nothing is recorded"
            raise RecordsError(f"cannot write '{self._directory}': {error.strerror or error}; {kept}") from error

    @contextlib.contextmanager
    def _undone(self) -> Iterator[None]:
        """Takes back what the block wrote to the store if it fails."""
        self._store.begin()
        try:
            yield
        except BaseException:
            self._store.take_back()
            raise

    # One sample.

    def _record(self, number: int, inputs: list[Any], counter: progress.Counter) -> None:
        graph = self._source.graph
        tensors = dict(zip((port.value for port in graph.inputs), _tensors(inputs), strict=True))
        sizes = evaluate_sizes(graph, tensors)
        values = {value: f'{{"size": {size}}}' for value, size in sizes.items()}
        values |= {value: _weight_reference(value, name) for value, name in graph.globals.items()}
        visits = _Visits(values)
        for value, tensor in tensors.items():
            self._define(visits, value, tensor, None)

        def observe(
            node: fx.Node, scope: tuple[fx.Node, ...], args: tuple, kwargs: dict[str, Any], result: Any
        ) -> None:
            operator = self._by_node.get((node, scope))
            if operator is not None:
                self._visit(visits, operator, args, kwargs, result)
                counter.update(number, f"{len(visits.lines)} of {len(self._operators)} operators")

        results = self._execution.run(inputs, observe)
        self._source.check(number, results)
        content = "".join(visits.lines).encode()
        file = f"sample-{number}.jsonl"
        digest = _write_atomically(self._directory / file, content)
        self._entries[number] = {
            "sample": number,
            "file": file,
            "sha256": digest,
            "sample_sha256": file_digest(self._package / "samples" / f"{number}.safetensors"),
            "visits": len(visits.lines),
        }

    def _visit(self, visits: _Visits, operator: _Operator, args: tuple, kwargs: dict[str, Any], result: Any) -> None:
        group = operator.group
        visit = visits.seen[self._positions[id(operator)]]
        visits.seen[self._positions[id(operator)]] += 1
        operator.visits += 1
        given = dict(zip(flatten(group.source.values), flatten(result), strict=True))
        problem = group.problem or next(
            filter(None, map(_mismatch, group.results, map(given.get, group.results))), None
        )
        missing = [operand for operand in group.operands if operand not in visits.values]
        if problem is None and missing:
            problem = "an operand comes from an operator that could not be recorded"
        if problem is not None:
            operator.why = operator.why or problem
            return
        sources = [visits.contents.get(operand) for operand in group.operands]
        for value in group.results:
            self._define(visits, value, given[value], None)
        references = ["null"] * len(group.results)
        if self._with_oracle:
            references = self._oracle(operator, args, kwargs, result, given)
        operands = ", ".join(visits.values[operand] for operand in group.operands)
        results = ", ".join(visits.values[value] for value in group.results)
        name = json.dumps(group.source.name)
        visits.lines.append(
            f'{{"operator": {name}, "visit": {visit}, "operands": [{operands}], "results": [{results}], '
            f'"oracle": [{", ".join(references)}]}}\n'
        )
        operator.recorded += 1

    def _oracle(
        self, operator: _Operator, args: tuple, kwargs: dict[str, Any], result: Any, given: dict[Value, torch.Tensor]
    ) -> list[str]:
        start = time.perf_counter()
        tensors, why = oracle.evaluate(operator.group, args, kwargs, result)
        if why:
            operator.oracle = operator.oracle or why
        wide = dict(zip(given, tensors, strict=True))
        references = []
        for value in operator.group.results:
            tensor = wide[value]
            references.append("null" if tensor is None else _reference(tensor, self._store.put(tensor)))
        self.oracle_seconds += time.perf_counter() - start
        return references

    def _define(self, visits: _Visits, value: Value, tensor: torch.Tensor, content: Content | None) -> None:
        content = content or self._store.put(tensor)
        visits.contents[value] = content
        visits.values[value] = _reference(tensor, content)

    # The index.

    def _write_index(self) -> None:
        samples = [self._entries[number] for number in sorted(self._entries)]
        index = {
            "version": VERSION,
            **self._digests,
            "source": self._source.framework,
            "complete": len(samples) == len(self._source.inputs),
            "samples": samples,
            "operators": [_describe(operator) for operator in self._operators],
        }
        _write_atomically(self._directory / INDEX_FILE, (json.dumps(index, indent=1) + "\n").encode())


def _describe(operator: _Operator) -> dict[str, Any]:
    source = operator.group.source
    return {
        "operator": source.name,
        "instances": [operation.instance for operation in source.operations],
        "op": source.op,
        "aten": source.aten,
        "source": source.source,
        "visits": operator.visits,
        "recorded": operator.recorded,
        "why": operator.why,
        "oracle": operator.oracle,
    }


def _tensors(inputs: Sequence[Any]) -> list[torch.Tensor]:
    return [leaf for leaf in inputs if isinstance(leaf, torch.Tensor)]


def _mismatch(value: Value, tensor: Any) -> str | None:
    """Returns a sentence if a tensor does not have the type that the graph gives it."""
    if isinstance(tensor, torch.Tensor) and tensor.dtype == value.dtype and tensor.dim() == value.rank:
        known = zip(value.shape, tensor.shape, strict=True)
        if all(not isinstance(size, int) or size == actual for size, actual in known):
            return None
    got = f"{tuple(tensor.shape)} of {tensor.dtype}" if isinstance(tensor, torch.Tensor) else type(tensor).__name__
    return f"the graph has a result of type {value.type}, the source gave {got}"


def _reference(tensor: torch.Tensor, content: Content) -> str:
    return (
        f'{{"type": "{_TYPES[tensor.dtype]}", "shape": {list(tensor.shape)}, "data": "{content.digest}", '
        f'"stats": {content.statistics}}}'
    )


def _weight_reference(value: Value, name: str) -> str:
    return f'{{"type": "{_TYPES[value.dtype]}", "shape": {list(value.shape)}, "weight": {json.dumps(name)}}}'


def _write_atomically(file: Path, content: bytes) -> str:
    """Writes a file completely or not at all; returns its SHA-256."""
    import hashlib

    scratch = file.with_name(f".{file.name}.new")
    try:
        scratch.write_bytes(content)
        os.replace(scratch, file)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()
