// RUN: tapml-opt %s --split-input-file --tapml-form-kernels | FileCheck %s

// A transposition of a weight is a kernel of its own, which reads weights only.
// CHECK-LABEL: func.func @transposed_weight
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>, %[[W:[a-z0-9]+]]: tensor<8x4xf32>
// CHECK:         %[[T:.*]] = tapml.kernel "transpose_4x8"
// CHECK:           linalg.generic {{.*}} ins(%[[W]]
// CHECK:         tapml.kernel "matmul_4x8"
// CHECK:           linalg.generic {{.*}} ins(%[[X]], %[[T]]
func.func @transposed_weight(%x: tensor<?x4xf32>, %w: tensor<8x4xf32> {tapml.constant}) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x4xf32>
  %initt = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%w : tensor<8x4xf32>) outs(%initt : tensor<4x8xf32>) permutation = [1, 0]
  %init = tensor.empty(%m) : tensor<?x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = linalg.matmul ins(%x, %t : tensor<?x4xf32>, tensor<4x8xf32>) outs(%fill : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Several ops on weights are one kernel, apart from what depends on the input.
// CHECK-LABEL: func.func @weight_chain
// CHECK:         %[[K:.*]] = tapml.kernel "exp_neg_8"
// CHECK:         tapml.kernel "add_8"
// CHECK:           linalg.generic {{.*}} ins(%{{.*}}, %[[K]]
func.func @weight_chain(%x: tensor<8xf32>, %w: tensor<8xf32> {tapml.constant}) -> tensor<8xf32> {
  %init = tensor.empty() : tensor<8xf32>
  %0 = linalg.exp ins(%w : tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
  %1 = linalg.negf ins(%0 : tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
  %2 = linalg.add ins(%x, %1 : tensor<8xf32>, tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// Renaming the indices of a weight and repeating it is not worth storing.
// CHECK-LABEL: func.func @negative_repeated_weight
// CHECK-COUNT-1: tapml.kernel
// CHECK-NOT:     tapml.kernel
func.func @negative_repeated_weight(%x: tensor<4x8xf32>, %w: tensor<8xf32> {tapml.constant}) -> tensor<4x8xf32> {
  %init = tensor.empty() : tensor<4x8xf32>
  %0 = tensor.expand_shape %w [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %1 = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<1x8xf32>) outs(%init : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<4x8xf32>
  %2 = linalg.add ins(%x, %1 : tensor<4x8xf32>, tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// What depends on a size of the input is not weights alone.
// CHECK-LABEL: func.func @negative_dynamic_size
// CHECK-COUNT-1: tapml.kernel
// CHECK-NOT:     tapml.kernel
func.func @negative_dynamic_size(%x: tensor<?xf32>, %w: tensor<f32> {tapml.constant}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %init = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> ()>, affine_map<(d0) -> (d0)>],
    iterator_types = ["parallel"]} ins(%w : tensor<f32>) outs(%init : tensor<?xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  %1 = linalg.add ins(%x, %0 : tensor<?xf32>, tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
