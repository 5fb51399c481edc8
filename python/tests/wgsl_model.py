# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A small executable with WGSL written by hand, and a directory of tests of it."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

#: y = x + 2 w (w repeats), next = ids + 1.
KERNELS = """
struct Sizes { n: i32, m: i32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn add_weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  if (i < sizes.n) {
    sum[i] = x[i] + w[i % sizes.m];
  }
}

struct OneSize { n: i32 }
@group(0) @binding(1) var<storage, read_write> doubled: array<f32>;
@group(0) @binding(2) var<uniform> one_size: OneSize;

@compute @workgroup_size(64)
fn twice(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  if (i < one_size.n) {
    doubled[i] = x[i] + x[i];
  }
}

@group(0) @binding(0) var<storage, read> before: array<i32>;
@group(0) @binding(1) var<storage, read_write> after: array<i32>;

@compute @workgroup_size(64)
fn increment(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  if (i < one_size.n) {
    after[i] = before[i] + 1;
  }
}
"""

WEIGHT = np.arange(8, dtype=np.float32) + np.float32(0.5)


def manifest() -> dict[str, Any]:
    """Inputs x: f32[n] and ids: i64[n]; outputs y and next."""

    def kernel(name: str, access: list[str], sizes: int, instances: list[str]) -> dict[str, Any]:
        return {
            "name": name, "place": 1, "section": "wgsl.0", "entry": name, "access": access, "sizes": sizes,
            "workgroup": [64, 1, 1], "instances": instances,
        }  # fmt: skip

    add = {
        "place": 1,
        "args": [
            {"dtype": "f32", "shape": [-1], "constant": False},
            {"dtype": "f32", "shape": [-1], "constant": True},
        ],
        # 0: n, 1: m, 2: 64, 3: 1, 4: groups for n, 5: groups for m, 6: bytes for n
        "exprs": [["dim", 0, 0], ["dim", 1, 0], ["const", 64], ["const", 1], ["ceildiv", 0, 2], ["ceildiv", 1, 2]],
        "results": [{"dtype": "f32", "shape": [0]}],
        "prepared": [{"dtype": "f32", "shape": [1]}],
        "checks": [{"expr": 0, "max": 1 << 20, "what": "elements"}],
        "init": [
            {
                "buffers": [{"arg": 1}, {"prepared": 0}],
                "sizes": [1],
                "cases": [{"kernel": 1, "grid": [5, 3, 3]}],
            }
        ],
        "steps": [
            {
                "buffers": [{"arg": 0}, {"prepared": 0}, {"result": 0}],
                "sizes": [0, 1],
                "cases": [{"kernel": 0, "grid": [4, 3, 3]}],
            }
        ],
    }
    increment = {
        "place": 1,
        "args": [{"dtype": "i32", "shape": [-1], "constant": False}],
        "exprs": [["dim", 0, 0], ["const", 64], ["ceildiv", 0, 1], ["const", 1]],
        "results": [{"dtype": "i32", "shape": [0]}],
        "steps": [
            {
                "buffers": [{"arg": 0}, {"result": 0}],
                "sizes": [0],
                "cases": [{"kernel": 2, "grid": [2, 3, 3]}],
            }
        ],
    }

    def slot(index: int, place: int, dtype: str) -> dict[str, Any]:
        return {"kind": "slot", "slot": index, "place": place, "dtype": dtype, "shape": [0]}

    def dispatch(executable: int, operands: list[int], result: int, instance: str) -> dict[str, Any]:
        return {
            "op": "dispatch", "executable": executable, "variant": 0, "operands": operands, "sizes": [],
            "results": [result], "instances": [instance],
        }  # fmt: skip

    def transfer(source: int, target: int) -> dict[str, Any]:
        return {"op": "transfer", "from": source, "to": target}

    values = [
        {"kind": "input", "index": 0, "place": 0},
        {"kind": "input", "index": 1, "place": 0},
        {"kind": "weight", "index": 0, "place": 1},
        slot(0, 1, "f32"),
        slot(1, 1, "f32"),
        slot(2, 0, "f32"),
        slot(3, 1, "i32"),
        slot(4, 1, "i32"),
        slot(5, 0, "i64"),
    ]
    return {
        "format": {"major": 1, "minor": 0},
        "model": "small",
        "package": {"weights": "weights.safetensors", "weights_bytes": 0, "weights_header_sha256": ""},
        "places": [
            {"name": "host", "kind": "host"},
            {"name": "webgpu", "kind": "webgpu", "profile": {"name": "small", "limits": {}, "features": []}},
        ],
        "symbols": [{"name": "n", "min": 1, "max": 100000}],
        "inputs": [
            {"name": "x", "dtype": "f32", "shape": ["n"]},
            {"name": "ids", "dtype": "i64", "shape": ["n"]},
        ],
        "outputs": [{"name": "y", "value": 5}, {"name": "next", "value": 8}],
        "weights": [{"key": "w", "dtype": "f32", "shape": [8]}],
        "kernels": [
            kernel("add_weight", ["read", "read", "write"], 2, ["layer.0"]),
            kernel("twice", ["read", "write"], 1, ["layer.0"]),
            kernel("increment", ["read", "write"], 1, ["layer.1", "layer.2"]),
        ],
        "executables": [{"name": "add", "variants": [add]}, {"name": "increment", "variants": [increment]}],
        "main": {
            "exprs": [["dim", 0, 0], ["const", 4], ["mul", 0, 1], ["const", 8], ["mul", 0, 3]],
            "values": values,
            "slots": [
                {"place": 1, "bytes": 2},
                {"place": 1, "bytes": 2},
                {"place": 0, "bytes": 2},
                {"place": 1, "bytes": 2},
                {"place": 1, "bytes": 2},
                {"place": 0, "bytes": 4},
            ],
            "steps": [
                transfer(0, 3),
                dispatch(0, [3, 2], 4, "layer.0"),
                transfer(4, 5),
                transfer(1, 6),
                dispatch(1, [6], 7, "layer.1"),
                transfer(7, 8),
            ],
        },
    }


def write_tapx(path: Path, sections: dict[str, bytes]) -> None:
    """Writes a .tapx file; docs/Runtime.md describes it."""
    table = b""
    position = 16 + 80 * len(sections) + 32
    for name, data in sections.items():
        position = -(-position // 64) * 64
        table += struct.pack("<32sQQ32s", name.encode(), position, len(data), hashlib.sha256(data).digest())
        position += len(data)
    content = struct.pack("<8sHHI", b"TAPX\r\n\x1a\n", 1, 0, len(sections)) + table
    content += hashlib.sha256(content).digest()
    for data in sections.values():
        content = content.ljust(-(-len(content) // 64) * 64, b"\0") + data
    path.write_bytes(content)


def write_model(
    directory: Path, *, changed: dict[str, Any] | None = None, code: str = KERNELS, name: str = "model.tapx"
) -> Path:
    """Writes the executable and its weights; ``changed`` replaces the manifest."""
    weights = directory / "weights.safetensors"
    save_file({"w": WEIGHT}, weights)
    description = changed or manifest()
    data = weights.read_bytes()
    header = data[: 8 + int.from_bytes(data[:8], "little")]  # with the eight bytes that say its length
    description["package"]["weights_bytes"] = len(data)
    description["package"]["weights_header_sha256"] = hashlib.sha256(header).hexdigest()
    path = directory / name
    write_tapx(path, {"manifest": json.dumps(description).encode(), "wgsl.0": code.encode()})
    return path


def inputs(n: int) -> dict[str, np.ndarray]:
    """Some inputs of size n."""
    return {"x": np.arange(n, dtype=np.float32) / 4, "ids": np.arange(n, dtype=np.int64) * 3 - 7}


def outputs(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the model gives for these inputs."""
    x = given["x"].astype(np.float64)
    weight = np.resize(WEIGHT, x.shape).astype(np.float64)
    return {"y": x + 2 * weight, "next": given["ids"] + 1}


def write_data(path: Path, n: int, *, off_by: float = 0.0) -> None:
    """Writes the data of a test: inputs, what is expected (y wrong by ``off_by``), and a bound."""
    given = inputs(n)
    expected = outputs(given)
    expected["y"][n // 2] += off_by
    tensors = {f"input.{name}": value for name, value in given.items()}
    tensors |= {f"expect.{name}": value for name, value in expected.items()}
    tensors["bound.y"] = np.abs(expected["y"]) * 2.0**-23
    save_file(tensors, path)


def write_tests(directory: Path, tests: list[dict[str, str]]) -> None:
    (directory / "tests.json").write_text(json.dumps({"version": 1, "tests": tests}))
