// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// A row's number is the same for all lanes: it is loaded once, and the row with
// vectors.

func.func @body(%table: tensor<50x64xf32>, %ids: tensor<?xi32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %ids, %c0 : tensor<?xi32>
  %y = tapml.kernel "embedding" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x64xf32> {
    %empty = tensor.empty(%n) : tensor<?x64xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
        ins(%ids : tensor<?xi32>) outs(%empty : tensor<?x64xf32>) {
    ^bb0(%id: i32, %o: f32):
      %row = arith.index_cast %id : i32 to index
      %column = linalg.index 1 : index
      %v = tensor.extract %table[%row, %column] : tensor<50x64xf32>
      linalg.yield %v : f32
    } -> tensor<?x64xf32>
    tapml.yield %0 : tensor<?x64xf32>
  }
  return %y : tensor<?x64xf32>
}

// CHECK: tapml.launch [@kernels::@embedding] {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?xi32>, tensor<50x64xf32>)
// CHECK: gpu.func @embedding(%[[IDS:[^:]*]]: memref<?xi32>, %[[TABLE:[^:]*]]: memref<?xf32>,
// CHECK: %[[ID:.*]] = memref.load %[[IDS]][%{{.*}}] : memref<?xi32>
// CHECK: %[[ROW:.*]] = arith.index_cast %[[ID]] : i32 to index
// CHECK: %[[START:.*]] = arith.muli %[[ROW]], %c64 : index
// CHECK: %[[AT:.*]] = arith.addi %[[START]], %{{.*}} : index
// CHECK: vector.load %[[TABLE]][%[[AT]]] {{.*}}: memref<?xf32>, vector<4xf32>
// CHECK: gpu.return
