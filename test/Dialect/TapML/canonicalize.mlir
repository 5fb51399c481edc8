// RUN: tapml-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @cast_to_same_type
//  CHECK-SAME:   %[[X:.*]]: tensor<?xf32>
//       CHECK:   return %[[X]]
func.func @cast_to_same_type(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.cast %x : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// An operator of the model stays, whatever it does.

// CHECK-LABEL: func @no_fold_of_operator_with_identity
//       CHECK:   %[[Y:.*]] = tapml.cast {{.*}} {instance = ["to"]}
//       CHECK:   return %[[Y]]
func.func @no_fold_of_operator_with_identity(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.cast %x {instance = ["to"]} : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @reshape_to_same_shape
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x4xf32>
//       CHECK:   return %[[X]]
func.func @reshape_to_same_shape(%x: tensor<?x4xf32>, %n: index) -> tensor<?x4xf32> {
  %0 = tapml.reshape %x sizes(%n) : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @no_fold_of_reshape_with_two_dynamic_sizes
//       CHECK:   %[[Y:.*]] = tapml.reshape
//       CHECK:   return %[[Y]]
func.func @no_fold_of_reshape_with_two_dynamic_sizes(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %0 = tapml.reshape %x sizes(%n, %m) : tensor<?x?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func @reshape_of_reshape
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x4xf32>
//       CHECK:   %[[Y:.*]] = tapml.reshape %[[X]] {instance = ["a", "b"]} : tensor<?x4xf32> -> tensor<2x6xf32>
//       CHECK:   return %[[Y]]
func.func @reshape_of_reshape(%x: tensor<?x4xf32>, %n: index) -> tensor<2x6xf32> {
  %0 = tapml.reshape %x sizes(%n) {instance = ["a"]} : tensor<?x4xf32> -> tensor<?xf32>
  %1 = tapml.reshape %0 {instance = ["b"]} : tensor<?xf32> -> tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}

// -----

// CHECK-LABEL: func @no_merge_of_reshape_with_other_uses
//       CHECK:   tapml.reshape
//       CHECK:   tapml.reshape
func.func @no_merge_of_reshape_with_other_uses(%x: tensor<3x4xf32>) -> (tensor<12xf32>, tensor<2x6xf32>) {
  %0 = tapml.reshape %x : tensor<3x4xf32> -> tensor<12xf32>
  %1 = tapml.reshape %0 : tensor<12xf32> -> tensor<2x6xf32>
  return %0, %1 : tensor<12xf32>, tensor<2x6xf32>
}

// -----

// CHECK-LABEL: func @permute_nothing
//  CHECK-SAME:   %[[X:.*]]: tensor<?x4xf32>
//       CHECK:   return %[[X]]
func.func @permute_nothing(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = tapml.permute %x [0, 1] : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @permute_of_permute
//       CHECK:   tapml.permute %{{.*}} [2, 1, 0] {instance = ["b"]} : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
//   CHECK-NOT:   tapml.permute
func.func @permute_of_permute(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = tapml.permute %x [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = tapml.permute %0 [1, 0, 2] {instance = ["b"]} : tensor<3x4x2xf32> -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}

// -----

// CHECK-LABEL: func @expand_nothing
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x4xf32>
//       CHECK:   return %[[X]]
func.func @expand_nothing(%x: tensor<?x4xf32>, %n: index) -> tensor<?x4xf32> {
  %0 = tapml.expand %x sizes(%n) : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @slice_of_everything
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<8xf32>, %[[Y:[a-z0-9]*]]: tensor<?xf32>
//       CHECK:   return %[[X]], %[[Y]]
func.func @slice_of_everything(%x: tensor<8xf32>, %y: tensor<?xf32>) -> (tensor<8xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = tensor.dim %y, %c0 : tensor<?xf32>
  %0 = tapml.slice %x dim 0 from %c0 to %c8 : tensor<8xf32> -> tensor<8xf32>
  %1 = tapml.slice %y dim 0 from %c0 to %n : tensor<?xf32> -> tensor<?xf32>
  return %0, %1 : tensor<8xf32>, tensor<?xf32>
}

// -----

// CHECK-LABEL: func @no_fold_of_slice_with_unknown_end
//       CHECK:   tapml.slice
func.func @no_fold_of_slice_with_unknown_end(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %0 = tapml.slice %x dim 0 from %c0 to %n : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @concat_of_one
//  CHECK-SAME:   %[[X:.*]]: tensor<?xf32>
//       CHECK:   return %[[X]]
func.func @concat_of_one(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.concat %x dim 0 : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @equal_constants
//       CHECK:   %[[C:.*]] = tapml.constant dense<2.000000e+00> : tensor<f32>
//       CHECK:   tapml.add %[[C]], %[[C]]
func.func @equal_constants() -> tensor<f32> {
  %0 = tapml.constant dense<2.0> : tensor<f32>
  %1 = tapml.constant dense<2.0> : tensor<f32>
  %2 = tapml.add %0, %1 : tensor<f32>, tensor<f32> -> tensor<f32>
  return %2 : tensor<f32>
}
