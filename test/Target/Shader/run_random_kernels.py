# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares random kernels on everything that can run one.

    .venv/bin/python test/Target/Shader/run_random_kernels.py --seconds 600 --first 1000

A kernel that differs, or that a step refuses, is printed with its seed, and its
module is left in --keep.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import sys
import tempfile
import time
from collections.abc import Iterable

import numpy as np
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "test" / "Codegen" / "Emission"), str(ROOT / "python"), str(pathlib.Path(__file__).parent)]
os.environ.setdefault("TAPML_BIN", str(ROOT / "build" / "bin"))

from random_functions import Machine  # noqa: E402
from random_kernels import OWN, SHARED, Kernel, make_kernel  # noqa: E402
from random_operations import TABLES, literal  # noqa: E402
from random_values import GROUPS, INVOCATIONS  # noqa: E402

from tapml import browser, testing  # noqa: E402
from tapml.errors import TapMLError  # noqa: E402

from execute import run_tool  # noqa: E402

KINDS = ("i32", "f32", "f16", "i8", "i16")
#: What kernels are compiled for, as the presets of these names say.
PROFILES = {
    "host": '<host, "host", {}, ["float64", "int16", "int64", "int8"]>',
    "vulkan": '<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, []>',
    "lavapipe": '<vulkan, "lavapipe", {max_storage_buffers = 32 : i64, subgroup_size = 8 : i64}, '
    '["float16", "float64", "int16", "int64", "int8", "storage16", "storage8", "subgroup_arithmetic", '
    '"subgroup_ballot", "subgroup_shuffle"]>',
    "swiftshader": '<vulkan, "swiftshader", {max_storage_buffers = 30 : i64, subgroup_size = 4 : i64}, '
    '["subgroup_arithmetic", "subgroup_ballot", "subgroup_shuffle"]>',
    "webgpu": '<webgpu, "webgpu", {}, []>',
    "webgpu-subgroups": '<webgpu, "webgpu-subgroups", {}, ["subgroup_arithmetic", "subgroup_shuffle"]>',
    "webgpu-f16-subgroups": '<webgpu, "webgpu-f16-subgroups", {}, '
    '["float16", "storage16", "subgroup_arithmetic", "subgroup_shuffle"]>',
    "apple7": '<metal, "apple7", {subgroup_size = 32 : i64}, ["float16", "int16", "int64", "int8", "storage16", '
    '"storage8", "subgroup_arithmetic", "subgroup_shuffle"]>',
}
#: What kernels run on: the executor of `tapml.testing` or the browser, the kind of target, the profile, and how many
#: lanes a subgroup has there, where the profile has subgroups.
EXECUTORS = {
    "host": ("host", "host", "host", 0),
    "lavapipe": ("lavapipe", "vulkan", "lavapipe", 8),
    "lavapipe, least": ("lavapipe", "vulkan", "vulkan", 0),
    "swiftshader": ("swiftshader", "vulkan", "swiftshader", 4),
    "webgpu": ("webgpu", "webgpu", "webgpu-f16-subgroups", 8),
    "webgpu, least": ("webgpu", "webgpu", "webgpu", 0),
    "chromium": ("chromium", "webgpu", "webgpu-subgroups", 4),
    "metal": ("metal", "metal", "apple7", 32),
}
PASSES = {
    "host": [
        "--tapml-plan-memory",
        "--inline",
        "--math-extend-to-supported-types",
        "--arith-emulate-unsupported-floats=source-types=f16 target-type=f32",
        "--math-expand-ops=ops=round",
        "--tapml-expand-math",
        "--tapml-compile-host",
    ],
    "vulkan": ["--tapml-plan-memory", "--tapml-gpu-to-spirv"],
    "webgpu": ["--tapml-plan-memory", "--tapml-gpu-to-shader"],
    "metal": ["--tapml-plan-memory", "--tapml-gpu-to-shader"],
}

#: How many kernels one browser runs.
BATCH = 20

#: Division and square root, as Vulkan, WGSL and Metal have them, in units in the last place.
ROUNDINGS = {"host": (0.5, 0.5), "vulkan": (2.5, 4.5), "webgpu": (2.5, 4.5), "metal": (0.5, 0.5)}

FUNCTIONS = """
func.func private @clip(%x: f32) -> f32 {
  %low = arith.constant -2.0 : f32
  %high = arith.constant 100.0 : f32
  %0 = arith.maximumf %x, %low : f32
  %1 = arith.minimumf %0, %high : f32
  return %1 : f32
}
func.func private @twist(%x: i8) -> i8 {
  %mask = arith.constant -86 : i8
  %0 = arith.addi %x, %x : i8
  %1 = arith.xori %0, %mask : i8
  return %1 : i8
}
func.func private @step(%x: f16) -> f16 {
  %one = arith.constant 1.0 : f32
  %0 = arith.extf %x : f16 to f32
  %1 = arith.addf %0, %one : f32
  %2 = arith.truncf %1 : f32 to f16
  return %2 : f16
}
func.func private @negate(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = arith.negf %x : vector<8xf32>
  return %0 : vector<8xf32>
}
"""


def machine_of(name: str) -> Machine:
    _, kind, _, lanes = EXECUTORS[name]
    return Machine(kind != "host", kind != "host", lanes, *ROUNDINGS[kind])


def tables() -> str:
    return "\n".join(
        f'memref.global "private" constant @table_{kind} : memref<{len(values)}x{kind}> = '
        f"dense<[{', '.join(literal(kind, value) for value in values)}]>"
        for kind, values in TABLES.items()
    )


def table_arrays() -> str:
    """The tables as arrays, set by stores."""
    lines = []
    for kind, values in TABLES.items():
        lines.append(f"%table_{kind} = memref.alloca() : memref<{len(values)}x{kind}>")
        for i, value in enumerate(values):
            lines += [
                f"%table_{kind}_at_{i} = arith.constant {i} : index",
                f"%table_{kind}_{i} = arith.constant {literal(kind, value)} : {kind}",
                f"memref.store %table_{kind}_{i}, %table_{kind}[%table_{kind}_at_{i}] : memref<{len(values)}x{kind}>",
            ]
    return "\n".join(lines)


def read_arrays(body: str) -> str:
    """The body with reads of tables as reads of those arrays."""
    reads = r"(%\w+) = memref\.get_global @(table_\w+) : .*\n"
    for name, table in re.findall(reads, body):
        body = re.sub(rf"{name}\b", f"%{table}", body)
    return re.sub(r"%table_\w+ = memref\.get_global .*\n", "", body)


def memory() -> str:
    own = [f"%own_{kind} = memref.alloca() : memref<4x{kind}, #private>" for kind in OWN]
    zeros = [
        f"%zero_{kind} = arith.constant {literal(kind, 0)} : {kind}\n"
        f"scf.for %at = %c0 to %c4 step %c1 {{\n"
        f"memref.store %zero_{kind}, %own_{kind}[%at] : memref<4x{kind}, #private>\n}}"
        for kind in OWN
    ]
    return "\n".join([*own, *zeros])


def kernel_text(kernel: Kernel, kind: str) -> str:
    outputs = list(kernel.outputs)
    buffers = [f"%{name}: memref<?x{name}>" for name in KINDS]
    buffers += [f"%out_{name}: memref<?x{name}>" for name in outputs]
    access = ", ".join(['"read"'] * len(KINDS) + ['"write"'] * len(outputs))
    constants = "\n".join(f"%c{i} = arith.constant {i} : index" for i in (0, 1, 4, INVOCATIONS))
    start = f"%group = arith.muli %g, %c{INVOCATIONS} : index\n%me = arith.addi %group, %t : index\n{memory()}"
    body = "\n".join(kernel.body)
    if kind == "host":
        # Host kernels have no tables.
        start, body = f"{start}\n{table_arrays()}", read_arrays(body)
        start, body = (text.replace(", #private", "") for text in (start, body))
        return f"""
func.func @random({", ".join(buffers)}, %begin: index, %end: index)
    attributes {{tapml.host_kernel, tapml.access = [{access}]}} {{
{constants}
scf.for %g = %begin to %end step %c1 {{
scf.for %t = %c0 to %c{INVOCATIONS} step %c1 {{
{start}
{body}
}}
}}
return
}}
{FUNCTIONS}
"""
    shared = ", ".join(f"%shared_{kind}: memref<{INVOCATIONS}x{kind}, #workgroup>" for kind in SHARED)
    lanes = ""
    if kernel.machine.lanes:
        # A profile that does not know how many lanes there are says one.
        lanes = "%number = gpu.lane_id\n%lane = arith.index_cast %number : index to i32\n"
        lanes += "%width = arith.constant WIDTH : i32"
    return f"""
gpu.module @kernels {{
gpu.func @random({", ".join(buffers)}) workgroup({shared}) kernel
    attributes {{known_block_size = array<i32: {INVOCATIONS}, 1, 1>, tapml.access = [{access}]}} {{
%t = gpu.thread_id x
%g = gpu.block_id x
{lanes}
{constants}
{start}
{body}
gpu.return
}}
{tables()}
{FUNCTIONS}
}}
"""


def module_text(kernel: Kernel, kind: str, preset: str) -> str:
    """The kernel in a model of one operator, for one target."""
    arguments = ", ".join(f"%{name}: tensor<{len(kernel.inputs[name])}x{name}>" for name in KINDS)
    types = ", ".join(f"tensor<{len(kernel.inputs[name])}x{name}>" for name in KINDS)
    results = [f"tensor<{len(data)}x{name}>" for name, data in kernel.outputs.items()]
    out_types = ", ".join(results)
    empties = "\n".join(f"%e{i} = tensor.empty() : {type}" for i, type in enumerate(results))
    names = ", ".join(f"%e{i}" for i in range(len(results)))
    ins = ", ".join(f"%{name}" for name in KINDS)
    entry = "@random" if kind == "host" else "@kernels::@random"
    place = "host" if kind == "host" else "device"
    moved, back = [], []
    for i, (name, type) in enumerate(zip(KINDS, types.split(", "), strict=True)):
        moved.append(f"%m{i} = tapml.transfer %{name} to @{place} : {type} -> {type}")
    for i, type in enumerate(results):
        back.append(f"%b{i} = tapml.transfer %y#{i} to @host : {type} -> {type}")
    if kind == "host":
        moved, back = [], []
    given = ins if kind == "host" else ", ".join(f"%m{i}" for i in range(len(KINDS)))
    taken = ", ".join(f"{'%y#' if kind == 'host' else '%b'}{i}" for i in range(len(results)))
    signature = ", ".join(
        f'%{name}: tensor<{len(kernel.inputs[name])}x{name}> {{tapml.name = "{name}"}}' for name in KINDS
    )
    outputs = ", ".join(
        f'{type} {{tapml.name = "out_{name}"}}' for name, type in zip(kernel.outputs, results, strict=True)
    )
    newline = "\n"
    width = re.search(r"subgroup_size = (\d+)", PROFILES[preset])
    return f"""
#private = #gpu.address_space<private>
#workgroup = #gpu.address_space<workgroup>
module @random {{
tapml.executable @random {{
tapml.variant @{place} target(PROFILE) {{
func.func @body({arguments}) -> ({out_types}) {{
%c1 = arith.constant 1 : index
%groups = arith.constant {GROUPS} : index
{empties}
%y:{len(results)} = tapml.launch [{entry}] grids(%groups, %c1, %c1) ins({ins} : {types}) outs({names} : {out_types})
  -> {out_types}
return {", ".join(f"%y#{i}" for i in range(len(results)))} : {out_types}
}}
{kernel_text(kernel, kind)}
}}
}}
func.func @forward({signature}) -> ({outputs}) {{
{newline.join(moved)}
{empties}
%y:{len(results)} = tapml.dispatch @random on @{place} ins({given} : {types}) outs({names} : {out_types})
  {{instances = ["random"]}} -> {out_types}
{newline.join(back)}
return {taken} : {out_types}
}}
}}
""".replace("PROFILE", PROFILES[preset]).replace("WIDTH", width[1] if width else "1")


def compile_kernel(seed: int, name: str, directory: pathlib.Path, size: int) -> tuple[Kernel, pathlib.Path]:
    """Returns kernel number `seed` for an executor, and its executable; leaves its module in `directory`."""
    _, kind, preset, _ = EXECUTORS[name]
    kernel = make_kernel(seed, machine_of(name), size)
    text = module_text(kernel, kind, preset)
    (directory / "module.mlir").write_text(text)
    compiled = run_tool("tapml-opt", ["-", *PASSES[kind]], text)
    file, weights = directory / "random.tapx", directory / "random.safetensors"
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")
    arguments = ["-", "--tapml-to-tapx", f"--tapx-weights={weights}", f"--tapx-location={file}", "-o", str(file)]
    run_tool("tapml-translate", arguments, compiled)
    return kernel, file


def find_difference(kernel: Kernel, outputs: dict[str, np.ndarray]) -> str | None:
    for kind, expected in kernel.outputs.items():
        got, bound = outputs[kind].astype(expected.dtype), kernel.bounds[kind]
        # All NaN are one, and so are both zeros.
        with np.errstate(invalid="ignore"):
            same = (got == expected) | (np.isnan(got) & np.isnan(expected)) | (np.abs(got - expected) <= bound)
        same |= np.isinf(bound)
        if not same.all():
            at = int(np.argmin(same))
            return f"out_{kind}[{at}] is {got[at]}, not {expected[at]} within {bound[at]} ({int((~same).sum())} differ)"
    return None


def check(seed: int, name: str, directory: pathlib.Path, size: int = 24) -> str | None:
    """Returns what is wrong with kernel number `seed` on an executor; None if nothing is."""
    try:
        kernel, file = compile_kernel(seed, name, directory, size)
        outputs = testing.load(file, testing.executors()[EXECUTORS[name][0]])(**kernel.inputs)
    except (RuntimeError, TapMLError) as error:
        return str(error).splitlines()[0]
    return find_difference(kernel, {kind: np.asarray(outputs[f"out_{kind}"]) for kind in kernel.outputs})


def check_in_chromium(seeds: Iterable[int], directory: pathlib.Path, size: int = 24) -> dict[int, str]:
    """Returns what is wrong with kernels in a browser, by number; one takes longer to start than to run them."""
    wrong, tests = {}, []
    for seed in seeds:
        own = directory / str(seed)
        own.mkdir()
        try:
            kernel, file = compile_kernel(seed, "chromium", own, size)
        except RuntimeError as error:
            wrong[seed] = str(error).splitlines()[0]
            continue
        tensors = {f"input.{kind}": data for kind, data in kernel.inputs.items()}
        tensors |= {f"expect.out_{kind}": data.astype(np.float64) for kind, data in kernel.outputs.items()}
        tensors |= {f"bound.out_{kind}": data.astype(np.float64) for kind, data in kernel.bounds.items()}
        save_file(tensors, own / "data.safetensors")
        tests.append({"name": str(seed), "executable": f"{seed}/{file.name}", "data": f"{seed}/data.safetensors"})
    (directory / "tests.json").write_text(json.dumps({"version": 1, "tests": tests}))
    reports = browser.run(directory)
    return wrong | {int(report.name): report.message for report in reports if report.verdict != "pass"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="stop after this time")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1 << 31, help="how many kernels at most")
    parser.add_argument("--size", type=int, default=24, help="how many steps a kernel has, about")
    parser.add_argument("--only", default="", help="executors whose name matches this expression")
    parser.add_argument("--keep", type=pathlib.Path, help="where the modules of findings are left")
    options = parser.parse_args()
    end, found, first = time.monotonic() + options.seconds, 0, options.first
    names = [name for name in EXECUTORS if re.search(options.only, name)]

    def report(seed: int, name: str, wrong: str, directory: pathlib.Path) -> None:
        nonlocal found
        found += 1
        print(f"seed {seed}, {name}: {wrong}", flush=True)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            module = (directory / "module.mlir").read_text()
            (options.keep / f"{seed}-{name.replace(', ', '-')}.mlir").write_text(module)

    while time.monotonic() < end and first < options.first + options.count:
        seeds = range(first, min(first + BATCH, options.first + options.count))
        with tempfile.TemporaryDirectory() as scratch:
            directory = pathlib.Path(scratch)
            for seed in seeds:
                for name in names:
                    wrong = None if name == "chromium" else check(seed, name, directory, options.size)
                    if wrong:
                        report(seed, name, wrong, directory)
            if "chromium" in names:
                for seed, wrong in check_in_chromium(seeds, directory, options.size).items():
                    report(seed, "chromium", wrong, directory / str(seed))
        first = seeds.stop
    print(f"{first - options.first} kernels on {', '.join(names)}: {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
