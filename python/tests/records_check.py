# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks records against the text of the graph: as a reader in another language would derive them.

Shares nothing with the recorder. Every operator's operands and results are found by walking the operations of the text
that have its instances, and its operations are evaluated again on what was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

import tapml
from tapml.records import ALIGNMENT, Records, Visit

import reference


@dataclass
class Line:
    """An operation of the text."""

    name: str
    results: list[str]
    operands: list[str]
    types: list[str]
    instance: str


def parse(text: str) -> tuple[list[Line], set[str]]:
    """Returns the operations of the function in generic syntax, and the values that it returns."""
    lines = []
    for line in text.splitlines():
        match = re.match(r'\s*(?:(%\S+) = )?"([\w.]+)"\(([^)]*)\)(.*)', line)
        if match is None or match[2] in ("builtin.module", "func.func", "tapml.global"):
            continue
        instance = re.search(r'instance = \["([^"]*)"\]', match[4])
        types = re.search(r" : \(([^)]*)\) -> ", match[4])
        lines.append(
            Line(
                match[2],
                [match[1]] if match[1] else [],
                re.findall(r"%\w+", match[3]),
                re.split(r", (?![^<]*>)", types[1]) if types and types[1] else [],
                instance[1] if instance else "",
            )
        )
    assert lines[-1].name == "func.return"
    return lines, set(lines[-1].operands)


def signature(lines: list[Line], instances: list[str]) -> tuple[list[str], list[str]]:
    """Returns the operands and the results of an operator by the rules of docs/Recording.md."""
    group = [line for line in lines if line.instance and line.instance in instances]
    inner = {result for line in group for result in line.results}
    makers = {result: line.name for line in lines for result in line.results}
    constants = {"tapml.constant", "arith.constant"}
    used = [value for line in group for value in line.operands]
    operands = [value for value in dict.fromkeys(used) if value not in inner and makers.get(value) not in constants]
    outside = {value for line in lines if line not in group for value in line.operands}
    return operands, [value for line in group for value in line.results if value in outside]


def check_records(captured: tapml.Captured, path: Path) -> dict[int, list[Visit]]:
    """Fails unless the records at ``path`` are complete and right; returns the visits of every sample."""
    records = Records(path)
    assert records.complete
    assert records.samples == list(range(len(captured.samples)))
    lines, _ = parse(captured.text)
    operators = {entry["operator"]: entry for entry in records.operators}
    assert len(operators) == len(records.operators)
    named = [line.instance for line in lines if line.instance]
    assert sorted(named) == sorted(instance for entry in records.operators for instance in entry["instances"])
    weights = load_file(path / "weights.safetensors")

    visits = {sample: list(records.visits(sample)) for sample in records.samples}
    for sample, of_sample in visits.items():
        assert [visit.operator for visit in of_sample] == list(operators)
        known: dict[str, Any] = {}
        for visit in of_sample:
            _check_visit(records, captured, visit, lines, operators[visit.operator]["instances"], known, weights)
        outputs = dict(zip((p.name for p in captured.graph.outputs), lines[-1].operands, strict=True))
        for name, value in outputs.items():
            if "data" in known.get(value, {}):
                assert torch.equal(
                    tensor(records, known[value]).nan_to_num(), captured.samples[sample][f"output.{name}"].nan_to_num()
                )
    for entry in records.operators:
        assert entry["visits"] == entry["recorded"] == len(visits)
        assert entry["why"] is None
    return visits


def check_data_files(records: Records) -> None:
    """Fails unless the data files hold the tensors of the records, each once, and nothing else."""
    tensors = [tensor for sample in records.samples for visit in records.visits(sample) for tensor in visit.tensors()]
    places = {tensor["data"]: (tensor["file"], tensor["offset"]) for tensor in tensors}
    assert all(places[tensor["data"]] == (tensor["file"], tensor["offset"]) for tensor in tensors)
    ends: dict[str, int] = {}
    sizes = {tensor["data"]: records.tensor(tensor).nbytes for tensor in tensors}
    for digest, (file, offset) in sorted(places.items(), key=lambda item: (item[1], sizes[item[0]])):
        assert offset == -(-ends.get(file, 0) // ALIGNMENT) * ALIGNMENT
        ends[file] = offset + sizes[digest]
    assert {entry["file"]: entry["bytes"] for entry in records.index["data"]} == ends
    files = {f"sample-{sample}.jsonl" for sample in records.samples} | {"records.json"} | ends.keys()
    assert {file.name for file in records.directory.iterdir()} == files


def tensor(records: Records, reference: Mapping[str, Any]) -> torch.Tensor:
    return torch.from_numpy(records.tensor(reference).copy())


def _check_visit(
    records: Records,
    captured: tapml.Captured,
    visit: Visit,
    lines: list[Line],
    instances: list[str],
    known: dict[str, Any],
    weights: Mapping[str, torch.Tensor],
) -> None:
    operands, results = signature(lines, instances)
    types = {value: kind for line in lines for value, kind in zip(line.operands, line.types, strict=True)}
    assert len(visit.operands) == len(operands), visit
    assert len(visit.results) == len(visit.oracle) == len(results), visit
    values: dict[str, Any] = {}
    for name, operand in zip(operands, visit.operands, strict=True):
        assert ("size" in operand) == (types[name] == "index")
        if name in known:
            assert operand == known[name]
        known[name] = operand
        if "size" in operand:
            values[name] = operand["size"]
        elif "weight" in operand:
            values[name] = weights[operand["weight"]]
            assert list(values[name].shape) == operand["shape"]
        else:
            values[name] = tensor(records, operand)
            check_statistics(values[name], operand["stats"])
    again = evaluate(captured, instances, values)
    for name, result, wide in zip(results, visit.results, visit.oracle, strict=True):
        assert name not in known
        known[name] = result
        got = tensor(records, result)
        check_statistics(got, result["stats"])
        torch.testing.assert_close(again[name], got, rtol=2e-6, atol=1e-6, equal_nan=True)
        if wide is not None:
            exact = tensor(records, wide)
            assert wide["type"] == "f64"
            assert got.is_floating_point()
            check_statistics(exact, wide["stats"])
            torch.testing.assert_close(got, exact.to(got.dtype), rtol=1e-5, atol=1e-5, equal_nan=True)


def evaluate(captured: tapml.Captured, instances: list[str], operands: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all values of an operator, evaluated by the description of the dialect."""
    values = dict(operands)
    for operation in captured.graph.operations:
        if operation.instance in instances or operation.name in ("tapml.constant", "arith.constant"):
            inputs = [values[operand.name] for operand in operation.operands]
            values[operation.results[0].name] = reference.evaluate_operation(operation, inputs, captured.graph)
    return values


def check_statistics(values: torch.Tensor, statistics: Mapping[str, Any]) -> None:
    """Fails unless the statistics are those of the tensor, computed all at once."""
    array = values.numpy().ravel()
    floating = values.is_floating_point()
    finite = array[np.isfinite(array)]
    expected: dict[str, Any] = dict.fromkeys(("min", "max", "mean", "variance", "largest_magnitude"))
    expected |= dict.fromkeys(("subnormals", "nan", "inf"), 0 if floating else None)
    if floating:
        expected["nan"], expected["inf"] = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        tiny = np.finfo(array.dtype).tiny
        expected["subnormals"] = int(((finite != 0) & (np.abs(finite) < tiny)).sum())
    if finite.size:
        wide = finite.astype(np.float64)
        expected["min"], expected["max"] = (
            int(finite.min()) if not floating else float(finite.min()),
            finite.max().item(),
        )
        expected["largest_magnitude"] = max(
            abs(int(v)) if not floating else abs(float(v)) for v in (finite.min(), finite.max())
        )
        expected["mean"], expected["variance"] = float(wide.mean()), float(wide.var())
    assert statistics.keys() == expected.keys()
    for key, value in expected.items():
        if key in ("mean", "variance") and value is not None:
            assert np.isclose(
                statistics[key], value, rtol=1e-9, atol=1e-12 * max(1.0, abs(expected["largest_magnitude"])) ** 2
            ), key
        else:
            assert statistics[key] == value, key
