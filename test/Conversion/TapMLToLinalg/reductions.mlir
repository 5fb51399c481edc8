// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$LAST:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$OUTER:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$TRAILING:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @sum
//       CHECK:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
//       CHECK:   %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<?x8xf32>)
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$OUTER]]], iterator_types = ["parallel", "reduction", "parallel"]} {{.*}} outs(%[[INIT]] :
//       CHECK:     arith.addf
func.func @sum(%x: tensor<?x?x8xf32>) -> tensor<?x8xf32> {
  %0 = tapml.sum %x dims [1] : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @keepdim
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]
//       CHECK:   tensor.expand_shape %[[SUM]] {{\[}}[0], [1, 2]] output_shape [%{{.*}}, 1, 8] : tensor<?x8xf32> into tensor<?x1x8xf32>
func.func @keepdim(%x: tensor<?x?x8xf32>) -> tensor<?x1x8xf32> {
  %0 = tapml.sum %x dims [1] {keepdim = true} : tensor<?x?x8xf32> -> tensor<?x1x8xf32>
  return %0 : tensor<?x1x8xf32>
}

// CHECK-LABEL: func @mean_over_dynamic_size
//       CHECK:   %[[COUNT:.*]] = tensor.dim %{{.*}}, %c1
//       CHECK:     arith.addf
//       CHECK:     %[[INTEGER:.*]] = arith.index_cast %[[COUNT]] : index to i64
//       CHECK:     %[[DIVISOR:.*]] = arith.sitofp %[[INTEGER]] : i64 to f32
//       CHECK:     arith.divf %{{.*}}, %[[DIVISOR]]
func.func @mean_over_dynamic_size(%x: tensor<?x?x8xf32>) -> tensor<?x8xf32> {
  %0 = tapml.mean %x dims [1] : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @amax
//   CHECK-DAG:   arith.constant 0xFF800000 : f32
//   CHECK-DAG:   arith.constant -9223372036854775808 : i64
//       CHECK:     arith.maximumf
//       CHECK:     arith.maxsi
func.func @amax(%x: tensor<?x?xf32>, %y: tensor<?x?xi64>) -> (tensor<f32>, tensor<i64>) {
  %0 = tapml.amax %x dims [0, 1] : tensor<?x?xf32> -> tensor<f32>
  %1 = tapml.amax %y dims [0, 1] : tensor<?x?xi64> -> tensor<i64>
  return %0, %1 : tensor<f32>, tensor<i64>
}

// CHECK-LABEL: func @softmax
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?x8xf32>
//       CHECK:   %[[MAX:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], {{.*}} ins(%[[X]] :
//       CHECK:     arith.maximumf
//       CHECK:   %[[POWERS:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ID]]], {{.*}} ins(%[[X]], %[[MAX]] :
//       CHECK:     arith.subf
//       CHECK:     math.exp
//       CHECK:   %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], {{.*}} ins(%[[POWERS]] :
//       CHECK:     arith.addf
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ID]]], {{.*}} ins(%[[POWERS]], %[[SUM]] :
//       CHECK:     arith.divf
func.func @softmax(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %0 = tapml.softmax %x dim 2 : tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// The variance comes from the centred elements, not from a difference of
// squares.

// CHECK-LABEL: func @layer_norm
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[G:[a-z0-9]*]]: tensor<8xf32>, %[[B:[a-z0-9]*]]: tensor<8xf32>
//   CHECK-DAG:   %[[COUNT:.*]] = arith.constant 8.000000e+00 : f32
//   CHECK-DAG:   %[[EPSILON:.*]] = arith.constant 9.99999996E-13 : f32
//       CHECK:   %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], {{.*}} ins(%[[X]] :
//       CHECK:   %[[MEAN:.*]] = linalg.generic {{.*}} ins(%[[SUM]] :
//       CHECK:     arith.divf %{{.*}}, %[[COUNT]]
//       CHECK:   %[[SQUARES:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ROW]]], {{.*}} ins(%[[X]], %[[MEAN]] :
//       CHECK:     %[[CENTRED:.*]] = arith.subf
//       CHECK:     arith.mulf %[[CENTRED]], %[[CENTRED]]
//       CHECK:   %[[VARIANCE:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]] :
//       CHECK:     arith.divf %{{.*}}, %[[COUNT]]
//       CHECK:   %[[FACTOR:.*]] = linalg.generic {{.*}} ins(%[[VARIANCE]] :
//       CHECK:     arith.addf %{{.*}}, %[[EPSILON]]
//       CHECK:     math.sqrt
//       CHECK:     arith.divf
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ROW]], #[[$LAST]], #[[$LAST]], #[[$ID]]], {{.*}} ins(%[[X]], %[[MEAN]], %[[FACTOR]], %[[G]], %[[B]] :
func.func @layer_norm(%x: tensor<?x?x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %0 = tapml.layer_norm %x weight %g bias %b {epsilon = 1.0e-12 : f64, normalized_rank = 1 : i64} : (tensor<?x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @layer_norm_over_two_dimensions
//       CHECK:   arith.constant 3.200000e+01 : f32
//       CHECK:   iterator_types = ["parallel", "reduction", "reduction"]
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], {{.*}}, {{.*}}, #[[$TRAILING]], #[[$ID]]]
func.func @layer_norm_over_two_dimensions(%x: tensor<?x4x8xf32>, %b: tensor<4x8xf32>) -> tensor<?x4x8xf32> {
  %0 = tapml.layer_norm %x bias %b {epsilon = 1.0e-12 : f64, normalized_rank = 2 : i64} : (tensor<?x4x8xf32>, tensor<4x8xf32>) -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}
