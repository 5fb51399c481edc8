// RUN: tapml-opt %s --tapml-emit-kernels=profile=host --canonicalize --cse | FileCheck %s

// With rows of any length a vector of the bias must not cross the end of a row:
// each row is cut into tiles by itself, and the rest of it is done one by one.

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @body(%x: tensor<?x?xf32>, %bias: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[ROWS:.*]] = tensor.dim %{{.*}}, %c0
  // CHECK: %[[COLUMNS:.*]] = tensor.dim %{{.*}}, %c1
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  // CHECK: %[[TILES:.*]] = arith.ceildivsi %[[COLUMNS]], %c64 : index
  // CHECK: %[[GROUPS:.*]] = arith.muli %[[ROWS]], %[[TILES]] : index
  // CHECK: tapml.launch [@add] grids(%[[GROUPS]], %c1, %c1) sizes(%[[COLUMNS]])
  %y = tapml.kernel "add" lowering(<<elementwise, tile = [1, 64], workgroup = [1, 1, 1], vector = 8>>) -> tensor<?x?xf32> {
    %empty = tensor.empty(%rows, %columns) : tensor<?x?xf32>
    %0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %bias : tensor<?x?xf32>, tensor<?xf32>) outs(%empty : tensor<?x?xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %1 = arith.addf %a, %b : f32
      linalg.yield %1 : f32
    } -> tensor<?x?xf32>
    tapml.yield %0 : tensor<?x?xf32>
  }
  return %y : tensor<?x?xf32>
}

// CHECK: func.func @add(%[[X:[^:]*]]: memref<?xf32>, %[[BIAS:[^:]*]]: memref<?xf32>, %{{.*}}: memref<?xf32>, %[[N:[^:]*]]: index, %[[BEGIN:[^:]*]]: index, %[[END:[^:]*]]: index) attributes {tapml.access = ["read", "read", "write"], tapml.host_kernel}
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]] step %c1
// CHECK:   scf.for %[[J:.*]] = %{{.*}} to %[[WHOLE:.*]] step %c8
// CHECK:     vector.load %[[BIAS]][%[[J]]] {{.*}}: memref<?xf32>, vector<8xf32>
// CHECK:   scf.for %[[J1:.*]] = %[[WHOLE]] to %{{.*}} step %c1
// CHECK:     memref.load %[[BIAS]][%[[J1]]] : memref<?xf32>
