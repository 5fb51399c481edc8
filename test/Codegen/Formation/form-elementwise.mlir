// RUN: tapml-opt %s --split-input-file --tapml-form-kernels | FileCheck %s

// A chain of elementwise ops is one kernel.
// CHECK-LABEL: func.func @chain_dynamic_f32
// CHECK:         %[[K:.*]] = tapml.kernel "elementwise"
// CHECK-COUNT-2:   linalg.generic
// CHECK-NOT:     tapml.kernel
// CHECK:         return %[[K]]
func.func @chain_dynamic_f32(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%n, %m) : tensor<?x?xf32>
  %0 = linalg.exp ins(%x : tensor<?x?xf32>) outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]} ins(%0, %x : tensor<?x?xf32>, tensor<?x?xf32>) outs(%init : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %2 = arith.addf %a, %b : f32
    %3 = arith.mulf %2, %b : f32
    linalg.yield %3 : f32
  } -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @rank_zero_i64
// CHECK:         tapml.kernel "add" -> tensor<i64>
func.func @rank_zero_i64(%x: tensor<i64>, %y: tensor<i64>) -> tensor<i64> {
  %init = tensor.empty() : tensor<i64>
  %0 = linalg.add ins(%x, %y : tensor<i64>, tensor<i64>) outs(%init : tensor<i64>) -> tensor<i64>
  return %0 : tensor<i64>
}

// -----

// CHECK-LABEL: func.func @zero_sized
// CHECK:         tapml.kernel "add_0x3" -> tensor<0x3xf32>
func.func @zero_sized(%x: tensor<0x3xf32>) -> tensor<0x3xf32> {
  %init = tensor.empty() : tensor<0x3xf32>
  %0 = linalg.add ins(%x, %x : tensor<0x3xf32>, tensor<0x3xf32>) outs(%init : tensor<0x3xf32>) -> tensor<0x3xf32>
  return %0 : tensor<0x3xf32>
}

// -----

// A cheap producer with one operand of its size is computed in both kernels.
// CHECK-LABEL: func.func @cheap_producer_is_cloned
// CHECK:         tapml.kernel
// CHECK:           arith.negf
// CHECK:           math.exp
// CHECK:         tapml.kernel
// CHECK:           arith.negf
// CHECK:           math.tanh
func.func @cheap_producer_is_cloned(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.negf ins(%x : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.exp ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.tanh ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// An expensive one is stored.
// CHECK-LABEL: func.func @expensive_producer_is_stored
// CHECK:         %[[E:.*]] = tapml.kernel "exp_4"
// CHECK:         tapml.kernel "neg_4"
// CHECK:           linalg.generic {{.*}} ins(%[[E]]
// CHECK:         tapml.kernel "tanh_4"
// CHECK:           linalg.generic {{.*}} ins(%[[E]]
func.func @expensive_producer_is_stored(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.negf ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.tanh ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A sum of two tensors with several consumers is stored too: cloning it would
// load both in each of them.
// CHECK-LABEL: func.func @two_operands_are_stored
// CHECK:         %[[S:.*]] = tapml.kernel "add_4"
// CHECK:           linalg.generic {{.*}} ins(%[[S]]
// CHECK:           linalg.generic {{.*}} ins(%[[S]]
func.func @two_operands_are_stored(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.add ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.exp ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.tanh ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Values returned and used: the kernel of the user reads the result.
// CHECK-LABEL: func.func @returned_and_used
// CHECK:         %[[N:.*]] = tapml.kernel "neg_4"
// CHECK:         %[[E:.*]] = tapml.kernel "exp_4"
// CHECK:           linalg.generic {{.*}} ins(%[[N]]
// CHECK:         return %[[N]], %[[E]]
func.func @returned_and_used(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.negf ins(%x : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.exp ins(%0 : tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// An expensive op that would be computed for each row is stored, a cheap one
// joins.
// CHECK-LABEL: func.func @broadcast_expensive_and_cheap
// CHECK:         %[[E:.*]] = tapml.kernel "exp_8"
// CHECK:         tapml.kernel
// CHECK:           arith.negf
// CHECK:           linalg.generic {{.*}} ins(%[[E]],
func.func @broadcast_expensive_and_cheap(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<4x8xf32> {
  %init = tensor.empty() : tensor<8xf32>
  %0 = linalg.exp ins(%x : tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
  %1 = linalg.negf ins(%y : tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
  %init2 = tensor.empty() : tensor<4x8xf32>
  %2 = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]} ins(%0, %1 : tensor<8xf32>, tensor<8xf32>) outs(%init2 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %3 = arith.addf %a, %b : f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// Shape ops are part of the kernels that read through them.
// CHECK-LABEL: func.func @shape_ops_join_both
// CHECK:         tapml.kernel
// CHECK:           tensor.collapse_shape
// CHECK:         tapml.kernel
// CHECK:           tensor.collapse_shape
func.func @shape_ops_join_both(%x: tensor<?x4x8xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4x8xf32>
  %init = tensor.empty(%n) : tensor<?x32xf32>
  %0 = tensor.collapse_shape %x [[0], [1, 2]] : tensor<?x4x8xf32> into tensor<?x32xf32>
  %1 = linalg.exp ins(%0 : tensor<?x32xf32>) outs(%init : tensor<?x32xf32>) -> tensor<?x32xf32>
  %2 = linalg.tanh ins(%0 : tensor<?x32xf32>) outs(%init : tensor<?x32xf32>) -> tensor<?x32xf32>
  return %1, %2 : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// A gather reads its table and its indices from outside.
// CHECK-LABEL: func.func @gather
// CHECK-SAME:    %[[TABLE:.*]]: tensor<100x8xf32>
// CHECK:         tapml.kernel "gather_8"
// CHECK:           tensor.extract %[[TABLE]]
func.func @gather(%table: tensor<100x8xf32>, %ids: tensor<?xi64>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %ids, %c0 : tensor<?xi64>
  %init = tensor.empty(%n) : tensor<?x8xf32>
  %0 = linalg.generic {
    indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
    iterator_types = ["parallel", "parallel"]} ins(%ids : tensor<?xi64>) outs(%init : tensor<?x8xf32>) {
  ^bb0(%id: i64, %out: f32):
    %row = arith.index_cast %id : i64 to index
    %column = linalg.index 1 : index
    %value = tensor.extract %table[%row, %column] : tensor<100x8xf32>
    linalg.yield %value : f32
  } -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Many cheap operations together are not cheap: they are done once.
// CHECK-LABEL: func.func @much_work_is_stored
// CHECK:         %[[W:.*]] = tapml.kernel "elementwise_4"
// CHECK-COUNT-13:  arith.muli
// CHECK:         tapml.kernel
// CHECK-NOT:       arith.muli
// CHECK:           linalg.generic {{.*}} ins(%[[W]]
func.func @much_work_is_stored(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %init = tensor.empty() : tensor<4xi32>
  %0 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
    iterator_types = ["parallel"]} ins(%x : tensor<4xi32>) outs(%init : tensor<4xi32>) {
  ^bb0(%a: i32, %out: i32):
    %m0 = arith.muli %a, %a : i32
    %m1 = arith.muli %m0, %a : i32
    %m2 = arith.muli %m1, %a : i32
    %m3 = arith.muli %m2, %a : i32
    %m4 = arith.muli %m3, %a : i32
    %m5 = arith.muli %m4, %a : i32
    %m6 = arith.muli %m5, %a : i32
    %m7 = arith.muli %m6, %a : i32
    %m8 = arith.muli %m7, %a : i32
    %m9 = arith.muli %m8, %a : i32
    %m10 = arith.muli %m9, %a : i32
    %m11 = arith.muli %m10, %a : i32
    %m12 = arith.muli %m11, %a : i32
    linalg.yield %m12 : i32
  } -> tensor<4xi32>
  %1 = linalg.add ins(%0, %x : tensor<4xi32>, tensor<4xi32>) outs(%init : tensor<4xi32>) -> tensor<4xi32>
  %2 = linalg.sub ins(%0, %x : tensor<4xi32>, tensor<4xi32>) outs(%init : tensor<4xi32>) -> tensor<4xi32>
  return %1, %2 : tensor<4xi32>, tensor<4xi32>
}
