// RUN: tapml-opt %s --tapml-emit-kernels=profile=lavapipe --canonicalize --cse | FileCheck %s

// The invocations of a subgroup compute the same rows of adjacent columns. Each
// reads the left-hand side of another row; a row behind the last one is read as
// the last one. Columns are there or not in whole vectors.

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @body(%a: tensor<?x64xf32>, %b: tensor<64x100xf32>) -> tensor<?x100xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x64xf32>
  %y = tapml.kernel "linear" lowering(<<matmul, tile = [10, 4], workgroup = [16, 1, 1], vector = 4, subgroup = 8>>) -> tensor<?x100xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%m) : tensor<?x100xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x100xf32>) -> tensor<?x100xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%a, %b : tensor<?x64xf32>, tensor<64x100xf32>) outs(%init : tensor<?x100xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %2 = arith.mulf %l, %r : f32
      %3 = arith.addf %2, %o : f32
      linalg.yield %3 : f32
    } -> tensor<?x100xf32>
    tapml.yield %0 : tensor<?x100xf32>
  }
  return %y : tensor<?x100xf32>
}

// CHECK: gpu.func @linear(%[[A:[^:]*]]: memref<?xf32>, %[[B:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>, %[[M:[^:]*]]: index)
// CHECK-DAG: %[[LANE:.*]] = gpu.lane_id
// CHECK-DAG: %[[LAST:.*]] = arith.subi %[[M]], %c1 : index
// CHECK-DAG: %[[COLUMN:.*]] = arith.minui %[[START:.*]], %c96 : index
// CHECK: scf.for %{{.*}} = %c0 to %c64 step %c4 iter_args
// CHECK-COUNT-4: vector.load %[[B]]{{.*}} vector<4xf32>
// CHECK: %[[A0:.*]] = vector.load %[[A]]{{.*}} vector<4xf32>
// CHECK-COUNT-8: gpu.subgroup_broadcast %[[A0]], specific_lane %{{.*}} : vector<4xf32>
// CHECK: %[[A1:.*]] = vector.load %[[A]]{{.*}} vector<4xf32>
// CHECK-COUNT-2: gpu.subgroup_broadcast %[[A1]], specific_lane %{{.*}} : vector<4xf32>
// CHECK-NOT: gpu.subgroup_broadcast
// CHECK: scf.yield
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[START]], %c100 : index
// CHECK: scf.if %[[INSIDE]] {
// CHECK: vector.store %{{.*}}, %[[Y]]
// CHECK: %[[EXISTS:.*]] = arith.cmpi ult, %{{.*}}, %[[M]] : index
// CHECK: %[[BOTH:.*]] = arith.andi %[[INSIDE]], %[[EXISTS]] : i1
// CHECK: scf.if %[[BOTH]] {
