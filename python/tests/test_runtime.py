# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``tapml.load``: executables in this process."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tapml
from tapml import _native, runtime, testing
from tapml.api import Captured
from tapml.testing import driver_environment

import needs
import wgsl_model

needs_build = pytest.mark.needs("tapml", "_runtime")

# Any device will do: the smallest that Vulkan 1.1 allows.
VULKAN = "vulkan"


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor, keep: torch.Tensor) -> dict[str, torch.Tensor]:
        y = torch.relu(self.linear(x))
        return {"y": y, "masked": torch.where(keep, y, 0.0), "same": keep.logical_not()}


def samples(rows: int) -> dict[str, torch.Tensor]:
    return {"x": torch.randn(rows, 4), "keep": torch.rand(rows, 3) > 0.5}


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    return Tiny().eval()


@pytest.fixture(scope="module")
def captured(module: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Captured:
    rows = torch.export.Dim("rows", min=1, max=64)
    captured = tapml.capture(module, samples(5), {"x": {0: rows}, "keep": {0: rows}}, name="tiny")
    captured.save(tmp_path_factory.mktemp("package") / "tiny.tapml")
    return captured


@pytest.fixture(scope="module")
def host_file(captured: Captured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return captured.compile(output=tmp_path_factory.mktemp("host") / "tiny.tapx")


@pytest.fixture
def lavapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    needs.require("lavapipe")
    for name, value in driver_environment("lavapipe").items():
        monkeypatch.setenv(name, value)


def check(
    executable: tapml.Executable, module: nn.Module, rows: int, names: Sequence[str] = ("y", "masked", "same")
) -> None:
    inputs = samples(rows)
    got, expected = executable(**inputs), module(**inputs)
    assert list(got) == [output.name for output in executable.outputs]
    assert set(got) == set(expected)
    for name in names:
        value = expected[name]
        torch.testing.assert_close(got[name], value.detach(), rtol=1e-6, atol=1e-6)


@needs_build
def test_host(host_file: Path, module: nn.Module) -> None:
    executable = tapml.load(host_file)
    rows = runtime.Dim("rows", 1, 64)
    assert executable.inputs == (runtime.Input("x", "f32", (rows, 4)), runtime.Input("keep", "i1", (rows, 3)))
    assert {(output.name, output.dtype, output.rank) for output in executable.outputs} == {
        ("y", "f32", 2),
        ("masked", "f32", 2),
        ("same", "i1", 2),
    }
    assert executable.manifest["model"] == "tiny"
    assert repr(executable) == "<tapml.Executable tiny(x: f32[rows, 4], keep: i1[rows, 3])>"
    assert executable.report is None
    for size in (1, 5, 64):
        check(executable, module, size)
    assert [place["name"] for place in executable.report["places"]] == ["host"]
    assert executable.report["steps"] == []
    executable.profile(**samples(2))
    assert len(executable.report["steps"]) > 0


@needs_build
@pytest.mark.needs("webgpu")
@pytest.mark.parametrize("device", [None, "webgpu:0"])
def test_webgpu(lavapipe: None, tmp_path: Path, device: str | None) -> None:
    executable = tapml.load(wgsl_model.write_model(tmp_path), device)
    for n in (1, 65, 1000, 7):
        given = wgsl_model.inputs(n)
        outputs = executable(**given)
        for name, expected in wgsl_model.outputs(given).items():
            np.testing.assert_array_equal(outputs[name], expected)
    assert [place["submissions"] for place in executable.report["places"]] == [0, 1]


@needs_build
@pytest.mark.needs("lavapipe", "swiftshader", "webgpu", "metal")
def test_executors_are_what_they_say(captured: Captured, tmp_path: Path) -> None:
    devices = {
        "lavapipe": "vulkan:0 (llvmpipe",
        "swiftshader": "vulkan:0 (SwiftShader",
        "webgpu": "webgpu:0 (llvmpipe",
        "metal": "metal:0 (stand-in",
    }
    # The first again, after others were open in this process.
    for name in (*devices, "lavapipe"):
        executor = testing.executors()[name]
        plan = testing.plan_for(["linear"], executor.target)
        file = captured.compile(executor.target, plan, tmp_path / f"{name}.tapx")
        executable = testing.load(file, executor)
        executable(**samples(3))
        host, place = executable.report["places"]
        assert host["device"] == "host"
        assert place["device"].startswith(devices[name])


@needs_build
def test_webgpu_library_that_is_not_there(lavapipe: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPML_WEBGPU_LIBRARY", "nosuch.so")
    with pytest.raises(tapml.ExecutableError, match=r"the WebGPU library nosuch\.so cannot be loaded") as error:
        tapml.load(wgsl_model.write_model(tmp_path), "webgpu:0")
    assert error.value.code == "not_found"


@needs_build
@pytest.mark.parametrize("device", [None, "vulkan:0", {"vulkan": "vulkan:0"}])
def test_vulkan(lavapipe: None, captured: Captured, module: nn.Module, tmp_path: Path, device: Any) -> None:
    file = captured.compile(target=VULKAN, output=tmp_path / "tiny.tapx")
    executable = tapml.load(file, device)
    for size in (1, 5, 64):
        check(executable, module, size, ["y", "masked", "same"])
    launches = {place["name"]: place["launches"] for place in executable.report["places"]}
    assert launches["vulkan"] > 0


@needs_build
def test_vulkan_bools(lavapipe: None, captured: Captured, tmp_path: Path) -> None:
    executable = tapml.load(captured.compile(target=VULKAN, output=tmp_path / "tiny.tapx"))
    for rows in range(1, 9):
        assert executable(torch.zeros(rows, 4), torch.zeros(rows, 3, dtype=torch.bool))["same"].all()


@needs_build
def test_vulkan_devices_that_are_not_there(lavapipe: None, captured: Captured, tmp_path: Path) -> None:
    file = captured.compile(target=VULKAN, output=tmp_path / "tiny.tapx")
    with pytest.raises(tapml.ExecutableError, match="vulkan:7"):
        tapml.load(file, "vulkan:7")
    with pytest.raises(tapml.ExecutableError, match="no place 'gpu'"):
        tapml.load(file, {"gpu": "vulkan:0"})


@needs_build
def test_compile_as_in_the_readme(lavapipe: None, module: nn.Module) -> None:
    executable = tapml.capture(module, samples(5)).compile(target="vulkan")
    check(executable, module, 5, ["y", "masked"])


@needs_build
def test_compile_for_a_preset(lavapipe: None, module: nn.Module) -> None:
    executable = tapml.capture(module, samples(5)).compile(target=VULKAN)
    check(executable, module, 5, ["y", "masked"])


@needs_build
def test_compile_leaves_nothing_behind(module: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    captured = tapml.capture(module, samples(5))
    executable = captured.compile()
    check(executable, module, 5)
    assert captured.path is None
    assert executable.path.exists()
    path = executable.path
    del executable
    gc.collect()
    assert not path.parent.exists()
    assert list(tmp_path.iterdir()) == []


@needs_build
def test_kinds_of_arrays(host_file: Path) -> None:
    executable = tapml.load(host_file)
    inputs = samples(5)
    expected = {name: value.numpy() for name, value in executable(**inputs).items()}
    x, keep = inputs["x"].numpy(), inputs["keep"].numpy()
    readonly = x.copy()
    readonly.flags.writeable = False

    class OnlyDLPack:
        def __dlpack__(self, **options: Any) -> Any:
            return x.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return x.__dlpack_device__()

    strided = np.repeat(x, 2, axis=1)[:, ::2]
    for value in (x, readonly, strided, np.asfortranarray(x), x.astype(">f4"), OnlyDLPack(), inputs["x"]):
        got = executable(value, keep)
        for name, array in got.items():
            assert isinstance(array, np.ndarray)
            np.testing.assert_array_equal(array, expected[name])
    for value in (inputs["x"].t().contiguous().t(), nn.Parameter(inputs["x"])):
        got = executable(value, keep=inputs["keep"])
        assert all(isinstance(tensor, torch.Tensor) for tensor in got.values())
        assert got["same"].dtype == torch.bool
        np.testing.assert_array_equal(got["y"].numpy(), expected["y"])


@needs_build
def test_arrays_are_not_copied(host_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable = tapml.load(host_file)
    inputs = samples(5)
    # What the extension module is given, and gives.
    native, seen = executable._native, []

    class Spy:
        def run(self, names: Any, arrays: Any, profile: bool) -> Any:
            outputs, report = native.run(names, arrays, profile)
            seen.append((arrays, dict(outputs)))
            return outputs, report

    monkeypatch.setattr(executable, "_native", Spy())
    tensors = executable(**inputs)
    arrays = executable(**{name: value.numpy() for name, value in inputs.items()})
    for given, made in seen:
        assert {np.from_dlpack(array).ctypes.data for array in given} == {t.data_ptr() for t in inputs.values()}
        assert len(made) == 3
    for name in tensors:
        assert tensors[name].data_ptr() == np.from_dlpack(seen[0][1][name]).ctypes.data
        assert arrays[name].ctypes.data == np.from_dlpack(seen[1][1][name]).ctypes.data
    assert arrays["y"].flags.writeable


@needs_build
def test_outputs_outlive_the_executable(host_file: Path, module: nn.Module) -> None:
    executable = tapml.load(host_file)
    inputs = samples(64)
    tensors = executable(**inputs)
    arrays = executable(**{name: value.numpy() for name, value in inputs.items()})
    for _ in range(3):  # Later runs do not write to earlier outputs.
        executable(**samples(64))
    del executable
    gc.collect()
    expected = module(**inputs)["y"].detach()
    torch.testing.assert_close(tensors["y"], expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(torch.from_numpy(arrays["y"]), expected, rtol=1e-6, atol=1e-6)


X, KEEP = torch.zeros(5, 4), torch.zeros(5, 3, dtype=torch.bool)


@needs_build
@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((torch.zeros(5, 7), KEEP), {}, "input 'x': dimension 1 is 7, expected 4"),
        ((torch.zeros(65, 4), torch.zeros(65, 3) > 0), {}, r"'x': dimension 0 \('rows'\) is 65, expected 1 to 64"),
        ((X, torch.zeros(6, 3) > 0), {}, "input 'keep'.*rows"),
        ((torch.zeros(5), KEEP), {}, "input 'x' has rank 1"),
        ((X.double(), KEEP), {}, "input 'x' has element type f64, expected f32"),
        ((X, KEEP.float()), {}, "input 'keep' has element type f32, expected i1"),
        ((X.to(torch.complex64), KEEP), {}, "input 'x' has an element type that no model takes"),
        ((X.to("meta"), KEEP), {}, "input 'x' is on 'meta'"),
        (([1.0], KEEP), {}, "input 'x' is a list"),
        ((X, KEEP, X), {}, "3 inputs are given; .* has 2: 'x', 'keep'"),
        ((X,), {"x": X}, "input 'x' is given twice"),
        ((X,), {"mask": KEEP}, "input 'mask' is unknown; the model has 'x', 'keep'"),
        ((X,), {}, "input 'keep' is missing"),
    ],
)
def test_inputs_that_do_not_fit(host_file: Path, args: tuple, kwargs: dict[str, Any], message: str) -> None:
    executable = tapml.load(host_file)
    with pytest.raises(tapml.ExecutableError, match=message) as caught:
        executable(*args, **kwargs)
    assert caught.value.code == "invalid_argument"
    executable(X, KEEP)


@needs_build
def test_files_that_cannot_be_loaded(host_file: Path, tmp_path: Path) -> None:
    with pytest.raises(tapml.ExecutableError, match="cannot open") as caught:
        tapml.load(tmp_path / "no.tapx")
    assert caught.value.code == "not_found"
    content = host_file.read_bytes()
    for number, damaged in enumerate([b"", b"text", content[:-1], content[:200], content[:-9] + b"x" + content[-8:]]):
        file = tmp_path / f"{number}.tapx"
        file.write_bytes(damaged)
        with pytest.raises(tapml.ExecutableError, match=file.name) as caught:
            tapml.load(file)
        assert caught.value.code == "damaged"
    with pytest.raises(tapml.ExecutableError, match=r"device 'vulkan:0' cannot be used: .* no place beside"):
        tapml.load(host_file, "vulkan:0")
    with pytest.raises(tapml.ExecutableError, match="host code is switched off"):
        tapml.load(host_file, host_code=False)
    with pytest.raises(tapml.ExecutableError, match=r"no\.safetensors"):
        tapml.load(host_file, weights=tmp_path / "no.safetensors")
    with pytest.raises(tapml.ExecutableError, match="-1 threads"):
        tapml.load(host_file, threads=-1)
    with pytest.raises(tapml.ExecutableError, match="a deadline of 0 ms"):
        tapml.load(host_file, deadline_ms=0)


@needs_build
@pytest.mark.parametrize("threads", [1, 3])
def test_calls_from_several_threads(host_file: Path, module: nn.Module, threads: int) -> None:
    executable = tapml.load(host_file, threads=threads)
    calls = [samples(rows) for rows in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda inputs: executable(**inputs), calls))
    for inputs, outputs in zip(calls, results, strict=True):
        torch.testing.assert_close(outputs["y"], module(**inputs)["y"].detach(), rtol=1e-6, atol=1e-6)


@needs_build
def test_runs_without_torch(host_file: Path) -> None:
    code = (
        "import sys, numpy as np, tapml\n"
        f"out = tapml.load({str(host_file)!r})(np.ones((2, 4), np.float32), np.ones((2, 3), bool))\n"
        "assert out['y'].shape == (2, 3) and out['same'].dtype == bool\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_module_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "module_places", lambda: [tmp_path / "here", tmp_path / "there"])
    with pytest.raises(tapml.ToolError, match=r"was not found in .*tapml, .*here, .*there; build TapML"):
        _native.import_module("tapml._nonsuch")
