// RUN: tapml-opt %s --split-input-file --tapml-form-kernels | FileCheck %s

// Sizes of intermediate tensors are computed from those of the arguments, and
// kernels take them from outside.
// CHECK-LABEL: func.func @size_of_intermediate
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         %[[N4:.*]] = arith.muli %[[N]]
// CHECK:         tapml.kernel
// CHECK:           tensor.empty(%[[N4]])
// CHECK-NOT:     affine.
func.func @size_of_intermediate(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %0 = tensor.collapse_shape %x [[0, 1]] : tensor<?x4xf32> into tensor<?xf32>
  %n = tensor.dim %0, %c0 : tensor<?xf32>
  %init = tensor.empty(%n) : tensor<?xf32>
  %1 = linalg.exp ins(%0 : tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @return_argument_twice
// CHECK:         %[[A:.*]] = tapml.kernel "copy_4"
// CHECK:         %[[B:.*]] = tapml.kernel "copy_4_1"
// CHECK:         return %[[A]], %[[B]]
func.func @return_argument_twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @return_view
// CHECK:         tapml.kernel "copy_8"
// CHECK:           %[[V:.*]] = tensor.collapse_shape
// CHECK:           linalg.generic {{.*}} ins(%[[V]]
func.func @return_view(%x: tensor<?x2x4xf32>) -> tensor<?x8xf32> {
  %0 = tensor.collapse_shape %x [[0], [1, 2]] : tensor<?x2x4xf32> into tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @return_splat_constant
// CHECK:         tapml.kernel "fill_2x3" -> tensor<2x3xi64>
// CHECK:           %[[C:.*]] = arith.constant 7 : i64
// CHECK:           linalg.fill ins(%[[C]]
func.func @return_splat_constant() -> tensor<2x3xi64> {
  %0 = arith.constant dense<7> : tensor<2x3xi64>
  return %0 : tensor<2x3xi64>
}

// -----

// The elements of a small constant are selected by their index.
// CHECK-LABEL: func.func @return_small_constant
// CHECK:         tapml.kernel "elementwise_2x2"
// CHECK-COUNT-3:   arith.select
func.func @return_small_constant() -> tensor<2x2xf32> {
  %0 = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func.func @return_empty_constant
// CHECK:         tapml.kernel "fill_0" -> tensor<0xf32>
func.func @return_empty_constant() -> tensor<0xf32> {
  %0 = arith.constant dense<[]> : tensor<0xf32>
  return %0 : tensor<0xf32>
}

// -----

// A scalar computed from a size is computed in the kernel, from the size.
// CHECK-LABEL: func.func @scalar_of_size
// CHECK:         %[[N:.*]] = tensor.dim
// CHECK:         tapml.kernel
// CHECK:           %[[I:.*]] = arith.index_cast %[[N]]
// CHECK:           %[[F:.*]] = arith.sitofp %[[I]]
// CHECK:           arith.divf %{{.*}}, %[[F]]
func.func @scalar_of_size(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %i = arith.index_cast %n : index to i64
  %f = arith.sitofp %i : i64 to f32
  %init = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
    iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>) {
  ^bb0(%a: f32, %out: f32):
    %1 = arith.divf %a, %f : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// An output that is not read is no input of the kernel.
// CHECK-LABEL: func.func @unread_output
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[Y:[a-z0-9]+]]: tensor<4xf32>
// CHECK-NOT:     %[[Y]]
func.func @unread_output(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Results that do not depend on each other get a kernel each.
// CHECK-LABEL: func.func @two_results
// CHECK:         %[[A:.*]] = tapml.kernel "neg_4"
// CHECK:         %[[B:.*]] = tapml.kernel "exp_4"
// CHECK:         return %[[A]], %[[B]]
func.func @two_results(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %init = tensor.empty() : tensor<4xf32>
  %0:2 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
    iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%init, %init : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%a: f32, %out0: f32, %out1: f32):
    %1 = arith.negf %a : f32
    %2 = math.exp %a : f32
    linalg.yield %1, %2 : f32, f32
  } -> (tensor<4xf32>, tensor<4xf32>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func private @declaration
func.func private @declaration(tensor<4xf32>) -> tensor<4xf32>
