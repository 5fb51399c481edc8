# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs emitted kernels on the CPU, those for devices too, without a driver.

The kernels are compiled with upstream's passes; in those for devices, the ids of
the workgroup and the invocation become arguments, and every invocation is a
call. The host-side function is interpreted: it only computes sizes.
"""

import ctypes
import math
import os
import pathlib
import re
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TAPML_BUILD_DIR", ROOT / "build"))
DTYPES = {
    "f32": np.float32,
    "i32": np.int32,
    "i64": np.int64,
    "i8": np.int8,
    "i1": np.int8,
}
EMIT = [
    "--canonicalize",
    "--cse",
    "--loop-invariant-code-motion",
    "--canonicalize",
    "--cse",
]
LOWER = [
    "--arith-expand",
    "--convert-scf-to-cf",
    "--convert-vector-to-llvm",
    "--convert-math-to-llvm",
    "--convert-index-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-arith-to-llvm",
    "--convert-func-to-llvm",
    "--convert-cf-to-llvm",
    "--reconcile-unrealized-casts",
]
GPU_IDS = [f"%the_{op}_{dim}" for op in ("block_id", "grid_dim", "thread_id") for dim in "xyz"]
CANARY = 0xAB
CANARY_ELEMENTS = 64
ALIGNMENT = 64


def tool(name):
    """A program of the build tree, or of the LLVM that it was built with."""
    path = BUILD / "bin" / name
    if path.exists():
        return str(path)
    site = (BUILD / "test" / "lit.site.cfg.py").read_text()
    return str(pathlib.Path(re.search('llvm_tools_dir = "(.*)"', site)[1]) / name)


def run_tool(name, arguments, text):
    done = subprocess.run([tool(name), *arguments], input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def aligned_empty(count, dtype):
    size = count * np.dtype(dtype).itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(dtype)


def aligned_copy(array):
    copy = aligned_empty(array.size, array.dtype)
    copy[:] = array.reshape(-1)
    return copy


class Function:
    """The text of one function, and what its signature says."""

    def __init__(self, kind, arguments, attributes, body):
        self.on_gpu = kind == "gpu"
        self.arguments = arguments
        self.attributes = attributes
        self.body = body

    @property
    def is_kernel(self):
        return "tapml.access" in self.attributes

    @property
    def workgroup(self):
        sizes = re.search(r"known_block_size = array<i32: (.*?)>", self.attributes)
        return [int(size) for size in sizes[1].split(",")]

    def as_cpu_function(self, name):
        arguments = list(self.arguments)
        body = self.body
        if self.on_gpu:
            arguments += [(name, "index") for name in GPU_IDS]
            body = [
                re.sub(
                    r"gpu\.(block_id|grid_dim|thread_id)\s+(\w)",
                    r"arith.addi %the_\1_\2, %the_zero : index",
                    line,
                ).replace("gpu.return", "return")
                for line in body
            ]
        signature = ", ".join(f"{name}: {type}" for name, type in arguments)
        return "\n".join(
            [
                f"func.func @{name}({signature}) attributes {{llvm.emit_c_interface}} {{",
                "%the_zero = arith.constant 0 : index",
                *body,
                "}",
            ]
        )


def split_functions(text):
    functions = {}
    lines = text.split("\n")
    for start, line in enumerate(lines):
        header = re.match(r"(\s*)(gpu|func)\.func @(\w+)\((.*?)\)(.*)\{$", line)
        if not header:
            continue
        indent, kind, name, arguments, attributes = header.groups()
        end = next(i for i in range(start, len(lines)) if lines[i] == indent + "}")
        parsed = [tuple(a.split(": ", 1)) for a in re.split(r", (?=%)", arguments) if a]
        functions[name] = Function(kind, parsed, attributes, lines[start + 1 : end])
    return functions


class Descriptor(ctypes.Structure):
    """MLIR's descriptor of a memref of rank 1."""

    _fields_ = [
        ("allocated", ctypes.c_void_p),
        ("aligned", ctypes.c_void_p),
        ("offset", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("stride", ctypes.c_int64),
    ]

    @staticmethod
    def of(array):
        return Descriptor(array.ctypes.data, array.ctypes.data, 0, array.size, 1)


class Program:
    """`@body` of a module, with its kernels emitted and compiled."""

    def __init__(self, text, profile, directory):
        self.text = run_tool("tapml-opt", ["-", f"--tapml-emit-kernels=profile={profile}", *EMIT], text)
        self.functions = split_functions(self.text)
        self.launched = []
        self.compile(profile, pathlib.Path(directory))

    def compile(self, profile, directory):
        kernels = [f.as_cpu_function(n) for n, f in self.functions.items() if f.is_kernel]
        lowered = run_tool("mlir-opt", ["-", *LOWER], "\n".join(kernels))
        source = directory / "kernels.ll"
        source.write_text(run_tool("mlir-translate", ["--mlir-to-llvmir"], lowered))
        library = source.with_suffix(".so")
        flags = ["-O1", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
        subprocess.run(
            [tool("clang"), *flags, "-Wno-override-module", source, "-o", library, "-lm"],
            check=True,
        )
        self.library = ctypes.CDLL(str(library))

    def launch(self, name, buffers, sizes, grid):
        kernel = self.functions[name]
        entry = getattr(self.library, "_mlir_ciface_" + name)
        arguments = [ctypes.byref(Descriptor.of(b)) for b in buffers]
        arguments += [ctypes.c_int64(size) for size in sizes]
        self.launched.append((name, grid))

        def call(*ids):
            entry(*arguments, *[ctypes.c_int64(i) for i in ids])

        if not kernel.on_gpu:
            # In two parts and backwards: workgroups may run in any order.
            assert grid[1:] == [1, 1]
            call(grid[0] // 2, grid[0])
            call(0, grid[0] // 2)
            return
        for z, y, x in np.ndindex(*grid[::-1]):
            for tz, ty, tx in np.ndindex(*kernel.workgroup[::-1]):
                call(x, y, z, *grid, tx, ty, tz)

    def __call__(self, *inputs):
        """Interprets `@body`; fails if a kernel writes behind its output."""
        body = self.functions["body"]
        values = {name: value for (name, _), value in zip(body.arguments, inputs, strict=True)}

        def get(names):
            return [values[name] for name in re.findall(r"%\w+", names)]

        for line in body.body:
            line = line.strip()
            if line.startswith("return"):
                return get(line)[0]
            result, op, rest = re.match(r"(%\w+) = ([\w.]+)\s?(.*)$", line).groups()
            operands = get(rest)
            if op == "arith.constant":
                number = re.match(r"(-?\d+|true|false)", rest)
                # Tensor constants are part of kernels only.
                text = number[1] if number else "0"
                values[result] = {"true": 1, "false": 0}.get(text) if text.isalpha() else int(text)
            elif op == "tensor.dim":
                values[result] = operands[0].shape[operands[1]]
            elif op == "tensor.empty":
                values[result] = self.allocate(rest, operands)
            elif op == "tapml.launch":
                values[result] = self.run_launch(rest, get)
            else:
                values[result] = INDEX_OPS[op + " " + rest.split(",")[0] if "cmpi" in op else op](*operands)
        raise AssertionError("@body does not return")

    def allocate(self, text, dynamic):
        *dims, element = re.search(r": tensor<(.*)>", text)[1].split("x")
        sizes = iter(dynamic)
        shape = [next(sizes) if dim == "?" else int(dim) for dim in dims]
        count = math.prod(shape)
        memory = aligned_empty(count + CANARY_ELEMENTS, DTYPES[element])
        memory.view(np.uint8)[:] = CANARY
        return memory[:count].reshape(shape)

    def run_launch(self, text, get):
        def part(name):
            found = re.search(rf"{name}\((.*?)\)", text)
            return get(found[1]) if found else []

        kernels = [k.split("@")[-1] for k in re.match(r"\[(.*?)\]", text)[1].split(",")]
        guards = part("guards")
        case = next((i for i, guard in enumerate(guards) if guard), len(guards))
        grid = part("grids")[3 * case : 3 * case + 3]
        (output,) = part("outs")
        flat = output.reshape(-1)
        buffers = [aligned_copy(np.asarray(value)) for value in part("ins")]
        self.launch(kernels[case], [*buffers, flat], part("sizes"), grid)
        # Bytes are stored in whole 32-bit words, to which buffers are padded.
        padding = -flat.nbytes % 4
        behind = np.frombuffer(
            (ctypes.c_uint8 * (CANARY_ELEMENTS - padding)).from_address(flat.ctypes.data + flat.nbytes + padding),
            np.uint8,
        )
        assert (behind == CANARY).all(), "a kernel wrote behind its output"
        return output


INDEX_OPS = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.divsi": lambda a, b: a // b,
    "arith.remsi": lambda a, b: a % b,
    "arith.ceildivsi": lambda a, b: -(-a // b),
    "arith.minsi": min,
    "arith.maxsi": max,
    "arith.cmpi sle": lambda a, b: int(a <= b),
    "arith.cmpi sge": lambda a, b: int(a >= b),
    "arith.cmpi slt": lambda a, b: int(a < b),
    "arith.cmpi sgt": lambda a, b: int(a > b),
    "arith.index_castui": int,
    "arith.extui": int,
    "arith.select": lambda c, a, b: a if c else b,
}
