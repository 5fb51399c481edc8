# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The corpus of faults: what is planted where, and what a migration has to say about it.

By itself: ``python fault_cases.py DIRECTORY [FAULT...]`` plants them one after the other and prints the verdicts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import tapml
from tapml import testing
from tapml.tools import require_tool

from fault_models import MODELS

OPERATORS = "after-partition"
COMPUTATIONS = "before-codegen"
KERNELS = "after-legalisation"


@dataclass(frozen=True)
class Case:
    #: The fault, as the plugin or the layer knows it.
    fault: str
    model: str
    #: The operator that it is planted in and that the verdict has to name.
    instance: str
    #: The class that the verdict has to give.
    kind: str
    #: The extension point of the plugin; None for the layer at the driver.
    point: str | None
    #: What it imitates.
    imitates: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    driver: str = "lavapipe"
    target: str = "vulkan"
    #: Where it is planted, if that is more than the operator.
    planted: str = ""
    #: What it is called, where the same fault is planted in several models.
    called: str = ""

    @property
    def name(self) -> str:
        return self.called or self.fault


#: Puts the layer of the tests between the loader and the driver.
LAYER = {"VK_INSTANCE_LAYERS": "VK_LAYER_TAPML_fault"}

CASES = [
    Case("gelu-form", "feed-forward", "layers.1.act", "alone", OPERATORS, "tanh-GELU for erf-GELU"),
    Case("no-scale", "attention", "layers.1.sdpa", "alone", OPERATORS, "attention without 1/sqrt(d)"),
    Case("mask-ignored", "attention", "layers.0.sdpa", "alone", OPERATORS, "padding mask ignored"),
    Case("wrong-epsilon", "feed-forward", "layers.0.norm", "alone", OPERATORS, "wrong epsilon"),
    Case("bias-missing", "feed-forward", "layers.1.output", "alone", OPERATORS, "bias missing"),
    Case("transposed-weight", "attention", "layers.1.query", "alone", OPERATORS, "transposed square weight"),
    Case("wrong-axis", "pooling", "layers.1.softmax", "alone", OPERATORS, "wrong axis"),
    Case("residual-dropped", "feed-forward", "layers.1.add", "alone", OPERATORS, "an operand dropped"),
    Case("wrong-broadcast", "rows", "layers.0.add", "alone", OPERATORS, "wrong broadcast"),
    Case("first-row", "tables", "second", "alone", OPERATORS, "indices ignored"),
    Case("tile-row", "tables", "second", "in-model", OPERATORS, "a wrong row of a table"),
    Case(
        "shared-executable", "activations", "second", "together", OPERATORS, "an executable shared between two regions"
    ),
    Case("hidden-copy", "feed-forward", "layers.1.act", "copied", OPERATORS, "a value goes to the host and back"),
    Case("silent-host", "feed-forward", "layers.1.norm", "elsewhere", OPERATORS, "an operator quietly runs elsewhere"),
    Case("operands-swapped", "choices", "layers.1.sub", "alone", OPERATORS, "operands of a difference swapped"),
    Case("branches-swapped", "choices", "layers.0.where", "alone", OPERATORS, "branches of a choice swapped"),
    Case("limit-missing", "choices", "layers.0.minimum", "alone", OPERATORS, "a limit that is not kept"),
    Case("slice-off-by-one", "choices", "layers.0.slice", "alone", OPERATORS, "a range off by one"),
    Case("concat-order", "choices", "layers.1.concat", "alone", OPERATORS, "tensors joined in the wrong order"),
    Case("row-before", "tables", "first", "alone", OPERATORS, "an index off by one"),
    Case("tanh-overflow", "tanh", "layers.0.act", "alone", COMPUTATIONS, "device tanh gives NaN above about 45"),
    Case("qk-fp16-overflow", "causal", "layers.0.sdpa", "alone", COMPUTATIONS, "q·k in f16 overflows before scaling"),
    Case("absorbed-overflow", "pooling", "layers.0.sum", "alone", COMPUTATIONS, "saturation that is absorbed"),
    Case("causal-off-by-one", "causal", "layers.1.sdpa", "alone", COMPUTATIONS, "causal mask off by one"),
    Case("float-to-int", "tables", "cast", "alone", COMPUTATIONS, "float-to-int out of range"),
    Case(
        "biased-division",
        "quotients",
        "layers.1.div.1",
        "drift",
        COMPUTATIONS,
        "divisions that all err to one side",
        planted="*",
    ),
    Case(
        "biased-division",
        "signs",
        "layers.1.div.1",
        "drift",
        COMPUTATIONS,
        "the same, before a comparison that hides it from the outputs",
        planted="*",
        called="hidden-drift",
    ),
    Case("no-maximum", "pooling", "layers.0.softmax", "alone", COMPUTATIONS, "softmax without its maximum"),
    Case("nan-to-zero", "choices", "layers.0.div", "drift", COMPUTATIONS, "NaN becomes zero"),
    Case("rounded-constant", "feed-forward", "layers.1.act", "alone", COMPUTATIONS, "a constant of gelu is rounded"),
    Case("rope-fp16", "rotary", "layers.1.cos", "alone", COMPUTATIONS, "rotary angles in f16"),
    Case("composition", "feed-forward", "layers.0.act", "fused", COMPUTATIONS, "right alone, wrong when fused"),
    Case("vector-comma", "feed-forward", "layers.1.act", "alone", KERNELS, "one component of a vector"),
    Case("edge-vector-store", "feed-forward", "layers.1.dense", "alone", KERNELS, "a vector stored past the row's end"),
    Case("last-term-dropped", "pooling", "layers.1.sum", "alone", KERNELS, "last term of a sum dropped"),
    Case("uninitialised-accumulator", "pooling", "layers.1.sum", "alone", KERNELS, "uninitialised accumulator"),
    Case("bf16-accumulation", "pooling", "layers.1.sum", "alone", KERNELS, "16-bit accumulation"),
    Case("f16-accumulation", "halves", "layers.0", "alone", KERNELS, "f16 accumulation in a layer of halves"),
    Case("term-too-many", "pooling", "layers.0.sum", "alone", KERNELS, "one term too many"),
    Case(
        "subgroup-size",
        "pooling",
        "layers.1.softmax",
        "alone",
        KERNELS,
        "half of a subgroup is combined",
        target="vulkan=vulkan:0",
    ),
    Case(
        "subgroup-lane",
        "wide",
        "layers.1",
        "alone",
        KERNELS,
        "lanes of a smaller subgroup are read",
        target="vulkan=vulkan:0",
    ),
    Case("first-workgroup", "pooling", "layers.0.mul", "alone", KERNELS, "only the first workgroup gives results"),
    Case("wrong-stride", "moves", "layers.0.permute", "alone", KERNELS, "wrong stride of a view"),
    Case("subnormals-flushed", "moves", "layers.1.permute", "alone", KERNELS, "subnormals flushed"),
    Case(
        "endless-kernel",
        "pooling",
        "layers.1.softmax",
        "hangs",
        KERNELS,
        "a kernel that never ends",
        ("--deadline-ms=1000",),
        # lavapipe leaves every loop after 65,536 rounds.
        driver="swiftshader",
    ),
    Case("workgroup-256", "feed-forward", "layers.1.norm", "refused", KERNELS, "more invocations than the limit"),
    Case("workgroup-memory", "pooling", "layers.1.softmax", "refused", KERNELS, "more workgroup memory than the limit"),
    Case("wrong-grid", "pooling", "layers.1.add", "alone", KERNELS, "the last workgroup is not launched"),
    Case("tuned-wrong", "feed-forward", "layers.1.output", "beyond-size", KERNELS, "the tuner picks a wrong kernel"),
    Case(
        "device-lost",
        "feed-forward",
        "layers.1.act",
        "hangs",
        None,
        "a device lost half-way",
        (),
        LAYER | {"TAPML_FAULT_KERNEL": "gelu_22"},
    ),
    Case(
        "silent-fence",
        "pooling",
        "layers.1.softmax",
        "hangs",
        None,
        "work that never ends",
        ("--deadline-ms=1000",),
        LAYER | {"TAPML_FAULT_KERNEL": "softmax_67"},
    ),
    Case(
        "binding-limit",
        "tables",
        "second",
        "refused",
        None,
        "a binding above the device's limit",
        (),
        LAYER | {"TAPML_FAULT_LIMIT": "3000"},
    ),
    Case(
        "grid-limit",
        "pooling",
        "layers.1.add",
        "beyond-size",
        None,
        "a grid dimension above the limit",
        (),
        LAYER | {"TAPML_FAULT_LIMIT": "8", "TAPML_FAULT_KERNEL": "add_67"},
    ),
    Case(
        "input-overwritten",
        "pooling",
        "layers.1.softmax",
        "overwritten",
        None,
        "overlap of two live buffers",
        (),
        LAYER | {"TAPML_FAULT_KERNEL": "softmax_67"},
    ),
    Case(
        "stale-sizes",
        "pooling",
        "layers.1.softmax",
        "alone",
        None,
        "a stale uniform after the size changed",
        (),
        LAYER | {"TAPML_FAULT_KERNEL": "softmax_67"},
    ),
    Case(
        "dropped-launch",
        "pooling",
        "layers.1.softmax",
        "sometimes",
        None,
        "results that differ from run to run",
        ("--repeat=44",),
        LAYER | {"TAPML_FAULT_KERNEL": "softmax_67", "TAPML_FAULT_SEED": "1"},
    ),
    Case(
        "barrier-missing",
        "pooling",
        # The verdict names the one that does not wait.
        "layers.1.add",
        "unordered",
        None,
        "a barrier missing between kernels",
        (),
        LAYER | {"TAPML_FAULT_KERNEL": "softmax_67"},
    ),
]


def make_package(model: str, directory: Path, seed: int = 0, record: bool = True) -> Path:
    """Captures a model, with records or without, and returns its package."""
    made = MODELS[model]
    torch.manual_seed(seed)
    shapes = made.dynamic_shapes
    captured = tapml.capture(made.make().eval(), made.sample(seed), shapes, name=model.replace("-", "_"))
    return captured.save(directory / f"{model}-{seed}.tapml", record=record)


def get_verdicts(state: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the operator and the class of each fault that was found."""
    return [(fault["instance"], fault["class"]) for fault in state["faults"]]


def find_library(name: str) -> Path:
    """Returns a library of the tests: the build directory has it beside the tools."""
    return require_tool("tapml").resolve().parents[1] / "lib" / name


def make_command(package: Path, output: Path, target: str, options: tuple[str, ...]) -> list[str]:
    command = [str(require_tool("tapml")), "migrate", str(package), f"--target={target}", "-o", str(output)]
    return [*command, *options]


def migrate(
    package: Path,
    output: Path,
    driver: str,
    options: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
    timeout: float = 300,
    keep_going: bool = True,
    target: str = "vulkan",
) -> dict[str, Any]:
    """Migrates a package and returns the state that was written."""
    done = subprocess.run(
        make_command(package, output, target, (*(["--keep-going"] if keep_going else []), *options)),
        env=os.environ | testing.driver_environment(driver) | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    state = output / "state.json"
    assert state.exists(), done.stderr
    return json.loads(state.read_text()) | {"status": done.returncode, "errors": done.stderr}


def get_plant(case: Case) -> tuple[str, ...]:
    """Returns the options with which the tool plants a fault in what it compiles."""
    if not case.point:
        return ()
    plant = f"{case.point}:tapml-test-plant-fault{{fault={case.fault} instance={case.planted or case.instance}}}"
    return f"--load-pass-plugin={find_library('FaultPlugin.so')}", f"--pipeline-hook={plant}"


def fails_by_itself(case: Case, test: str) -> bool:
    """Returns whether a carved test fails where the fault of a case is planted, and passes where it is not."""
    environment = os.environ | testing.driver_environment(case.driver)
    evidence = Path(test).with_name("failures")
    command = [str(require_tool("tapml")), "test", test, f"--target={case.target}", f"--evidence={evidence}"]
    codes = [
        subprocess.run([*command, *plant], env=environment, capture_output=True, check=False).returncode
        for plant in ((), get_plant(case))
    ]
    return codes == [0, 1]


def run_case(case: Case, package: Path, output: Path, timeout: float = 300, keep_going: bool = True) -> dict[str, Any]:
    """Plants the fault of a case and returns the state of the migration."""
    options = (*get_plant(case), *case.options)
    environment = dict(case.environment)
    if not case.point:
        environment |= {"VK_LAYER_PATH": str(find_library("FaultLayer")), "TAPML_FAULT": case.fault}
    return migrate(package, output, case.driver, options, environment, timeout, keep_going, case.target)


def start_and_kill(case: Case, package: Path, output: Path, sign: Path) -> None:
    """Plants the fault of a case in a migration that is killed as soon as there is a file or directory ``sign``."""
    process = subprocess.Popen(
        make_command(package, output, case.target, ("--keep-going", *get_plant(case), *case.options)),
        env=os.environ | testing.driver_environment(case.driver),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not sign.exists() and process.poll() is None:
            time.sleep(0.001)
        assert process.returncode is None, f"ended before there was {sign}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    scratch = Path(sys.argv[1])
    for case in CASES:
        if sys.argv[2:] and case.name not in sys.argv[2:]:
            continue
        package = scratch / f"{case.model}-0.tapml"
        if not package.exists():
            make_package(case.model, scratch)
        start = time.monotonic()
        state = run_case(case, package, scratch / "out" / f"{case.name}-{os.getpid()}")
        found = get_verdicts(state)
        mark = "ok  " if found == [(case.instance, case.kind)] else "DIFF"
        seconds = time.monotonic() - start
        print(f"{mark} {case.name}: wants {case.instance} {case.kind}; got {found}, {seconds:.1f} s", flush=True)
        if mark == "DIFF":
            print("    ", state["errors"][-600:], *[fault["sentence"][:200] for fault in state["faults"]])
