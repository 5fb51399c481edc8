// RUN: tapml-opt %s --split-input-file --tapml-form-kernels | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>

// Bias and activation follow the matrix product in its kernel.
// CHECK-LABEL: func.func @bias_and_activation
// CHECK:         tapml.kernel "matmul_16x32"
// CHECK:           arith.mulf
// CHECK:           math.erf
// CHECK-NOT:     tapml.kernel
func.func @bias_and_activation(%x: tensor<?x16xf32>, %w: tensor<16x32xf32>, %b: tensor<32xf32>) -> tensor<?x32xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x16xf32>
  %init = tensor.empty(%m) : tensor<?x32xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<?x32xf32>) -> tensor<?x32xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x16xf32>, tensor<16x32xf32>) outs(%fill : tensor<?x32xf32>) -> tensor<?x32xf32>
  %1 = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %b : tensor<?x32xf32>, tensor<32xf32>) outs(%init : tensor<?x32xf32>) {
  ^bb0(%a: f32, %bias: f32, %out: f32):
    %3 = arith.addf %a, %bias : f32
    linalg.yield %3 : f32
  } -> tensor<?x32xf32>
  %2 = linalg.erf ins(%1 : tensor<?x32xf32>) outs(%init : tensor<?x32xf32>) -> tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// -----

// The epilogue is stored even where it is cheap and read by two kernels.
// CHECK-LABEL: func.func @epilogue_with_two_users
// CHECK:         %[[M:.*]] = tapml.kernel "matmul_4x4"
// CHECK:           arith.negf
// CHECK:         tapml.kernel "exp_4x4"
// CHECK:           linalg.generic {{.*}} ins(%[[M]]
// CHECK:         tapml.kernel "tanh_4x4"
// CHECK:           linalg.generic {{.*}} ins(%[[M]]
func.func @epilogue_with_two_users(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.negf ins(%0 : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.exp ins(%1 : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = linalg.tanh ins(%1 : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A cheap input is computed where it is loaded, an expensive one is stored.
// CHECK-LABEL: func.func @inputs_cheap_and_expensive
// CHECK:         %[[E:.*]] = tapml.kernel "exp_4x4"
// CHECK:         tapml.kernel "matmul_4x4"
// CHECK:           %[[N:.*]] = linalg.generic
// CHECK-NEXT:      ^bb0
// CHECK-NEXT:        arith.negf
// CHECK:           linalg.generic {{.*}} ins(%[[E]], %[[N]]
func.func @inputs_cheap_and_expensive(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.exp ins(%x : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.negf ins(%x : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.matmul ins(%0, %1 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

// One kernel holds one contraction.
// CHECK-LABEL: func.func @two_contractions
// CHECK:         tapml.kernel "matmul_4x4"
// CHECK:         tapml.kernel "matmul_4x4_1"
// CHECK:           arith.addf
func.func @two_contractions(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.matmul ins(%y, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.add ins(%0, %1 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

// Permuted results are computed by the consumer, here a copy for the caller.
// CHECK-LABEL: func.func @negative_permuted_result
// CHECK:         tapml.kernel "matmul_4x8"
// CHECK:         tapml.kernel "transpose_8x4"
func.func @negative_permuted_result(%x: tensor<4x4xf32>, %y: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = linalg.matmul ins(%x, %y : tensor<4x4xf32>, tensor<4x8xf32>) outs(%fill : tensor<4x8xf32>) -> tensor<4x8xf32>
  %init2 = tensor.empty() : tensor<8x4xf32>
  %1 = linalg.transpose ins(%0 : tensor<4x8xf32>) outs(%init2 : tensor<8x4xf32>) permutation = [1, 0]
  return %1 : tensor<8x4xf32>
}

// -----

// A contraction that adds to a tensor starts from zero and adds it afterwards.
// CHECK-LABEL: func.func @accumulates_onto_tensor
// CHECK-SAME:    %[[C:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK:         tapml.kernel
// CHECK:           %[[FILL:.*]] = linalg.fill
// CHECK:           %[[MM:.*]] = linalg.generic {{.*}} outs(%[[FILL]]
// CHECK:           linalg.generic {{.*}} ins(%[[MM]], %[[C]]
func.func @accumulates_onto_tensor(%x: tensor<4x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// Integer products are ordinary reductions.
// CHECK-LABEL: func.func @integer_matmul
// CHECK:         tapml.kernel "reduce_4x4"
func.func @integer_matmul(%x: tensor<4x4xi64>) -> tensor<4x4xi64> {
  %zero = arith.constant 0 : i64
  %init = tensor.empty() : tensor<4x4xi64>
  %fill = linalg.fill ins(%zero : i64) outs(%init : tensor<4x4xi64>) -> tensor<4x4xi64>
  %0 = linalg.matmul ins(%x, %x : tensor<4x4xi64>, tensor<4x4xi64>) outs(%fill : tensor<4x4xi64>) -> tensor<4x4xi64>
  return %0 : tensor<4x4xi64>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A contraction, a scaling and a division by the sum of the row: the scaling is
// part of the contraction's kernel, the rest is not computed on the input of
// the next contraction.
// CHECK-LABEL: func.func @reduction_between_contractions
// CHECK:         %[[S:.*]] = tapml.kernel "matmul_4x4"
// CHECK:           arith.negf
// CHECK:         %[[P:.*]] = tapml.kernel "rows_4"
// CHECK:           linalg.generic {{.*}} ins(%[[S]]
// CHECK:         tapml.kernel "matmul_4x4_1"
// CHECK-NOT:       arith.divf
// CHECK:           linalg.generic {{.*}} ins(%[[P]]
func.func @reduction_between_contractions(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x4xf32>
  %init1 = tensor.empty() : tensor<4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %fill1 = linalg.fill ins(%zero : f32) outs(%init1 : tensor<4xf32>) -> tensor<4xf32>
  %0 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.negf ins(%0 : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%1 : tensor<4x4xf32>) outs(%fill1 : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %5 = arith.addf %a, %out : f32
    linalg.yield %5 : f32
  } -> tensor<4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%1, %2 : tensor<4x4xf32>, tensor<4xf32>) outs(%init : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %5 = arith.divf %a, %b : f32
    linalg.yield %5 : f32
  } -> tensor<4x4xf32>
  %4 = linalg.matmul ins(%3, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %4 : tensor<4x4xf32>
}
