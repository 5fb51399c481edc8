// RUN: split-file %s %t
// RUN: %python %S/Inputs/make-weights.py %t/w.safetensors
// RUN: tapml-opt %t/model.mlir --tapml-plan-memory --tapml-compile-host -o %t/compiled.mlir
// RUN: tapml-translate --tapml-to-tapx %t/compiled.mlir --tapx-weights=%t/w.safetensors --tapx-location=%t/x.tapx -o %t/x.tapx
// RUN: %python %t/run.py tapml %t/x.tapx | FileCheck %t/run.py

// From launches to a run, without a device: a prepared weight, an intermediate
// tensor in a slot, a kernel chosen by size, a checked narrowing.

//--- model.mlir

#host = #tapml.profile<host, "host", {}, []>

module @affine {
  tapml.global @w key "layer.weight" : tensor<8xf32>

  tapml.executable @affine {
    tapml.variant @host target(#host) {
      func.func @body(%x: tensor<?x8xf32>, %ids: tensor<?xi32>, %w: tensor<8xf32> {tapml.constant}) -> tensor<?x8xf32> {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c4 = arith.constant 4 : index
        %c8 = arith.constant 8 : index
        %n = tensor.dim %x, %c0 : tensor<?x8xf32>
        %e8 = tensor.empty() : tensor<8xf32>
        %en = tensor.empty(%n) : tensor<?x8xf32>
        %w2 = tapml.launch [@increment] grids(%c8, %c1, %c1) ins(%w : tensor<8xf32>) outs(%e8 : tensor<8xf32>) -> tensor<8xf32>
        %0 = tapml.launch [@multiply] grids(%n, %c1, %c1) ins(%x, %w2 : tensor<?x8xf32>, tensor<8xf32>) outs(%en : tensor<?x8xf32>) -> tensor<?x8xf32>
        %large = arith.cmpi sge, %n, %c4 : index
        %guard = arith.index_castui %large : i1 to index
        %1 = tapml.launch [@add_large, @add] guards(%guard) grids(%n, %c1, %c1, %n, %c1, %c1) ins(%0, %ids : tensor<?x8xf32>, tensor<?xi32>) outs(%en : tensor<?x8xf32>) -> tensor<?x8xf32>
        return %1 : tensor<?x8xf32>
      }
      func.func @increment(%w: memref<?xf32>, %y: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
        %c1 = arith.constant 1 : index
        %one = arith.constant 1.0 : f32
        scf.for %i = %begin to %end step %c1 {
          %0 = memref.load %w[%i] : memref<?xf32>
          %1 = arith.addf %0, %one : f32
          memref.store %1, %y[%i] : memref<?xf32>
        }
        return
      }
      func.func @multiply(%x: memref<?xf32>, %w: memref<?xf32>, %y: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "read", "write"]} {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        %v = vector.load %w[%c0] : memref<?xf32>, vector<8xf32>
        scf.for %row = %begin to %end step %c1 {
          %i = arith.muli %row, %c8 : index
          %0 = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
          %1 = arith.mulf %0, %v : vector<8xf32>
          vector.store %1, %y[%i] : memref<?xf32>, vector<8xf32>
        }
        return
      }
      func.func @add(%x: memref<?xf32>, %ids: memref<?xi32>, %y: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "read", "write"]} {
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        scf.for %row = %begin to %end step %c1 {
          %i = arith.muli %row, %c8 : index
          %0 = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
          %id = memref.load %ids[%row] : memref<?xi32>
          %f = arith.sitofp %id : i32 to f32
          %v = vector.broadcast %f : f32 to vector<8xf32>
          %1 = arith.addf %0, %v : vector<8xf32>
          vector.store %1, %y[%i] : memref<?xf32>, vector<8xf32>
        }
        return
      }
      // Adds a thousand more, so that the test sees which one ran.
      func.func @add_large(%x: memref<?xf32>, %ids: memref<?xi32>, %y: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "read", "write"]} {
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        %thousand = arith.constant 1000.0 : f32
        scf.for %row = %begin to %end step %c1 {
          %i = arith.muli %row, %c8 : index
          %0 = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
          %id = memref.load %ids[%row] : memref<?xi32>
          %f = arith.sitofp %id : i32 to f32
          %g = arith.addf %f, %thousand : f32
          %v = vector.broadcast %g : f32 to vector<8xf32>
          %1 = arith.addf %0, %v : vector<8xf32>
          vector.store %1, %y[%i] : memref<?xf32>, vector<8xf32>
        }
        return
      }
    }
  }

  func.func @forward(%x: tensor<?x8xf32> {tapml.name = "x", tapml.dims = ["rows", ""]},
                     %ids: tensor<?xi64> {tapml.name = "ids", tapml.dims = ["rows"]})
      -> (tensor<?x8xf32> {tapml.name = "y"}) attributes {tapml.dim_ranges = {rows = array<i64: 1, 16>}} {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    %w = tapml.get_global @w : tensor<8xf32>
    %narrow = tapml.transfer %ids to @host : tensor<?xi64> -> tensor<?xi32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %y = tapml.dispatch @affine on @host ins(%x, %narrow, %w : tensor<?x8xf32>, tensor<?xi32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) {instances = ["affine"]} -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}

//--- run.py
import os
import struct
import subprocess
import sys
import zipfile

tool, executable = sys.argv[1:]
directory = os.path.dirname(executable)


def save(name, dtype, shape, code, values):
    path = os.path.join(directory, name + ".npy")
    header = str({"descr": dtype, "fortran_order": False, "shape": shape})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)))
        file.write(header.encode() + struct.pack(f"<{len(values)}{code}", *values))
    return f"--input={name}={path}"


def run(rows, ids):
    x = [i * 0.5 for i in range(rows * 8)]
    output = os.path.join(directory, "y.npz")
    result = subprocess.run(
        [tool, "run", executable, f"--output={output}"]
        + [save("x", "<f4", (rows, 8), "f", x), save("ids", "<i8", (rows,), "q", ids)],
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        return result.stderr.strip()
    with zipfile.ZipFile(output) as archive:
        data = archive.read("y.npy")
    (length,) = struct.unpack_from("<H", data, 8)
    values = struct.unpack(f"<{rows * 8}f", data[10 + length :])
    weights = [1.0 + i for i in range(8)]  # As stored, and one more.
    extra = 1000.0 if rows >= 4 else 0.0
    expected = [
        x[r * 8 + i] * weights[i] + ids[r] + extra for r in range(rows) for i in range(8)
    ]
    assert list(values) == expected, (values, expected)
    return "ok"


# CHECK: 1 ok
# CHECK: 3 ok
# CHECK: 4 ok
# CHECK: 16 ok
for rows in (1, 3, 4, 16):
    print(rows, run(rows, [7 * i for i in range(rows)]))
# CHECK: 2147483648
print(run(2, [1, 2**31]))
