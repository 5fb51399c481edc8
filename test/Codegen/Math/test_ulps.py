# Part of the TapML project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE.TXT for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures what tapml-expand-math produces against float64, in ULP.

The expanded functions are compiled for this machine and run on millions of
floats spread over all bit patterns, on the special values, and densely where a
function changes its method. TAPML_BUILD_DIR names the build tree; the number
of values per function is TAPML_ULP_SAMPLES (2^32 tests them all).
"""

import ctypes
import os
import pathlib
import re
import subprocess

import numpy as np
import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TAPML_BUILD_DIR", ROOT / "build"))
SAMPLES = int(os.environ.get("TAPML_ULP_SAMPLES", 1 << 22))
CHUNK = 1 << 20

# name: (float64 reference, bound in ULP, where the function changes its method)
FUNCTIONS = {
    "exp": (np.exp, 1.5, [-104.0, -87.34, 88.7228, 89.0]),
    "exp2": (np.exp2, 1.5, [-150.0, -126.0, 127.9999, 128.0]),
    "log": (np.log, 1.5, [2.0**-126, 0.70710678, 1.0, 1.41421356]),
    "tanh": (np.tanh, 2.0, [0.625, 9.1, 100.0]),
    "erf": (lambda x: torch.erf(torch.from_numpy(x)).numpy(), 2.0, [0.9375, 3.9375]),
    "sin": (np.sin, 4.0, [0.785398, 1.570796, 3.141593, 411774.0]),
    "cos": (np.cos, 4.0, [0.785398, 1.570796, 3.141593, 411774.0]),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5, [1.0]),
    "trunc": (np.trunc, 0.0, [1.0, 8388608.0]),
}
LARGEST_ANGLE = 411774.0
SMALLEST_NORMAL = 2.0**-126

SPECIAL = np.array(
    [
        *(0.0, -0.0, 1.0, -1.0, 100.0, -100.0, np.inf, -np.inf, np.nan),
        *(2.0**-149, -(2.0**-149), 3.4028235e38, -3.4028235e38, 2.0**-126, -(2.0**-126)),
    ],
    dtype=np.float32,
)


def source(body, arguments):
    loads = "\n".join(f"%x{i} = vector.load %a{i}[%i] : memref<{CHUNK}xf32>, vector<8xf32>" for i in range(arguments))
    scalars = "\n".join(f"%s{i} = memref.load %a{i}[%i] : memref<{CHUNK}xf32>" for i in range(arguments))
    parameters = ", ".join(f"%a{i}: memref<{CHUNK}xf32>" for i in range(arguments))
    vector = ", ".join(f"%x{i}" for i in range(arguments))
    scalar = ", ".join(f"%s{i}" for i in range(arguments))
    return f"""
func.func @vectors({parameters}, %out: memref<{CHUNK}xf32>) {{
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = arith.constant {CHUNK} : index
  scf.for %i = %c0 to %n step %c8 {{
    {loads}
    %y = math.{body} {vector} : vector<8xf32>
    vector.store %y, %out[%i] : memref<{CHUNK}xf32>, vector<8xf32>
  }}
  return
}}
func.func @scalars({parameters}, %out: memref<{CHUNK}xf32>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant {CHUNK} : index
  scf.for %i = %c0 to %n step %c1 {{
    {scalars}
    %y = math.{body} {scalar} : f32
    memref.store %y, %out[%i] : memref<{CHUNK}xf32>
  }}
  return
}}
"""


def tool(name):
    """A program of the build tree, or of the LLVM that it was built with."""
    path = BUILD / "bin" / name
    if path.exists():
        return str(path)
    site = (BUILD / "test" / "lit.site.cfg.py").read_text()
    return str(pathlib.Path(re.search('llvm_tools_dir = "(.*)"', site)[1]) / name)


def build(directory, operation, arguments, fma):
    """Expands, compiles and loads the two forms of one function."""
    passes = [
        f"--tapml-expand-math=fma={str(fma).lower()}",
        "--convert-scf-to-cf",
        "--convert-vector-to-llvm",
        "--convert-math-to-llvm",
        "--finalize-memref-to-llvm",
        "--convert-func-to-llvm=use-bare-ptr-memref-call-conv=1",
        "--convert-cf-to-llvm",
        "--convert-arith-to-llvm",
        "--convert-index-to-llvm",
        "--reconcile-unrealized-casts",
    ]
    expanded = subprocess.run(
        [tool("tapml-opt"), "-", *passes],
        input=source(operation, arguments),
        text=True,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    ir = directory / f"{operation}.ll"
    ir.write_text(
        subprocess.run(
            [tool("mlir-translate"), "--mlir-to-llvmir"],
            input=expanded,
            text=True,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )
    library = directory / f"{operation}.so"
    # -mfma only where fma is asked for: nothing contracts a * b + c by itself.
    march = ["-mavx2", "-mfma"] if fma else ["-mavx2"]
    flags = ["-O2", "-ffp-contract=off", "-w", *march, "-shared", "-fPIC"]
    subprocess.run([tool("clang"), *flags, str(ir), "-o", str(library), "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))

    def run(name, *values):
        out = np.empty(CHUNK, np.float32)
        pointers = [v.ctypes.data_as(ctypes.c_void_p) for v in (*values, out)]
        getattr(loaded, name)(*pointers)
        return out

    return run


def padded(values):
    result = np.zeros(CHUNK, np.float32)
    result[: len(values)] = values
    return result


def chunks(boundaries):
    """Every n-th bit pattern, the special values, and the neighbourhoods."""
    stride = max(1, (1 << 32) // SAMPLES)
    per_chunk = CHUNK * stride
    for first in range(0, 1 << 32, per_chunk):
        bits = np.arange(first, min(first + per_chunk, 1 << 32), stride, np.uint64)
        # An odd offset per chunk: not the same low bits everywhere.
        bits = (bits + (first // per_chunk) % stride) & 0xFFFFFFFF
        yield padded(bits.astype(np.uint32).view(np.float32))
    near = [SPECIAL]
    for boundary in boundaries:
        start = int(np.float32(boundary).view(np.uint32))
        near.append(np.arange(max(0, start - 20000), start + 20000, dtype=np.uint32).view(np.float32))
        near.append(-near[-1])
    yield padded(np.concatenate(near)[:CHUNK])
    # Where most arguments are, and where angles are hard.
    yield np.linspace(-12, 12, CHUNK, dtype=np.float32)
    yield np.linspace(0, LARGEST_ANGLE, CHUNK, dtype=np.float32)
    yield (np.arange(CHUNK) % (1 << 18) * (np.pi / 2)).astype(np.float32)


def distance(result, exact):
    """|result - exact| in units in the last place of the exact value.

    Below the smallest normal number a result may be flushed to zero.
    """
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        same = (np.isnan(result) & np.isnan(exact)) | (result == rounded)
        unit = np.spacing(np.maximum(np.abs(rounded), np.float32(SMALLEST_NORMAL)))
        error = np.abs(result.astype(np.float64) - exact) / unit.astype(np.float64)
    return np.where(same, np.minimum(np.nan_to_num(error), 0.5), error)


@pytest.mark.parametrize("fma", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_bound(name, fma, tmp_path):
    reference, bound, boundaries = FUNCTIONS[name]
    run = build(tmp_path, name, 1, fma)
    worst, where = 0.0, None
    for x in chunks(boundaries):
        y = run("vectors", x)
        if not fma:
            np.testing.assert_array_equal(run("scalars", x).view(np.uint32), y.view(np.uint32))
        with np.errstate(all="ignore"):
            exact = reference(x.astype(np.float64))
        error = distance(y, exact)
        if name in ("sin", "cos"):
            error = np.where(np.abs(x) > LARGEST_ANGLE, 0, error)
            assert np.isnan(y[np.abs(x) > LARGEST_ANGLE]).all()
        if name == "trunc":
            np.testing.assert_array_equal(y, exact.astype(np.float32))
            continue
        assert not np.isnan(error).any(), x[np.isnan(error)][:5]
        if error.max() > worst:
            worst, where = error.max(), x[error.argmax()]
    print(f"{name}: {worst:.3f} ULP at {where!r}, bound {bound}")
    assert worst <= bound, f"{worst} ULP at {where!r}"


def test_special_values(tmp_path):
    inf, nan = np.inf, np.nan
    x = np.array([0.0, -0.0, inf, -inf, nan, 100.0, -110.0, -1.0], np.float32)
    expected = {
        "exp": [1, 1, inf, 0, nan, inf, 0, np.float32(np.exp(-1.0))],
        "log": [-inf, -inf, inf, nan, nan, np.float32(np.log(100.0)), nan, nan],
        "tanh": [0.0, -0.0, 1, -1, nan, 1, -1, np.float32(np.tanh(-1.0))],
        "sin": [0.0, -0.0, nan, nan, nan, *np.sin([100.0, -110.0, -1.0])],
        "erf": [0.0, -0.0, 1, -1, nan, 1, -1, np.float32(-0.84270079)],
    }
    for name, values in expected.items():
        y = build(tmp_path, name, 1, False)("vectors", padded(x))[: len(x)]
        np.testing.assert_allclose(y, np.array(values, np.float32), rtol=2e-7)
        zeros = np.array(values) == 0
        np.testing.assert_array_equal(np.signbit(y[zeros]), np.signbit(np.array(values)[zeros]))


def test_powf(tmp_path):
    run = build(tmp_path, "powf", 2, False)
    special = np.array(
        [
            *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e10, -1e10),
            *(16777215.0, 16777216.0, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-10),
        ],
        np.float32,
    )
    x, y = (padded(v.ravel()) for v in np.meshgrid(special, special))
    count = len(special) ** 2
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.float64), y.astype(np.float64))[:count]
        result = run("vectors", x, y)[:count]
        rounded = exact.astype(np.float32)
    limits = ~np.isfinite(rounded) | (rounded == 0) | (np.abs(rounded) == 1)
    np.testing.assert_array_equal(result[limits], rounded[limits])
    np.testing.assert_array_equal(np.signbit(result[rounded == 0]), np.signbit(rounded[rounded == 0]))

    random = np.random.default_rng(0)
    x = np.exp2(random.uniform(-20, 20, CHUNK)).astype(np.float32)
    y = random.uniform(-4, 4, CHUNK).astype(np.float32)
    exact = np.power(x.astype(np.float64), y.astype(np.float64))
    error = distance(run("vectors", x, y), exact)
    bound = 2 + 3 * np.abs(y * np.log(x))
    assert (error <= bound).all(), (error / bound).max()
    print("powf:", (error / bound).max(), "of the bound")
