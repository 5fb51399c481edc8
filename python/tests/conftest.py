# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures and helpers of the tests."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from tapml.api import Captured, capture
from tapml.tools import canonical_text, find_tool

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "operators")]

import needs  # noqa: E402  (beside this file)
import reference  # noqa: E402

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class FunctionModule(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def check_text(text: str) -> None:
    """Fails unless the text is a valid module: by the dialect's verifier, or at least by MLIR's parser."""
    if find_tool("tapml-opt"):
        canonical_text(text)
        return
    tool = find_tool("mlir-opt") or shutil.which("mlir-opt-22")
    if tool:
        command = [str(tool), "--allow-unregistered-dialect", "--verify-roundtrip", "-o", "/dev/null"]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def capture_and_check(
    module: nn.Module | Any, samples: Sequence[Any], dynamic_shapes: Any = None, **options: Any
) -> Captured:
    """Captures a module or a function and compares the graph, evaluated, with the recorded outputs of every sample."""
    if not isinstance(module, nn.Module):
        module = FunctionModule(module)
    captured = capture(module.eval(), list(samples), dynamic_shapes, **options)
    check_text(captured.text)
    for sample in captured.samples:
        inputs = {name.removeprefix("input."): x for name, x in sample.items() if name.startswith("input.")}
        outputs = reference.evaluate(captured.graph, inputs)
        for name, got in outputs.items():
            torch.testing.assert_close(got, sample[f"output.{name}"], rtol=2e-6, atol=1e-6, equal_nan=True)
    return captured


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run what takes minutes, too")
    parser.addoption("--update-faults", metavar="DIR", help="leave what migrations find there, for docs/Faults.md")
    parser.addoption("--update-conformance", metavar="DIR", help="run every case; write docs/Conformance.md from them")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long(why): runs with --long only")
    config.addinivalue_line("markers", "timing: measures time, and runs with nothing beside it")
    config.addinivalue_line("markers", "needs(*things): skipped where one of them is not here (needs.py)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            for marker in item.iter_markers("long"):
                item.add_marker(pytest.mark.skip(reason=f"{marker.args[0]}; runs with --long only"))
    # The tests that one process has to run after each other start first, so that no process waits for them.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        needs.require(*marker.args)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes docs/Conformance.md, once: not in the processes of pytest-xdist."""
    results = session.config.getoption("--update-conformance")
    if not results or hasattr(session.config, "workerinput"):
        return
    import conformance

    missing = conformance.find_missing(Path(results))
    if missing:
        print(f"\n{conformance.PAGE} is not written, {len(missing)} cases have no result: {', '.join(missing[:5])} ...")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    else:
        conformance.update(Path(results))


@pytest.fixture(scope="session")
def minilm() -> ModuleType:
    """The example model with its weights: examples/minilm.py."""
    needs.require("weights")
    spec = importlib.util.spec_from_file_location("minilm", EXAMPLES / "minilm.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def minilm_inputs(batch: int, length: int) -> dict[str, torch.Tensor]:
    """Returns token ids and masks of the size asked for, with sentences of different lengths."""
    generator = torch.Generator().manual_seed(1000 * batch + length)
    ids = torch.randint(1000, 30000, (batch, length), generator=generator)
    lengths = torch.linspace(length, max(1, length // 3), batch).long()
    mask = (torch.arange(length)[None] < lengths[:, None]).long()
    return {"input_ids": ids * mask, "attention_mask": mask}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
