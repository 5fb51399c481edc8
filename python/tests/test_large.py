# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors larger than what a device binds at once: bound in parts, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import tapml
from tapml import testing
from tapml.tools import run_tool

pytestmark = pytest.mark.needs("tapml", "lavapipe")


class Everything(nn.Module):
    """Lookups, products with an epilogue, row reductions, booleans and transposes."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(70, 24)
        self.up = nn.Linear(24, 61)
        self.norm = nn.LayerNorm(61)

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.norm(nn.functional.gelu(self.up(self.table(ids))))
        positive = x > 0
        return {"x": x, "positive": positive, "scores": (x @ x.mT).softmax(-1), "swapped": x.mT * 2}


def check(got: dict[str, torch.Tensor], model: nn.Module, ids: torch.Tensor) -> None:
    with torch.no_grad():
        source, oracle = model(ids), model.double()(ids)
    model.float()
    for name, value in got.items():
        if value.dtype == torch.bool:
            assert torch.equal(value, source[name])
        else:
            torch.testing.assert_close(value.double(), oracle[name], rtol=1e-5, atol=1e-5)


def test_parts_of_2048_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in testing.driver_environment("lavapipe").items():
        monkeypatch.setenv(name, value)
    profile = tmp_path / "profile.json"
    limits = {"max_storage_buffer_bytes": 2100, "max_storage_buffers": 32}
    profile.write_text(json.dumps({"kind": "vulkan", "name": "small", "limits": limits, "features": []}))
    model = Everything().eval()
    ids = torch.randint(70, (37,))
    captured = tapml.capture(model, [(ids,)], name="everything")
    package = captured.save(tmp_path / "everything.tapml")
    for granularity in ("operator", "largest"):
        options = [f"--target=gpu={profile}", f"--granularity={granularity}"]
        ir = run_tool("tapml", ["compile", str(package), *options, "--stop-after=binary", "-o=-"])
        assert ir.count("tapml.parts") >= 6
        file = tmp_path / f"{granularity}.tapx"
        run_tool("tapml", ["compile", str(package), *options, f"-o={file}"])
        executable = tapml.load(file, validation=True)
        check(executable(ids), model, ids)


def test_weights_of_164_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tied table beyond lavapipe's 128 MiB: looked up, transposed at load, and multiplied with."""
    for name, value in testing.driver_environment("lavapipe").items():
        monkeypatch.setenv(name, value)

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(40_001, 1024)

        def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
            x = self.table(ids)
            return {"x": x, "logits": nn.functional.linear(x, self.table.weight)}

    model = Tied().eval()
    with torch.no_grad():
        model.table.weight.mul_(1024**-0.5)
    # Rows on both sides of the border between the parts, at 32768, and both ends.
    ids = torch.tensor([0, 1, 32_767, 32_768, 40_000])
    rows = torch.export.Dim("rows", max=64)
    captured = tapml.capture(model, [(ids,), (ids[:2],)], dynamic_shapes={"ids": {0: rows}}, name="tied")
    file = captured.compile(target="vulkan", output=tmp_path / "tied.tapx")
    check(tapml.load(file)(ids), model, ids)


def test_activations_are_checked_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in testing.driver_environment("lavapipe").items():
        monkeypatch.setenv(name, value)
    rows = torch.export.Dim("rows", min=1, max=1 << 20)
    samples = [(torch.ones(3, 1024),), (torch.ones(4, 1024),)]
    captured = tapml.capture(nn.GELU().eval(), samples, dynamic_shapes={"input": {0: rows}}, name="wide")
    executable = captured.compile(target="vulkan")
    assert executable(torch.ones(5, 1024))["output"].shape == (5, 1024)
    with pytest.raises(tapml.ExecutableError, match=r"number of bytes of .*: 134221824, at most 134217728"):
        executable(torch.ones(32_769, 1024))
