# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Migrations from Python, and migrations that are interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import tapml
from tapml import testing, tools

TOOL = tools.find_tool("tapml")
PLUGIN = TOOL.parent.parent / "lib" / "FaultPlugin.so" if TOOL else None

pytestmark = pytest.mark.needs("tapml", "lavapipe")


class Block(nn.Module):
    """A layer with a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up = nn.Linear(8, 24)
        self.down = nn.Linear(24, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(torch.nn.functional.gelu(self.up(self.norm(x))))


def make_model() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(Block(), Block()).eval()


def make_inputs() -> list[tuple[torch.Tensor]]:
    torch.manual_seed(6)
    return [(torch.randn(rows, 8),) for rows in (3, 7)]


SHAPES = ({0: torch.export.Dim("rows", min=2, max=64)},)


@pytest.fixture
def lavapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in testing.driver_environment("lavapipe").items():
        monkeypatch.setenv(name, value)


def test_migrate(lavapipe: None, tmp_path: Path) -> None:
    model, inputs = make_model(), make_inputs()
    migration = tapml.migrate(model, inputs, SHAPES, target="vulkan", output=tmp_path, input_names=["x"])
    assert migration.finished
    assert not migration.faults
    assert set(migration.placement.values()) == {"moved"}
    outputs = migration.load()(x=inputs[1][0])
    with torch.inference_mode():
        np.testing.assert_allclose(outputs["output"], model(*inputs[1]), atol=1e-5)
    assert "</html>" in migration.report.read_text()
    # The tests that it carved are worth keeping.
    coverage = json.loads((tmp_path / "carved" / "coverage.json").read_text())
    assert len(coverage["operators"]) == len(migration.placement)
    # The same call again has nothing left to do.
    assert tapml.migrate(model, inputs, SHAPES, target="vulkan", output=tmp_path, input_names=["x"]).state == (
        migration.state
    )


def test_same_code(lavapipe: None, tmp_path: Path) -> None:
    """What steps have compiled is used again; the executable is the one that a compilation by itself gives."""
    package = tapml.capture(make_model(), make_inputs(), SHAPES).save(tmp_path / "model.tapml", record=True)
    output = tmp_path / "migration"
    common = [str(package), "--target=vulkan"]
    hook = "--pipeline-hook=after-partition:tapml-test-plant-fault{fault=gelu-form instance=*1*}"
    planted = [f"--load-pass-plugin={PLUGIN}", hook]
    command = [str(TOOL), "migrate", *common, *planted, "--keep-going", "-o", str(output)]
    subprocess.run(command, check=True, capture_output=True)
    (executable,) = output.glob("*.tapx")
    again = output / "again.tapx"
    plan = f"--plan={output / 'plan.json'}"
    subprocess.run([str(TOOL), "compile", *common, *planted, plan, "-o", str(again)], check=True, capture_output=True)
    assert again.read_bytes() == executable.read_bytes()


def test_fault(lavapipe: None, tmp_path: Path) -> None:
    hook = "--pipeline-hook=after-partition:tapml-test-plant-fault{fault=gelu-form instance=*1*}"
    options = [f"--load-pass-plugin={PLUGIN}", hook]
    migration = tapml.migrate(make_model(), make_inputs(), SHAPES, target="vulkan", output=tmp_path, options=options)
    (fault,) = migration.faults
    assert (fault.op, fault.kind) == ("gelu", "alone")
    assert fault.instance.startswith("1")
    assert fault.minimal_set == (fault.instance,)
    with pytest.raises(tapml.ExecutableError, match=r"is not finished: 1.* is wrong; keep_going=True leaves it"):
        migration.load()


def test_half(lavapipe: None, tmp_path: Path) -> None:
    model, inputs = make_model().half(), [(x.half(),) for (x,) in make_inputs()]
    migration = tapml.migrate(model, inputs, SHAPES, target="vulkan", output=tmp_path / "right", input_names=["x"])
    assert not migration.faults
    assert set(migration.placement.values()) == {"moved"}
    assert migration.load()(x=inputs[1][0])["output"].dtype == torch.float16
    hook = "--pipeline-hook=after-partition:tapml-test-plant-fault{fault=bias-missing instance=1*}"
    options = [f"--load-pass-plugin={PLUGIN}", hook]
    migration = tapml.migrate(model, inputs, SHAPES, target="vulkan", output=tmp_path / "wrong", options=options)
    assert [(fault.op, fault.kind) for fault in migration.faults] == [("linear", "alone")]


def test_impossible(tmp_path: Path) -> None:
    with pytest.raises(tapml.ToolError, match="target 'vulcan'"):
        tapml.migrate(make_model(), make_inputs(), SHAPES, target="vulcan", output=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(tapml.TapMLError, match=r"cannot write '.*/file': File exists"):
        tapml.migrate(make_model(), make_inputs(), SHAPES, target="vulkan", output=tmp_path / "file")


@pytest.mark.parametrize("delay", [0.3, 1.0, 2.5])
def test_killed(lavapipe: None, tmp_path: Path, delay: float) -> None:
    """Killed at any moment and run again, a migration comes to the same end."""
    captured = tapml.capture(make_model(), make_inputs(), SHAPES)
    package = captured.save(tmp_path / "model.tapml", record=True)

    def command(name: str) -> list[str]:
        return [str(TOOL), "migrate", str(package), "--target=vulkan", "-o", str(tmp_path / name)]

    def end(name: str) -> tuple[bytes, dict[str, str]]:
        state = json.loads((tmp_path / name / "state.json").read_text())
        assert state["phase"] == "done"
        return (tmp_path / name / "plan.json").read_bytes(), {op["instance"]: op["state"] for op in state["operators"]}

    subprocess.run(command("whole"), check=True, capture_output=True)
    process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, start_new_session=True)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert end("killed") == end("whole")
    assert (tmp_path / "killed" / f"{captured.name}.tapx").exists()
