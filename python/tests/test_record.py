# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What recording writes: every visit of every operator of small models, with its values, its oracle and its range."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import tapml
from tapml._capture.registry import converts
from tapml._record import oracle, store
from tapml._record.recorder import Recorder
from tapml.errors import CaptureError
from tapml.records import Records, Visit

from conftest import FunctionModule
from records_check import check_data_files, check_records, check_statistics, tensor


def record(
    path: Path, module: Any, samples: Sequence[Any], dynamic_shapes: Any = None, **options: Any
) -> tuple[tapml.Captured, dict[int, list[Visit]]]:
    """Records a module or a function, checks the records, and returns the visits of every sample."""
    module = module if isinstance(module, nn.Module) else FunctionModule(module)
    captured = tapml.capture(module.eval(), list(samples), dynamic_shapes, name="model", **options)
    captured.save(path, record=True)
    return captured, check_records(captured, path)


def by_name(visits: Sequence[Visit]) -> dict[str, Visit]:
    return {visit.operator: visit for visit in visits}


def entry(path: Path, operator: str) -> dict[str, Any]:
    return next(entry for entry in Records(path).operators if entry["operator"] == operator)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.tapml"


# What is recorded.


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(6, 6)
        self.norm = nn.LayerNorm(6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x + torch.nn.functional.gelu(self.dense(x)))


def test_every_visit_of_every_operator(path: Path) -> None:
    model = nn.Sequential(Layer(), Layer())
    samples = [torch.randn(rows, 6) for rows in (3, 1, 5)]
    captured, visits = record(path, model, samples, {"input": {0: torch.export.Dim("rows", min=1, max=9)}})
    assert list(by_name(visits[0])) == [operator.instance for operator in captured.graph.operators]
    for number, sample in enumerate(samples):
        dense = by_name(visits[number])["0.dense"]
        values, weight, bias = dense.operands
        assert values["shape"] == [*sample.shape]
        assert values["data"] == hashlib.sha256(sample.numpy().tobytes()).hexdigest()
        assert weight == {"type": "f32", "shape": [6, 6], "weight": "0.dense.weight"}
        assert bias["weight"] == "0.dense.bias"
        exact = tensor(Records(path), dense.oracle[0])
        wide = nn.functional.linear(sample.double(), model[0].dense.weight.double(), model[0].dense.bias.double())
        assert torch.equal(exact, wide)
    first = entry(path, "1.norm")
    assert first["op"] == "layer_norm"
    assert first["aten"] == "aten.layer_norm.default"
    assert first["visits"] == first["recorded"] == 3
    assert Path(first["source"].partition(":")[0]).name


def test_operators_with_several_results(path: Path) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        first, _, last = x.split([2, 1, 3], dim=1)
        top, bottom = last.unbind(0)[:2]
        left, _ = first.chunk(2, dim=1)
        return left.sum() + (top * bottom)

    _, visits = record(path, function, [torch.randn(4, 6)])
    split = next(visit for visit in visits[0] if len(visit.results) == 2 and visit.results[0]["shape"] == [4, 2])
    assert [result["shape"] for result in split.results] == [[4, 2], [4, 3]]
    unbind = next(visit for visit in visits[0] if visit.results[0]["shape"] == [3])
    assert len(unbind.results) == 2
    operators = {e["operator"]: e for e in Records(path).operators}
    assert operators[split.operator]["aten"].startswith("aten.split")
    assert len(operators[split.operator]["instances"]) == 2


def test_operators_that_become_several_operations(path: Path) -> None:
    _, visits = record(
        path, lambda x: (x.var(1), torch.log_softmax(x, 1), x.amin(), (x > 0).any(1)), [torch.randn(4, 6)]
    )
    assert [len(entry["instances"]) > 1 for entry in Records(path).operators] == [True, True, True, False, True]
    assert [len(visit.results) for visit in visits[0]] == [1] * 5
    records = Records(path)
    assert torch.equal(tensor(records, visits[0][2].oracle[0]), tensor(records, visits[0][2].results[0]).double())


def test_integers_and_booleans(path: Path) -> None:
    def function(ids: torch.Tensor, mask: torch.Tensor, small: torch.Tensor) -> Any:
        return (ids + 1) * small, mask & (ids > 2), mask.to(torch.int32) - small, ids.to(torch.float32), ids / 3

    samples = [
        (torch.tensor([[1, 2, -(2**62)]]), torch.tensor([[True, False, True]]), torch.tensor([[7]], dtype=torch.int32))
    ]
    _, visits = record(path, function, samples)
    types = {reference["type"] for visit in visits[0] for reference in visit.results}
    assert types == {"i64", "i1", "i32", "f32"}
    for visit in visits[0]:
        assert (visit.oracle[0] is None) == (visit.results[0]["type"] != "f32")
    records = Records(path)
    boolean = next(visit.results[0] for visit in visits[0] if visit.results[0]["type"] == "i1")
    content = (records.directory / boolean["file"]).read_bytes()
    assert set(content[boolean["offset"] : boolean["offset"] + math.prod(boolean["shape"])]) <= {0, 1}
    casts = [visit for visit in visits[0] if visit.operator.startswith("cast")]
    cast = next(visit for visit in casts if visit.results[0]["type"] == "f32")
    assert torch.equal(tensor(records, cast.oracle[0]), tensor(records, cast.results[0]).double()), "keeps its rounding"
    assert tensor(records, by_name(visits[0])["div"].oracle[0])[0, 0] == 1 / 3


def test_views_are_recorded_as_they_are_seen(path: Path) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        turned = x.t()
        return turned[1:, ::2].unsqueeze(0).expand(3, -1, -1).reshape(3, -1), turned.unsqueeze(1)

    x = torch.arange(20.0).view(4, 5)
    _, visits = record(path, function, [x])
    records = Records(path)
    named = by_name(visits[0])
    assert torch.equal(tensor(records, named["permute"].results[0]), x.t())
    assert all(visit.oracle == [None] for visit in visits[0])
    assert all(entry["oracle"] is None for entry in records.operators), "it goes without saying"
    last = visits[0][-1]
    assert last.operands[0]["data"] == last.results[0]["data"], "the same elements are stored once"


def test_inputs_with_gaps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_COPY", 128)  # So that views are copied in pieces.
    monkeypatch.setattr(store, "_PIECE", 64)
    x = torch.randn(7, 9, 5).permute(2, 0, 1)[:, ::2]
    _, visits = record(path, lambda x: x.transpose(0, 2) * 2, [x, torch.randn(50, 4, 9).permute(0, 1, 2)[::10]])
    assert visits[0][0].operands[0]["data"] == hashlib.sha256(x.contiguous().numpy().tobytes()).hexdigest()


def test_numbers_are_rounded_as_the_operator_rounds_them(path: Path) -> None:
    x = torch.tensor([0.1, 1.0])
    _, visits = record(path, lambda x: (x - 0.1, x.clamp(0.3, 0.7), torch.full((2,), 0.1) + x), [x])
    records = Records(path)
    named = by_name(visits[0])
    assert tensor(records, named["sub"].oracle[0]).tolist() == [0.0, 1.0 - float(torch.tensor(0.1))]
    assert named["sub"].operands == [named["maximum" if "maximum" in named else "minimum"].operands[0]]
    assert tensor(records, named["full"].oracle[0]).tolist() == [float(torch.tensor(0.1))] * 2


def test_dynamic_sizes(path: Path) -> None:
    def function(x: torch.Tensor) -> Any:
        most = x[: x.shape[0] - 2]
        return most.reshape(-1) * x.shape[0], torch.arange(x.shape[0] + 1) * 2, x.new_zeros(x.shape[0] * 2, 3)

    dims = {"args": ({0: torch.export.Dim("rows", min=4, max=64)},)}
    _, visits = record(path, function, [torch.randn(rows, 4) for rows in (6, 9, 4)], dims)
    for number, rows in enumerate((6, 9, 4)):
        sizes = {visit.operator: [op["size"] for op in visit.operands if "size" in op] for visit in visits[number]}
        assert sizes["slice"] == [rows - 2]
        assert sizes["reshape"] == [4 * (rows - 2)]
        assert sizes["full"] == [2 * rows]


def test_empty_tensors(path: Path) -> None:
    def function(x: torch.Tensor) -> Any:
        return x * 2, x.sum(0), torch.cat([x, x]), torch.nn.functional.layer_norm(x, [3])

    dims = {"args": ({0: torch.export.Dim("rows", min=0, max=64)},)}
    _, visits = record(path, function, [torch.randn(4, 3), torch.empty(0, 3)], dims)
    nothing = hashlib.sha256(b"").hexdigest()
    assert visits[1][0].results[0]["data"] == nothing
    assert visits[1][0].oracle[0]["data"] == nothing
    assert visits[1][0].results[0]["stats"]["min"] is None
    assert visits[1][1].results[0]["shape"] == [3]


def test_nan_infinity_and_subnormals(path: Path) -> None:
    x = torch.tensor([[float("nan"), float("inf"), -float("inf"), 1e-40, -0.0, 3e38]])
    _, visits = record(path, lambda x: (x * 2, torch.softmax(x, 1), x.exp()), [x])
    assert visits[0][0].operands[0]["stats"] == {
        "min": 0.0 if str(visits[0][0].operands[0]["stats"]["min"]) == "0.0" else -0.0,
        "max": float(torch.tensor(3e38)),
        "mean": float(torch.tensor([1e-40, 0.0, 3e38]).double().mean()),
        "variance": pytest.approx(float(torch.tensor([1e-40, 0.0, 3e38]).double().var(correction=0))),
        "largest_magnitude": float(torch.tensor(3e38)),
        "subnormals": 1,
        "nan": 1,
        "inf": 2,
    }
    assert visits[0][0].results[0]["stats"]["inf"] == 3
    assert visits[0][0].oracle[0]["stats"]["inf"] == 2, "float64 has the range"
    assert visits[0][1].results[0]["stats"]["nan"] == 6


def test_statistics_of_large_and_special_tensors() -> None:
    torch.manual_seed(1)
    for values in (
        torch.randn(300_000) * 1e-3 + 1000,
        torch.randn(200_001).masked_fill(torch.rand(200_001) < 0.3, float("nan")),
        torch.full((70_000,), float("inf")),
        torch.randint(-5, 9, (100_000,)),
        torch.rand(70_000) < 0.2,
        torch.randn(70_000, dtype=torch.float64) * 1e-310,
        torch.tensor([], dtype=torch.int32),
    ):
        gathered = store.Statistics(values.numpy().dtype)
        for piece in values.split(65_536):
            gathered.add(piece.numpy())
        check_statistics(values, json.loads(gathered.json()))
    huge = store.Statistics(torch.empty(0, dtype=torch.float64).numpy().dtype)
    huge.add(torch.tensor([1e300, -1e300], dtype=torch.float64).numpy())
    assert json.loads(huge.json())["variance"] == "inf"


def test_in_place_operators_leave_what_they_got(path: Path) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y.add_(1)
        y[:, 0].mul_(3)
        y[1:].fill_(0.5)
        return y.relu_() + y

    x = torch.randn(3, 4)
    kept = x.clone()
    _, visits = record(path, function, [x])
    assert torch.equal(x, kept)
    records = Records(path)
    add = next(visit for visit in visits[0] if visit.operator == "add")
    assert torch.equal(tensor(records, add.operands[0]), x * 2), "what it got, before it was changed"
    assert torch.equal(tensor(records, add.results[0]), x * 2 + 1)


def test_tied_weights_and_equal_tensors_are_stored_once(path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(11, 4)
            self.head = nn.Linear(4, 11, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.head(self.embed(ids) * 1.0)

    ids = torch.tensor([[1, 2, 3]])
    _, visits = record(path, Model(), [{"ids": ids}, {"ids": ids}])
    assert visits[0][0].operands[0]["weight"] == visits[0][-1].operands[1]["weight"] == "embed.weight"
    assert visits[0] == visits[1]
    check_data_files(Records(path))
    assert [entry["file"] for entry in Records(path).index["data"]] == ["data-0.bin"]  # Sample 1 brings nothing new.
    named = by_name(visits[0])
    assert named["mul"].results[0]["data"] == named["embed"].results[0]["data"]


def test_a_result_is_hashed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = FunctionModule(lambda x: ((x + 1).reshape(2, 3).unsqueeze(0) * 2).exp()).eval()
    captured = tapml.capture(module, [torch.randn(6)], name="model")
    captured.save(path)
    hashed: list[torch.Tensor] = []
    put = store.Store.put
    monkeypatch.setattr(store.Store, "put", lambda self, tensor: hashed.append(tensor) or put(self, tensor))
    Recorder(path, captured.source, with_oracle=False).run()
    assert len(hashed) == 4  # The input, add, mul and exp; not the two views.


def test_regions_and_elided_operators(path: Path) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            y = x.float() * 2
        with torch.enable_grad():
            return torch.nn.functional.dropout(y.clone(), 0.5, training=False) + y

    _, visits = record(path, function, [torch.randn(3)])
    assert list(by_name(visits[0])) == ["mul", "add"]
    assert visits[0][1].operands == visits[0][0].results


def test_modules_that_are_called_again(path: Path) -> None:
    dense = nn.Linear(4, 4)
    _, visits = record(path, nn.Sequential(dense, nn.ReLU(), dense), [torch.randn(2, 4)])
    assert list(by_name(visits[0])) == ["0", "1", "2"] or len(visits[0]) == 3
    assert visits[0][0].operands[1] == visits[0][2].operands[1]


def test_constants_and_buffers_and_unused_inputs(path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("scale", torch.tensor([1.0, 2.0]), persistent=False)

        def forward(self, x: torch.Tensor, unused: torch.Tensor, factor: int = 2) -> Any:
            return x * self.scale * factor + torch.tensor([0.5, 0.25]), self.scale, x

    _, visits = record(path, Model(), [(torch.randn(3, 2), torch.randn(1), 2)])
    assert visits[0][0].operands[1]["weight"] == "scale"
    assert "weight" in visits[0][-1].operands[1]


# The oracle.


def test_types_of_arguments_are_promoted(path: Path) -> None:
    def function(x: torch.Tensor, n: torch.Tensor) -> Any:
        return torch.softmax(x, 1, dtype=torch.float32), n.sum(dtype=torch.float32), torch.ones(2) / 3, n.float().mean()

    x, n = torch.randn(2, 5), torch.arange(1, 8)
    _, visits = record(path, function, [(x, n)])
    records = Records(path)
    assert torch.equal(tensor(records, visits[0][0].oracle[0]), torch.softmax(x.double(), 1))
    assert all(visit.oracle[0]["type"] == "f64" for visit in visits[0])


def test_attention_and_norms_have_an_oracle(path: Path) -> None:
    def function(q: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=mask) + 1

    q, mask = torch.randn(2, 3, 5, 8), torch.rand(2, 1, 5, 5) < 0.7
    _, visits = record(path, function, [(q, mask | torch.eye(5, dtype=torch.bool))])
    exact = tensor(Records(path), visits[0][0].oracle[0])
    wide = q.double()
    expected = torch.nn.functional.scaled_dot_product_attention(wide, wide, wide, mask | torch.eye(5, dtype=torch.bool))
    torch.testing.assert_close(exact, expected, rtol=0, atol=1e-14)
    assert torch.get_default_dtype() == torch.float32


def test_an_oracle_that_takes_too_much_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MEMORY", 8 << 10)
    model = nn.Sequential(nn.Linear(30, 40), nn.Tanh(), nn.Linear(40, 200, bias=False))
    _, visits = record(path, model, [torch.randn(2, 6, 30)])
    records = Records(path)
    with torch.no_grad():
        first = nn.functional.linear(
            tensor(records, visits[0][0].operands[0]).double(), *(p.double() for p in model[0].parameters())
        )
    torch.testing.assert_close(tensor(records, visits[0][0].oracle[0]), first, rtol=1e-14, atol=1e-14)  # In blocks.
    assert visits[0][2].oracle == [None]
    assert "in float64 it takes" in entry(path, "2")["oracle"]


def test_an_operator_without_float64_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise NotImplementedError("\"tanh\" not implemented for 'Double'\nmore")

    monkeypatch.setattr(oracle, "_run", refuse)
    _, visits = record(path, torch.tanh, [torch.randn(3)])
    assert visits[0][0].oracle == [None]
    assert entry(path, "tanh")["oracle"] == "PyTorch has no float64 form of it: \"tanh\" not implemented for 'Double'"


# What cannot be recorded.


def test_values_in_the_middle_of_an_operator_are_not_recorded_silently(path: Path) -> None:
    kept: list[Any] = []

    @converts("tapml_test.first.default")
    def convert_first(ctx: Any, x: Any) -> Any:
        kept[:] = [ctx.unary("exp", x)]
        return ctx.unary("neg", kept[0])

    @converts("tapml_test.second.default")
    def convert_second(ctx: Any, x: Any) -> Any:
        return ctx.binary("add", kept[0], x)

    library = torch.library.Library("tapml_test", "DEF")
    library.define("first(Tensor x) -> Tensor")
    library.define("second(Tensor x) -> Tensor")
    library.impl("first", lambda x: -x.exp(), "CompositeExplicitAutograd")
    library.impl("second", lambda x: x - x, "CompositeExplicitAutograd")
    module = FunctionModule(lambda x: torch.ops.tapml_test.second(torch.ops.tapml_test.first(x)).abs()).eval()
    tapml.capture(module, [torch.randn(3)], name="model").save(path, record=True)
    records = Records(path)
    assert {entry["operator"]: (entry["visits"], entry["recorded"], entry["why"]) for entry in records.operators} == {
        "neg": (1, 0, "a value in the middle of it is used by other operators, and the source does not show it"),
        "add": (1, 0, "an operand is a value in the middle of another operator, and the source does not show it"),
        "abs": (1, 0, "an operand comes from an operator that could not be recorded"),
    }
    assert list(records.visits(0)) == []


def test_a_converter_with_the_wrong_type_is_noticed(path: Path) -> None:
    @converts("tapml_test_wrong.op.default")
    def convert(ctx: Any, x: Any) -> Any:
        return ctx.op("reshape", [x], (6,), x.dtype)

    library = torch.library.Library("tapml_test_wrong", "DEF")
    library.define("op(Tensor x) -> Tensor")
    library.impl("op", lambda x: x.clone(), "CompositeExplicitAutograd")
    module = FunctionModule(lambda x: torch.ops.tapml_test_wrong.op(x)).eval()
    tapml.capture(module, [torch.randn(2, 3)], name="model").save(path, record=True)
    expected = "the graph has a result of type tensor<6xf32>, the source gave (2, 3) of torch.float32"
    assert entry(path, "reshape")["why"] == expected


def test_random_numbers_are_recorded_as_values(path: Path) -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            noise = torch.randn(3)
        return x * noise + torch.rand_like(x)

    captured, visits = record(path, function, [torch.ones(3), torch.ones(3)])
    records = Records(path)
    for number, sample in enumerate(captured.samples):
        named = by_name(visits[number])
        assert torch.equal(tensor(records, named["mul"].operands[1]), sample["input.random.randn"])
        assert torch.equal(tensor(records, named["add"].operands[1]), sample["input.random.rand_like"])
    assert visits[0][0].operands[1] != visits[1][0].operands[1]


def test_state_is_refused_by_name(path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("cache", torch.zeros(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.cache += x
            return self.cache * 2

    with pytest.raises(CaptureError, match="keeps state"):
        tapml.capture(Model().eval(), [torch.randn(3)])


def test_state_that_is_passed_in_and_out(path: Path) -> None:
    def function(cache: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        cache = cache.clone()
        cache[:, 2:4] = new * 2
        return cache

    cache, new = torch.randn(2, 6), torch.randn(2, 2)
    _, visits = record(path, function, [(cache, new)])
    records = Records(path)
    write = visits[0][-1]
    assert torch.equal(tensor(records, write.operands[0]), cache), "the base, before the write"
    assert any("data" in operand and torch.equal(tensor(records, operand), new * 2) for operand in write.operands)
    assert torch.equal(cache, captured_input(path, 0))


def captured_input(path: Path, sample: int) -> torch.Tensor:
    return load_file(path / "samples" / f"{sample}.safetensors")["input.args.0"]
