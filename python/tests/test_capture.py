# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ``tapml.capture`` makes of whole modules: names, weights, nested arguments, constants, and its errors."""

from __future__ import annotations

import collections
import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

import tapml
from tapml.errors import CaptureError, TapMLError

from conftest import FunctionModule, capture_and_check

BATCH = torch.export.Dim("batch", min=1, max=8)
HERE = Path(__file__).name


def instances(captured: tapml.Captured) -> list[str]:
    return [operator.instance for operator in captured.graph.operators]


def rejects(module: Any, *inputs: Any, dynamic_shapes: Any = None, **options: Any) -> CaptureError:
    """Returns the error of capturing ``module``, which must fail."""
    module = module if isinstance(module, nn.Module) else FunctionModule(module)
    with pytest.raises(CaptureError) as info:
        tapml.capture(module.eval(), inputs, dynamic_shapes, **options)
    return info.value


# Names of operators.


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(4, 4)
        self.act = nn.GELU()
        self.norm = nn.LayerNorm(4)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x + self.drop(self.act(self.dense(x)))) + 1 + 2


class Stack(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Block() for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layer:
            x = layer(x)
        return x


def test_instances_follow_the_modules() -> None:
    captured = capture_and_check(Stack(), [(torch.randn(3, 4),)])
    block = ["dense", "act", "add", "norm", "add.1", "add.2"]
    assert instances(captured) == [f"layer.{i}.{name}" for i in range(2) for name in block]


def test_instances_are_unique_when_a_module_is_called_again() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.dense(self.dense(self.dense(x)))

    assert instances(capture_and_check(Twice(), [(torch.randn(3, 4),)])) == ["dense", "dense.1", "dense.2"]


def test_instances_do_not_clash_with_children_that_are_numbers() -> None:
    class Clash(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add = nn.Sequential(nn.ReLU(), nn.ReLU())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.add(x) + x + x + x

    found = instances(capture_and_check(Clash(), [(torch.randn(3),)]))
    assert found == ["add.0", "add.1", "add", "add.2", "add.3"]


def test_module_of_several_operators_names_each() -> None:
    class Norm(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)

    captured = capture_and_check(nn.Sequential(Norm()), [(torch.randn(3, 4),)])
    assert instances(captured) == ["0.pow", "0.mean", "0.add", "0.rsqrt", "0.mul"]


def test_capture_is_deterministic() -> None:
    module, sample = Stack().eval(), (torch.randn(3, 4),)
    assert tapml.capture(module, sample).text == tapml.capture(module, sample).text


def test_source_is_the_line_of_the_user() -> None:
    captured = tapml.capture(Block().eval(), (torch.randn(3, 4),))
    lines = Path(__file__).read_text().splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if "self.norm(x + self.drop" in text)
    (norm,) = (operator for operator in captured.graph.operators if operator.instance == "norm")
    assert (Path(norm.file).name, norm.line, norm.column) == (HERE, line, 9)
    assert f'{HERE}":{line}:9)' in captured.text


def test_elided_and_unused_operators_are_listed() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x.cumsum(0)  # Not supported, and not used.
            return self.drop(x).clone() * 2

    captured = capture_and_check(Model(), [(torch.randn(3),)])
    elided = {item.op: (item.instance, item.why) for item in captured.graph.elided}
    assert elided["aten.dropout.default"] == ("drop.dropout", "dropout does nothing in inference")
    assert elided["aten.cumsum.default"][1] == "its result is not used"
    assert "aten.clone.default" in elided


# Weights.


def test_tied_weights_are_stored_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(9, 4)
            self.head = nn.Linear(4, 9, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.head(self.embed(ids))

    captured = capture_and_check(Tied(), [(torch.tensor([[1, 2]]),)])
    assert list(captured.weights) == ["embed.weight"]
    assert captured.text.count('"tapml.global"') == 1


def test_buffers_and_constants() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.arange(6.0), persistent=False)
            self.register_buffer("part", self.table[1:3], persistent=False)
            self.register_buffer("unused", torch.zeros(3))
            self.plain = torch.tensor([1.0, 2.0])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.table.sum() + self.part + self.plain + torch.tensor([3.0, 4.0])

    captured = capture_and_check(Model(), [(torch.randn(5, 2),)])
    assert set(captured.weights) == {"table", "part", "plain", "lifted_tensor_0"}


def test_views_of_a_weight_stay_apart(tmp_path: Path) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            whole = torch.randn(4, 6)
            self.register_buffer("left", whole[:, :3])
            self.register_buffer("flipped", whole.t())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.left @ self.left.t() @ self.flipped.t()

    module = Model()
    captured = capture_and_check(module, [(torch.randn(2, 4),)])
    stored = load_file(captured.save(tmp_path / "m.tapml") / "weights.safetensors")
    assert torch.equal(stored["left"], module.left)
    assert torch.equal(stored["flipped"], module.flipped)


# Inputs and outputs.


@dataclasses.dataclass
class Options:
    mask: torch.Tensor
    scale: float = 1.0


@dataclasses.dataclass
class Result:
    value: torch.Tensor
    parts: tuple[torch.Tensor, ...]


Pair = collections.namedtuple("Pair", ["first", "second"])


class Nested(nn.Module):
    def forward(self, x: torch.Tensor, options: Options, extra: dict[str, Any] | None = None, *, gain: int = 2) -> Any:
        y = torch.where(options.mask, x * options.scale, 0.0) * gain
        more = y if extra is None else y + extra["bias"][0]
        return {"result": Result(more, (y, x + 1)), "pair": Pair(y, None), "name": "constant"}


def test_nested_inputs_and_outputs() -> None:
    shapes = {"x": {0: BATCH}, "options": [{0: BATCH}, None]}

    def sample(batch: int) -> dict[str, Any]:
        mask = torch.rand(batch, 4) > 0.5
        extra = {"bias": (torch.randn(4),), "unused": torch.randn(2)}
        return {"x": torch.randn(batch, 4), "options": Options(mask, 0.5), "extra": extra, "gain": 3}

    captured = capture_and_check(Nested(), [sample(3), sample(1)], shapes)
    inputs = [port.name for port in captured.graph.inputs]
    assert inputs == ["x", "options.mask", "extra.bias.0", "extra.unused"]
    outputs = [port.name for port in captured.graph.outputs]
    assert outputs == ["result.value", "result.parts.0", "result.parts.1", "pair.first"]
    assert captured.graph.constant_inputs == {"options.scale": 0.5, "gain": 3}
    assert captured.graph.constant_outputs == {"pair.second": None, "name": "constant"}
    assert captured.graph.symbols == {"batch": (1, 8)}
    assert 'tapml.dims = ["batch", ""]' in captured.text


def test_order_of_arguments_by_name() -> None:
    class Model(nn.Module):
        def forward(self, a: torch.Tensor, pair: dict[str, torch.Tensor]) -> torch.Tensor:
            return a - pair["p"] * 2 - pair["q"] * 3

    a, p, q = torch.randn(3, 4).unbind()
    captured = capture_and_check(Model(), [{"a": a, "pair": {"p": p, "q": q}}, {"pair": {"q": q, "p": p}, "a": a}])
    first, second = captured.samples
    assert all(torch.equal(first[name], second[name]) for name in ("input.a", "input.pair.p", "input.pair.q"))


def test_none_and_default_arguments() -> None:
    options = Options(torch.tensor([True, False, True, True]))
    captured = capture_and_check(Nested(), [{"x": torch.randn(2, 4), "options": options, "extra": None}])
    assert captured.graph.constant_inputs["extra"] is None


def test_single_and_tuple_outputs_have_names() -> None:
    single = capture_and_check(lambda x: x * 2, [(torch.randn(3),)])
    assert [port.name for port in single.graph.outputs] == ["output"]
    several = capture_and_check(lambda x: (x * 2, [x, x + 1]), [(torch.randn(3),)])
    assert [port.name for port in several.graph.outputs] == ["output_0", "output_1.0", "output_1.1"]


def test_input_names() -> None:
    captured = capture_and_check(
        lambda x, k, y: x * k + y, [(torch.randn(3), 2, torch.randn(3))], input_names=["a", "b"]
    )
    assert set(captured.samples[0]) == {"input.a", "input.b", "output.output"}
    error = rejects(lambda x: x, torch.randn(3), input_names=["a", "b"])
    assert "has 1 tensor inputs (args.0), not 2" in str(error)


def test_weight_or_input_as_output() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3))

        def forward(self, x: torch.Tensor) -> Any:
            return x, self.weight, x * 2

    captured = capture_and_check(Model(), [(torch.randn(3),)])
    assert list(captured.weights) == ["weight"]


def test_derived_and_unnamed_sizes() -> None:
    auto = torch.export.Dim.AUTO
    captured = capture_and_check(lambda x: x * 2, [(torch.randn(3, 4),)], {"args": ({0: auto},)})
    assert list(captured.graph.symbols) == ["args.0.0"]
    n = torch.export.Dim("n", min=2, max=16)
    samples = [(torch.randn(2 * k), torch.randn(2 * k + 1)) for k in (3, 5)]
    captured = capture_and_check(
        lambda x, y: x.view(-1, 2).sum(1)[: y.shape[0] // 2] * x.shape[0],
        samples,
        {"args": ({0: 2 * n}, {0: 2 * n + 1})},
    )
    assert captured.graph.symbols == {"2*n": (4, 32), "2*n + 1": (5, 33)}


# Modes.


def test_training_mode() -> None:
    module = Block()
    with pytest.raises(CaptureError, match=r"'Block' is in training mode .*call module.eval\(\) first"):
        tapml.capture(module, (torch.randn(3, 4),))
    tapml.capture(module, (torch.randn(3, 4),), set_eval=True)
    assert all(child.training for child in module.modules())


def test_no_grad_and_autocast_regions() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            y = x.float() * 2
        with torch.enable_grad():
            return y + 1

    captured = capture_and_check(function, [(torch.randn(3),)])
    assert instances(captured) == ["mul", "add"]


# Errors.


def test_every_unsupported_operator_is_reported_at_once() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = FunctionModule(lambda x: x.topk(2).values)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.cumsum(1)
            y = self.inner(y) + 1
            return y.sort(-1).values * 2

    error = rejects(Model(), torch.randn(3, 4), dynamic_shapes={"x": {0: BATCH}})
    assert [(item.op, item.overload, item.instance) for item in error.unsupported] == [
        ("aten.cumsum", "default", "cumsum"),
        ("aten.topk", "default", "inner.topk"),
        ("aten.sort", "default", "sort"),
    ]
    line = next(n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if "y = x.cumsum(1)" in text)
    assert error.unsupported[0].source.endswith(f"{HERE}:{line}")
    assert error.unsupported[0].operands == "f32[batch, 4], 1"
    assert str(error).startswith("3 operators of 'Model' cannot be captured:\n  ")
    assert "there is no converter for this operator" in str(error)


def test_unsupported_element_types_are_reported_where_they_enter() -> None:
    module = nn.Linear(3, 3).bfloat16()
    module.register_buffer("also", torch.zeros(3, dtype=torch.float64))
    error = rejects(FunctionModule(lambda x, y: (x * 2).sum() + y), torch.randn(3).double(), torch.randn(3))
    assert [(item.op, item.instance) for item in error.unsupported] == [("input", "args.0")]
    assert "the element type float64 is not supported (only float16, float32, int32, int64, bool)" in str(error)
    error = rejects(module, torch.randn(2, 3).bfloat16())
    assert [item.op for item in error.unsupported] == ["input", "weight", "weight"]


def test_mutation_of_inputs_and_buffers() -> None:
    class Counter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.count += 0
            x.mul_(1)
            return x + self.count

    error = rejects(Counter(), torch.randn(3))
    assert {(item.op, item.instance) for item in error.unsupported} == {("buffer", "count"), ("input", "x")}
    assert "the model changes it in place; return the new value instead" in str(error)


def test_state_between_calls_is_noticed() -> None:
    class Counter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.count += 1
            return x + self.count

    error = rejects(Counter(), torch.randn(3))
    assert "keeps state between calls" in str(error)


def test_data_dependent_sizes() -> None:
    error = rejects(lambda x: (x[x > 0].sum(), x.nonzero() * 2), torch.randn(3))
    assert [item.op for item in error.unsupported] == ["aten.index", "aten.nonzero"]
    assert all("depends on the values of its operands" in item.reason for item in error.unsupported)


def test_data_dependent_control_flow_names_the_line() -> None:
    class Model(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.sum() > 0:
                return x
            return x * 2

    error = rejects(Model(), torch.randn(3))
    line = next(n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if "if x.sum() > 0" in text)
    assert f"Model cannot be traced at {HERE}:{line}:" in str(error).replace("tests/", "").replace("python/", "")
    assert "Traceback" not in str(error)


def test_sizes_that_the_model_fixes() -> None:
    error = rejects(
        lambda x: x + torch.ones(3), torch.randn(3), dynamic_shapes={"args": ({0: torch.export.Dim("n", max=9)},)}
    )
    assert "cannot be traced" in str(error)
    assert "n" in str(error)


def test_size_as_output() -> None:
    error = rejects(lambda x: (x * 2, x.shape[0]), torch.randn(3, 2), dynamic_shapes={"args": ({0: BATCH},)})
    assert "a size cannot be an output" in str(error)


def test_size_as_input() -> None:
    class Model(nn.Module):
        def forward(self, x: torch.Tensor, k: int) -> torch.Tensor:
            return x * k

    error = rejects(Model(), torch.randn(3), 5, dynamic_shapes={"x": None, "k": torch.export.Dim.DYNAMIC})
    assert "only tensors can be inputs" in str(error)


def test_no_tensor_as_output() -> None:
    assert "returns no tensor" in str(rejects(lambda x: 3, torch.randn(3)))


def test_arguments_that_do_not_fit() -> None:
    assert "sample 0 does not fit the forward of 'Block'" in str(rejects(Block(), torch.randn(3, 4), 5))
    assert "'Block' failed on sample 0" in str(rejects(Block(), torch.randn(3, 5)))
    error = rejects(Block(), torch.randn(3, 4), dynamic_shapes={"y": {0: BATCH}})
    assert "dynamic_shapes of 'Block' names 'y'; the samples give 'x'" in str(error)
    with pytest.raises(CaptureError, match="at least one sample"):
        tapml.capture(Block().eval(), [])
    with pytest.raises(CaptureError, match="sample 0 of 'Block' is a int"):
        tapml.capture(Block().eval(), [3])  # type: ignore[list-item]


def test_samples_that_do_not_fit_the_trace() -> None:
    module, samples = Block().eval(), [(torch.randn(3, 4),), (torch.randn(9, 4),)]
    with pytest.raises(CaptureError, match="sample 1 does not fit what was traced of 'Block'"):
        tapml.capture(module, samples, {"x": {0: BATCH}})

    class Scaled(nn.Module):
        def forward(self, x: torch.Tensor, k: int) -> torch.Tensor:
            return x * k

    with pytest.raises(CaptureError, match="sample 1"):
        tapml.capture(Scaled().eval(), [(torch.randn(3), 2), (torch.randn(3), 3)])


def test_random_numbers_become_inputs() -> None:
    def function(x: torch.Tensor) -> Any:
        y = torch.rand_like(x)
        z = (x * 2).uniform_()
        with torch.no_grad():
            z = z + torch.bernoulli((x + 1).sigmoid())
        return y * z - torch.randint(0, 5, (x.shape[0], 1)), torch.randn(x.shape[0] * 2) + torch.rand_like(y[0]).sum()

    shapes = {"args": ({0: torch.export.Dim("rows", min=2, max=9)},)}
    torch.manual_seed(3)
    before = torch.get_rng_state()
    samples = [torch.ones(4, 3), torch.ones(4, 3), torch.ones(7, 3)]
    captured = capture_and_check(function, [(sample,) for sample in samples], shapes)
    assert torch.equal(torch.get_rng_state(), before), "draws nothing from the numbers of the caller"
    random = captured.record["random"]
    names = ["rand_like", "uniform", "bernoulli", "randint", "randn", "rand_like_1"]
    assert [item["input"] for item in random] == [f"random.{name}" for name in names]
    assert [port.name for port in captured.graph.inputs][1:] == [item["input"] for item in random]
    assert random[1] == {
        "instance": "uniform",
        "op": "aten.uniform.default",
        "source": random[1]["source"],
        "input": "random.uniform",
    }
    assert [item["op"] for item in captured.record["elided"]] == [
        "aten.mul.Tensor",
        "aten.add.Tensor",
        "aten.sigmoid.default",
        "aten.select.int",
    ]
    first, second, _ = captured.samples
    assert not torch.equal(first["input.random.uniform"], second["input.random.uniform"])
    assert torch.equal(first["input.random.uniform"], captured.samples[0]["input.random.uniform"])
    assert captured.samples[2]["input.random.randn"].shape == (14,)


def test_randomness_that_is_not_one_operator_is_noticed() -> None:
    error = rejects(lambda x: F.dropout(x, 0.5, training=True), torch.randn(3))
    assert "dropout in training mode is random; call module.eval() first" in str(error)
    generator = random.Random(1)
    error = rejects(lambda x: x + generator.random(), torch.randn(3))
    assert "a model that is random or keeps state between calls cannot be captured" in str(error)


# Packages.


def test_package(tmp_path: Path) -> None:
    module = Stack().eval()
    shapes = {"x": {0: BATCH}}
    samples = [{"x": torch.randn(3, 4)}, {"x": torch.randn(1, 4)}]
    package = tapml.capture(module, samples, shapes, name="two blocks").save(tmp_path / "m.tapml")
    assert sorted(file.name for file in package.iterdir()) == [
        "capture.json", "graph.mlir", "samples", "weights.safetensors",
    ]  # fmt: skip
    record = json.loads((package / "capture.json").read_text())
    assert record["version"] == 1
    assert record["model"] == "two_blocks"
    assert record["samples"] == 2
    assert record["weights"]["bytes"] == (package / "weights.safetensors").stat().st_size
    assert record["operators"][0]["instance"] == "layer.0.dense"
    stored = load_file(package / "weights.safetensors")
    assert torch.equal(stored["layer.1.norm.bias"], module.layer[1].norm.bias)
    sample = load_file(package / "samples" / "1.safetensors")
    assert torch.equal(sample["output.output"], module(sample["input.x"]))
    assert "dense<[" not in (package / "graph.mlir").read_text()


def test_package_replaces_only_packages(tmp_path: Path) -> None:
    captured = tapml.capture(Block().eval(), (torch.randn(3, 4),))
    package = captured.save(tmp_path / "m.tapml")
    captured.save(package)
    assert [path.name for path in tmp_path.iterdir()] == ["m.tapml"]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_text("")
    with pytest.raises(TapMLError, match="exists and is not a captured model"):
        captured.save(tmp_path / "photos")
    assert (tmp_path / "photos" / "one.jpg").exists()
    with pytest.raises(TapMLError, match="cannot write"):
        captured.save(tmp_path / "missing" / "m.tapml")


def test_nothing_is_left_of_a_package_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = tapml.capture(Block().eval(), (torch.randn(3, 4),))

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tapml.package.save_file", full_disk)
    with pytest.raises(TapMLError, match="No space left on device"):
        captured.save(tmp_path / "m.tapml")
    assert list(tmp_path.iterdir()) == []
