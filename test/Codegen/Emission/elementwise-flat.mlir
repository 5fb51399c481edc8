// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// Rows of 384 are whole vectors, so that the result is one run of elements: the
// index of the input is that of the output, and only the bias needs the column.

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @body(%x: tensor<?x384xf32>, %bias: tensor<384xf32>) -> tensor<?x384xf32> {
  // CHECK: %[[ROWS:.*]] = tensor.dim
  // CHECK: tapml.launch [@kernels::@add] grids(%{{.*}}, %{{.*}}, %c1) sizes(%[[ROWS]]) ins(%{{.*}}, %{{.*}} : tensor<?x384xf32>, tensor<384xf32>)
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x384xf32>
  %empty = tensor.empty(%rows) : tensor<?x384xf32>
  %y = tapml.kernel "add" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x384xf32> {
    %0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %bias : tensor<?x384xf32>, tensor<384xf32>) outs(%empty : tensor<?x384xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %1 = arith.addf %a, %b : f32
      linalg.yield %1 : f32
    } -> tensor<?x384xf32>
    tapml.yield %0 : tensor<?x384xf32>
  }
  return %y : tensor<?x384xf32>
}

// CHECK: gpu.func @add(%[[X:[^:]*]]: memref<?xf32>, %[[BIAS:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>, %[[N:[^:]*]]: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "read", "write"]} {
// CHECK: %[[LENGTH:.*]] = arith.muli %[[N]], %c384 : index
// CHECK: %[[I:.*]] = arith.muli %{{.*}}, %c4 : index
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[I]], %[[LENGTH]] : index
// CHECK: scf.if %[[INSIDE]] {
// CHECK-NEXT: %[[A:.*]] = vector.load %[[X]][%[[I]]] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK-NEXT: %[[COLUMN:.*]] = arith.remui %[[I]], %c384 : index
// CHECK-NEXT: %[[B:.*]] = vector.load %[[BIAS]][%[[COLUMN]]] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[A]], %[[B]] : vector<4xf32>
// CHECK-NEXT: vector.store %[[SUM]], %[[Y]][%[[I]]] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: gpu.return
