# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m tapml capture``, and finding the tools."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import tapml
from tapml.errors import ToolError
from tapml.tools import find_tool, run_tool

MODEL = """
import torch
name = "small"
dynamic_shapes = {"x": {0: torch.export.Dim("rows", min=1, max=9)}}
class Model(torch.nn.Module):
    def forward(self, x):
        return BODY
def model():
    return Model().eval()
def samples():
    return [{"x": torch.ones(2, 3)}, {"x": torch.zeros(5, 3)}]
"""


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tapml", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_capture(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(MODEL.replace("BODY", "x.clone() * 2 + 1"))
    done = run(tmp_path, "capture", "small.py", "-v")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "small.tapml: 2 operators (2 kinds), 0 weights (0.0 MB), 2 samples"
    assert "elided aten.clone.default" in done.stdout
    record = json.loads((tmp_path / "small.tapml" / "capture.json").read_text())
    assert record["model"] == "small"
    assert record["operators"][0]["source"] == "small.py:7"


def test_random_inputs_are_printed(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(MODEL.replace("BODY", "x + torch.rand(3)"))
    done = run(tmp_path, "capture", "small.py")
    assert done.stdout.splitlines()[0] == "  input random.rand: what aten.rand.default draws (small.py:7)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MODEL.replace("BODY", "x.cumsum(0)"), "small.py:7: aten.cumsum.default in 'cumsum' on (f32[rows, 3], 0)"),
        (MODEL.replace("BODY", "x if x.sum() > 0 else -x"), "cannot be traced at small.py:7"),
        (MODEL.replace("BODY", "x").replace("def samples", "def samplez"), "must define a function 'samples()'"),
        (MODEL.replace("BODY", "x").replace("return [", "return undefined + ["), "line 11: NameError"),
        (MODEL.replace("BODY", "x +"), "line 7: invalid syntax"),
        ("import nonsuch", "line 1: ModuleNotFoundError: No module named 'nonsuch'"),
    ],
)  # fmt: skip
def test_errors_are_one_message(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "small.py").write_text(text)
    done = run(tmp_path, "capture", "small.py", "-o", "out.tapml")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["small.py"]


def test_errors_about_files(tmp_path: Path) -> None:
    done = run(tmp_path, "capture", "small.py")
    assert (done.returncode, done.stderr) == (1, "error: there is no file 'small.py'\n")
    (tmp_path / "small.py").write_text(MODEL.replace("BODY", "x"))
    done = run(tmp_path, "capture", "small.py", "-o", "no/such.tapml")
    assert "error: cannot write 'no/such.tapml'" in done.stderr
    (tmp_path / "taken").write_text("")
    done = run(tmp_path, "capture", "small.py", "-o", "taken")
    assert "error: 'taken' exists and is not a captured model" in done.stderr


def test_import_does_not_need_torch() -> None:
    code = "import tapml, sys; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def script(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\nimport sys, json\n{body}\n")
    path.chmod(0o755)


def test_tools_are_found_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPML_BIN", str(tmp_path))
    script(tmp_path / "tapml-nonsuch", "print(sys.stdin.read().upper())")
    assert find_tool("tapml-nonsuch") == tmp_path / "tapml-nonsuch"
    assert run_tool("tapml-nonsuch", [], stdin="text") == "TEXT\n"
    script(tmp_path / "tapml-nonsuch", "sys.exit('bad input: line 3')")
    with pytest.raises(ToolError, match="tapml-nonsuch failed: bad input: line 3"):
        run_tool("tapml-nonsuch", [])
    with pytest.raises(ToolError, match="the tool 'tapml-other' was not found; build TapML"):
        run_tool("tapml-other", [])


def test_compile_calls_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = tapml.capture(nn.ReLU().eval(), (torch.randn(3),), name="relu")
    # Stands for the driver: writes down how it was called and what the plan says.
    script(
        tmp_path / "tapml",
        "plan = [a for a in sys.argv if a.startswith('--plan=')]\n"
        "text = open(plan[0][7:]).read() if plan else None\n"
        f"json.dump([sys.argv[1:], text], open({str(tmp_path / 'call')!r}, 'w'))",
    )
    script(tmp_path / "tapml-opt", "print(sys.stdin.read())")
    monkeypatch.setenv("TAPML_BIN", str(tmp_path))
    out = tmp_path / "relu.tapx"
    assert captured.compile(target="vulkan", plan={"version": 1, "default": "vulkan"}, output=out) == out
    arguments, plan = json.loads((tmp_path / "call").read_text())
    package = str(tmp_path / "relu.tapml")
    assert arguments[:5] == ["compile", package, "--target=vulkan", "-o", str(out)]
    assert json.loads(plan) == {"version": 1, "default": "vulkan"}
    assert (tmp_path / "relu.tapml" / "graph.mlir").exists()
