// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// Booleans are bytes in memory: compared with zero, and stored as 0 or 1.

func.func @body(%x: tensor<?xi1>) -> tensor<?xi1> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xi1>
  %y = tapml.kernel "not" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<?xi1> {
    %true = arith.constant true
    %empty = tensor.empty(%n) : tensor<?xi1>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%x : tensor<?xi1>) outs(%empty : tensor<?xi1>) {
    ^bb0(%a: i1, %o: i1):
      %1 = arith.xori %a, %true : i1
      linalg.yield %1 : i1
    } -> tensor<?xi1>
    tapml.yield %0 : tensor<?xi1>
  }
  return %y : tensor<?xi1>
}

// CHECK: gpu.func @not(%[[X:[^:]*]]: memref<?xi8>, %[[Y:[^:]*]]: memref<?xi8>, %{{.*}}: index)
// CHECK: %[[BYTE:.*]] = memref.load %[[X]]
// CHECK: %[[BOOL:.*]] = arith.cmpi eq, %[[BYTE]], %c0_i8 : i8
// CHECK: %[[STORED:.*]] = arith.extui %[[BOOL]] : i1 to i8
// CHECK: memref.store %[[STORED]], %[[Y]]
