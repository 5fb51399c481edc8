# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the source on every sample and writes down what each operator gets and gives."""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import fx

from tapml import progress
from tapml._capture import mlir
from tapml._capture.mlir import Value
from tapml._record import oracle
from tapml._record.carry import write_atomically
from tapml._record.groups import Group, evaluate_sizes, find_groups, flatten
from tapml._record.source import Source
from tapml._record.store import Content, DataFile, Store
from tapml.errors import RecordsError
from tapml.records import DIRECTORY, INDEX_FILE, RECORDED_FILES, VERSION, Records, file_digest

_JOINED = ",\n  "
_TYPES = {**mlir.ELEMENT_TYPES, torch.float64: "f64"}
# Of glibc, malloc.h.
_M_MMAP_THRESHOLD = -3


@dataclass
class _Operator:
    """What is known of an operator of the source over all samples.

    ``values`` are those of the node's results in order, ``prefix`` is what every line about the operator begins with;
    ``oracle`` says why results are without one.
    """

    group: Group
    values: list[Any]
    prefix: str
    visits: int = 0
    recorded: int = 0
    why: str | None = None
    oracle: str | None = None


@dataclass
class _Sample:
    """The sample that is being recorded.

    ``values`` are the graph's values so far as JSON, ``stored`` has the tensors among them, ``lines`` the
    visits. ``why`` and ``oracle`` are sentences for the operators at these positions.
    """

    values: dict[Value, str]
    stored: dict[Value, tuple[weakref.ref[torch.Tensor], Content]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    why: dict[int, str] = field(default_factory=dict)
    oracle: dict[int, str] = field(default_factory=dict)


class Recorder:
    """Records a saved model.

    Samples that are recorded already are left as they are. Without ``with_oracle`` the float64 results are left out.
    ``oracle_seconds`` is the time that they took. Raises RecordsError when the directory cannot be written.
    """

    def __init__(self, package: Path, source: Source, *, with_oracle: bool = True) -> None:
        self._package, self._source, self._with_oracle = package, source, with_oracle
        self._directory = package / DIRECTORY
        self._operators = [_operator(group) for group in find_groups(source.graph)]
        self._weights = {value: _weight_reference(value, name) for value, name in source.graph.globals.items()}
        self._positions = {
            (operator.group.source.node, operator.group.source.scope): position
            for position, operator in enumerate(self._operators)
        }
        self._entries: dict[int, str] = {}
        self.oracle_seconds = 0.0
        try:
            self._directory.mkdir(exist_ok=True)
            self._digests = {key: file_digest(package / file) for file, key in RECORDED_FILES.items()}
            self._store = self._resume()
        except OSError as error:
            raise self._error(error) from error

    def run(self) -> None:
        """Records every sample that is not recorded yet."""
        count = len(self._source.inputs)
        _return_large_blocks()
        with progress.counter("recording", count) as counter:
            # Says that recording began, or what it was interrupted with.
            try:
                self._write_index(self._entries, self._operators, self._store.files)
            except OSError as error:
                raise self._error(error) from error
            for number in range(count):
                if number not in self._entries:
                    self.record(number, counter)

    def record(self, number: int, counter: progress.Counter | None = None) -> None:
        """Records one sample. What was recorded before stays good if this fails or is interrupted."""
        self._store.begin()
        try:
            sample = self._run(number, counter)
            files = self._store.complete()
            with _interrupts_later():
                self._finish(number, sample, files)
                self._store.commit(files)  # What the index names is not taken back.
        except BaseException as error:
            self._store.take_back()
            if isinstance(error, OSError):
                raise self._error(error) from error
            raise

    # One sample.

    def _run(self, number: int, counter: progress.Counter | None) -> _Sample:
        tensors = self._source.tensors(number)
        sizes = evaluate_sizes(self._source.graph, tensors)
        values = {value: f'{{"size": {size}}}' for value, size in sizes.items()}
        sample = _Sample(values | self._weights)
        for value, tensor in tensors.items():
            self._define(sample, value, tensor, ())

        random = self._source.random

        def observe(node: fx.Node, scope: tuple, args: tuple, kwargs: dict[str, Any], result: Any) -> None:
            if random and (node, scope) in random:
                self._define(sample, random[node, scope], result, ())
            position = self._positions.get((node, scope))
            if position is not None:
                self._visit(sample, position, args, kwargs, result)
                if counter is not None:
                    counter.update(number, f"{len(sample.seen)} of {len(self._operators)} operators")

        self._source.run(number, observe)
        return sample

    def _visit(self, sample: _Sample, position: int, args: tuple, kwargs: dict[str, Any], result: Any) -> None:
        operator = self._operators[position]
        group = operator.group
        sample.seen.add(position)
        given = dict(zip(operator.values, flatten(result), strict=True))
        problem = group.problem
        for value in group.results:
            problem = problem or _mismatch(value, given[value])
        if problem is None and sample.why and not all(map(sample.values.__contains__, group.operands)):
            problem = "an operand comes from an operator that could not be recorded"
        if problem is not None:
            sample.why[position] = problem
            return
        for value in group.results:
            self._define(sample, value, given[value], group.operands)
        references = ["null"] * len(group.results)
        if self._with_oracle:
            start = time.perf_counter()
            references = self._oracle(sample, position, args, kwargs, result)
            self.oracle_seconds += time.perf_counter() - start
        operands = ", ".join(map(sample.values.__getitem__, group.operands))
        results = ", ".join(map(sample.values.__getitem__, group.results))
        # The graph has no loops: within a sample, every operator is visited once.
        sample.lines.append(
            f'{operator.prefix}"visit": 0, "operands": [{operands}], "results": [{results}], '
            f'"oracle": [{", ".join(references)}]}}\n'
        )

    def _oracle(self, sample: _Sample, position: int, args: tuple, kwargs: dict[str, Any], result: Any) -> list[str]:
        group = self._operators[position].group
        tensors, why = oracle.evaluate(group, args, kwargs, result)
        if why:
            sample.oracle[position] = why
        wide = dict(zip(self._operators[position].values, tensors, strict=True))
        chosen = [wide[value] for value in group.results]
        return ["null" if tensor is None else _reference(tensor, self._store.put(tensor)) for tensor in chosen]

    def _define(self, sample: _Sample, value: Value, tensor: torch.Tensor, operands: Sequence[Value]) -> None:
        """Stores a tensor, unless it shows the same elements as one of the operands."""
        content = None
        for operand in operands:
            stored = sample.stored.get(operand)
            if content is None and stored is not None and _same(tensor, stored[0]()):
                content = stored[1]
        content = content or self._store.put(tensor)
        sample.stored[value] = weakref.ref(tensor), content
        sample.values[value] = _reference(tensor, content)

    # The index.

    def _resume(self) -> Store:
        """Takes over the samples that are recorded; returns the store with their tensors."""
        try:
            records = Records(self._package)
            places = {
                bytes.fromhex(tensor["data"]): (tensor["file"], tensor["offset"])
                for sample in records.samples
                for visit in records.visits(sample)
                for tensor in visit.tensors()
            }
        except RecordsError:
            return Store(self._directory)
        index = records.index
        known = {entry["operator"]: entry for entry in index["operators"]}
        for operator in self._operators:
            before = known.get(operator.group.source.name)
            if before is not None:
                operator.visits, operator.recorded = before["visits"], before["recorded"]
                operator.why, operator.oracle = before["why"], before["oracle"]
        self._entries = {entry["sample"]: json.dumps(entry) for entry in index["samples"]}
        return Store(self._directory, [DataFile(entry["file"], entry["bytes"]) for entry in index["data"]], places)

    def _finish(self, number: int, sample: _Sample, files: list[DataFile]) -> None:
        file = f"sample-{number}.jsonl"
        entry = {
            "sample": number,
            "file": file,
            "sha256": write_atomically(self._directory / file, "".join(sample.lines).encode()),
            "sample_sha256": file_digest(self._package / "samples" / f"{number}.safetensors"),
            "visits": len(sample.lines),
        }
        operators = [
            replace(
                operator,
                visits=operator.visits + (position in sample.seen),
                recorded=operator.recorded + (position in sample.seen and position not in sample.why),
                why=operator.why or sample.why.get(position),
                oracle=operator.oracle or sample.oracle.get(position),
            )
            for position, operator in enumerate(self._operators)
        ]
        entries = self._entries | {number: json.dumps(entry)}
        try:
            self._write_index(entries, operators, files)
        except BaseException:
            (self._directory / file).unlink(missing_ok=True)
            raise
        self._entries, self._operators = entries, operators

    def _write_index(self, entries: dict[int, str], operators: list[_Operator], files: list[DataFile]) -> None:
        samples = [entries[number] for number in sorted(entries)]
        index = {
            "version": VERSION,
            **self._digests,
            "source": self._source.framework,
            "complete": len(samples) == len(self._source.inputs),
        }
        head = json.dumps(index)[1:-1]
        lists = {
            "data": [json.dumps({"file": file.name, "bytes": file.size}) for file in files],
            "samples": samples,
            "operators": [json.dumps(_describe(operator)) for operator in operators],
        }
        text = ",\n".join(f' "{key}": [\n  {_JOINED.join(items)}]' for key, items in lists.items())
        write_atomically(self._directory / INDEX_FILE, f"{{{head},\n{text}}}\n".encode())

    def _error(self, error: OSError) -> RecordsError:
        done, count = len(self._entries), len(self._source.inputs)
        kept = f"{done} of {count} samples are recorded and stay good" if done else "no sample is recorded"
        return RecordsError(f"cannot write '{self._directory}': {error.strerror or error}; {kept}")


def _return_large_blocks() -> None:
    """Lets glibc return blocks of 4 MiB and more when they are freed, from now on.

    Else it keeps blocks of up to 32 MiB once it has freed one, and tensors of different sizes leave holes: a hundred
    MiB and more, as threads take turns.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # Other systems have other heaps.
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 22)


@contextlib.contextmanager
def _interrupts_later() -> Iterator[None]:
    """Holds back interrupts (SIGINT) until the end. They come to the main thread only."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield  # There is none, or it is not Python's.
        return
    pending: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pending.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if pending:
            signal.raise_signal(signal.SIGINT)


def _operator(group: Group) -> _Operator:
    return _Operator(group, flatten(group.source.values), f'{{"operator": {json.dumps(group.source.name)}, ')


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


def _mismatch(value: Value, tensor: Any) -> str | None:
    """Returns a sentence if a tensor does not have the type that the graph gives it."""
    if isinstance(tensor, torch.Tensor) and tensor.dtype == value.dtype and tensor.dim() == value.rank:
        for known, actual in zip(value.shape, tensor.shape, strict=True):
            if isinstance(known, int) and known != actual:
                break
        else:
            return None
    got = f"{tuple(tensor.shape)} of {tensor.dtype}" if isinstance(tensor, torch.Tensor) else type(tensor).__name__
    return f"the graph has a result of type {value.type}, the source gave {got}"


def _same(tensor: torch.Tensor, other: torch.Tensor | None) -> bool:
    """Returns whether two tensors show the same elements of one storage in the same order."""
    return (
        other is not None
        and tensor.data_ptr() == other.data_ptr()
        and tensor.nbytes == other.nbytes
        and tensor.dtype == other.dtype
        and tensor.is_contiguous()
        and other.is_contiguous()
    )


def _reference(tensor: torch.Tensor, content: Content) -> str:
    return (
        f'{{"type": "{_TYPES[tensor.dtype]}", "shape": {list(tensor.shape)}, "data": "{content.digest}", '
        f'"file": "{content.file}", "offset": {content.offset}, "stats": {content.statistics}}}'
    )


def _weight_reference(value: Value, name: str) -> str:
    return f'{{"type": "{_TYPES[value.dtype]}", "shape": {list(value.shape)}, "weight": {json.dumps(name)}}}'
