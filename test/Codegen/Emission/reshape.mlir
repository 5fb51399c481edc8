// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// Splitting a dimension and joining it again leaves no arithmetic behind.

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @body(%x: tensor<?x384xf32>) -> tensor<?x384xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x384xf32>
  %y = tapml.kernel "reshape" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x384xf32> {
    %0 = tensor.expand_shape %x [[0], [1, 2]] output_shape [%rows, 12, 32] : tensor<?x384xf32> into tensor<?x12x32xf32>
    %empty = tensor.empty(%rows) : tensor<?x12x32xf32>
    %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%0 : tensor<?x12x32xf32>) outs(%empty : tensor<?x12x32xf32>) {
    ^bb0(%a: f32, %o: f32):
      %2 = arith.negf %a : f32
      linalg.yield %2 : f32
    } -> tensor<?x12x32xf32>
    %3 = tensor.collapse_shape %1 [[0], [1, 2]] : tensor<?x12x32xf32> into tensor<?x384xf32>
    tapml.yield %3 : tensor<?x384xf32>
  }
  return %y : tensor<?x384xf32>
}

// CHECK: gpu.func @reshape
// CHECK-NOT: {{div|rem}}ui
// CHECK: vector.load %{{.*}}[%[[I:.*]]] {{.*}}: memref<?xf32>, vector<4xf32>
// CHECK-NOT: {{div|rem}}ui
// CHECK: vector.store %{{.*}}, %{{.*}}[%[[I]]]
// CHECK-NOT: {{div|rem}}ui
// CHECK: gpu.return
