// RUN: sed 's/CONFIG/tile = [1, 4], workgroup = [32, 1, 1], vector = 4/' %s | tapml-opt --tapml-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sed 's/CONFIG/tile = [1, 4], workgroup = [32, 1, 1], vector = 4, subgroup = 8/' %s | tapml-opt --tapml-emit-kernels --canonicalize --cse | FileCheck %s --check-prefix=SUBGROUP

// The sum of a row is computed once, with a vector of partial sums that are
// added in a fixed order; then the row is written.

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @body(%x: tensor<?x384xf32>) -> tensor<?x384xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x384xf32>
  %y = tapml.kernel "normalize" lowering(<<row_reduction, CONFIG>>) -> tensor<?x384xf32> {
    %zero = arith.constant 0.0 : f32
    %rows = tensor.empty(%n) : tensor<?xf32>
    %empty = tensor.empty(%n) : tensor<?x384xf32>
    %init = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<?x384xf32>) outs(%init : tensor<?xf32>) {
    ^bb0(%a: f32, %o: f32):
      %0 = arith.addf %a, %o : f32
      linalg.yield %0 : f32
    } -> tensor<?xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %sum : tensor<?x384xf32>, tensor<?xf32>) outs(%empty : tensor<?x384xf32>) {
    ^bb0(%a: f32, %s: f32, %o: f32):
      %0 = arith.divf %a, %s : f32
      linalg.yield %0 : f32
    } -> tensor<?x384xf32>
    tapml.yield %1 : tensor<?x384xf32>
  }
  return %y : tensor<?x384xf32>
}

// CHECK: gpu.func @normalize(%[[X:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>, %[[N:[^:]*]]: index)
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[ROW:.*]], %[[N]] : index
// CHECK: scf.if %[[INSIDE]] {
// CHECK: %[[PARTIAL:.*]] = scf.for %{{.*}} = %c0 to %c384 step %c4 iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<4xf32>)
// CHECK: %[[TERM:.*]] = vector.load %[[X]]
// CHECK: arith.addf %[[ACC]], %[[TERM]] : vector<4xf32>
// CHECK: %[[LOW:.*]] = vector.extract_strided_slice %[[PARTIAL]] {offsets = [0], sizes = [2], strides = [1]}
// CHECK: %[[HIGH:.*]] = vector.extract_strided_slice %[[PARTIAL]] {offsets = [2], sizes = [2], strides = [1]}
// CHECK: %[[PAIR:.*]] = arith.addf %[[LOW]], %[[HIGH]] : vector<2xf32>
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: scf.for %{{.*}} = %c0 to %c384 step %c4 {
// CHECK-NOT: scf.for
// CHECK: vector.store %{{.*}}, %[[Y]]

// Eight invocations share a row: each sums its part, and all get the total.
// SUBGROUP: gpu.func @normalize
// SUBGROUP-DAG: %[[LANE:.*]] = gpu.lane_id
// SUBGROUP-DAG: gpu.subgroup_id
// SUBGROUP: %[[FIRST:.*]] = arith.muli %[[LANE]], %c4 : index
// SUBGROUP: scf.for %{{.*}} = %[[FIRST]] to %c384 step %c32 iter_args
// SUBGROUP: gpu.shuffle xor %{{.*}}, %c1_i32, %c8_i32 : f32
// SUBGROUP: gpu.shuffle xor %{{.*}}, %c2_i32, %c8_i32 : f32
// SUBGROUP: gpu.shuffle xor %{{.*}}, %c4_i32, %c8_i32 : f32
// SUBGROUP: scf.for %{{.*}} = %[[FIRST]] to %c384 step %c32 {
