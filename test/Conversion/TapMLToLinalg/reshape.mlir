// RUN: tapml-opt %s --tapml-lower-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: func @known_static_group
//       CHECK:   tensor.expand_shape %{{.*}} {{\[}}[0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 12, 32] : tensor<?x?x384xf32> into tensor<?x?x12x32xf32>
//   CHECK-NOT:   tensor.collapse_shape
func.func @known_static_group(%x: tensor<?x?x384xf32>) -> tensor<?x?x12x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x384xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x384xf32>
  %0 = tapml.reshape %x sizes(%b, %s) : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
  return %0 : tensor<?x?x12x32xf32>
}

// -----

// CHECK-LABEL: func @known_product
//       CHECK:   tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
//   CHECK-NOT:   tensor.expand_shape
func.func @known_product(%x: tensor<?x?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %bs = arith.muli %s, %b : index
  %0 = tapml.reshape %x sizes(%bs) : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Sizes that nothing relates to the operand's: the elements' order is enough.

// CHECK-LABEL: func @unknown_leading_sizes
//       CHECK:   %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]] : tensor<?x?x384xf32> into tensor<?x384xf32>
//       CHECK:   tensor.expand_shape %[[FLAT]] {{\[}}[0, 1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 12, 32] : tensor<?x384xf32> into tensor<?x?x12x32xf32>
func.func @unknown_leading_sizes(%x: tensor<?x?x384xf32>, %b: index, %s: index) -> tensor<?x?x12x32xf32> {
  %0 = tapml.reshape %x sizes(%b, %s) : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
  return %0 : tensor<?x?x12x32xf32>
}

// -----

// CHECK-LABEL: func @static_sizes_that_share_no_group
//       CHECK:   %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1]] : tensor<2x6xf32> into tensor<12xf32>
//       CHECK:   tensor.expand_shape %[[FLAT]] {{\[}}[0, 1]] output_shape [3, 4] : tensor<12xf32> into tensor<3x4xf32>
func.func @static_sizes_that_share_no_group(%x: tensor<2x6xf32>) -> tensor<3x4xf32> {
  %0 = tapml.reshape %x : tensor<2x6xf32> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func @dynamic_to_static
//       CHECK:   %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1]] : tensor<?x4xf32> into tensor<?xf32>
//       CHECK:   tensor.cast %[[FLAT]] : tensor<?xf32> to tensor<12xf32>
func.func @dynamic_to_static(%x: tensor<?x4xf32>) -> tensor<12xf32> {
  %0 = tapml.reshape %x : tensor<?x4xf32> -> tensor<12xf32>
  return %0 : tensor<12xf32>
}

// -----

// CHECK-LABEL: func @rank_0
//       CHECK:   %[[ONE:.*]] = tensor.expand_shape %{{.*}} [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
//       CHECK:   tensor.cast %[[ONE]] : tensor<1x1xf32> to tensor<?x1xf32>
func.func @rank_0(%x: tensor<f32>, %n: index) -> tensor<?x1xf32> {
  %0 = tapml.reshape %x sizes(%n) : tensor<f32> -> tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// -----

// Types that agree only where a size is 0.

// CHECK-LABEL: func @contradicting_types
//       CHECK:   tensor.collapse_shape %{{.*}} {{\[}}[0, 1]] : tensor<?x6xf32> into tensor<?xf32>
//       CHECK:   tensor.expand_shape %{{.*}} {{\[}}[0, 1]] output_shape {{.*}} : tensor<?xf32> into tensor<?x4xf32>
func.func @contradicting_types(%x: tensor<?x6xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x6xf32>
  %0 = tapml.reshape %x sizes(%n) : tensor<?x6xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
