// RUN: tapml-opt %s --tapml-lower-to-linalg | FileCheck %s

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[$FIRST:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-DAG: #[[$SCALAR:.*]] = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @tanh
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8xf32>
//       CHECK:   %[[N:.*]] = tensor.dim %[[X]], %{{.*}}
//       CHECK:   %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?x8xf32>
//       CHECK:   %[[Y:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ID]]], iterator_types = ["parallel", "parallel"]} ins(%[[X]] : tensor<?x8xf32>) outs(%[[INIT]] : tensor<?x8xf32>)
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
//       CHECK:     %[[R:.*]] = math.tanh %[[IN]] : f32
//       CHECK:     linalg.yield %[[R]]
//       CHECK:   return %[[Y]]
func.func @tanh(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tapml.tanh %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @broadcast_missing_dimension
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ID]]]
//       CHECK:     arith.addf
func.func @broadcast_missing_dimension(%x: tensor<?x8xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = tapml.add %x, %b : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @broadcast_size_1
//       CHECK:   linalg.generic {indexing_maps = [#[[$COLUMN]], #[[$FIRST]], #[[$ID]]]
//       CHECK:     arith.cmpi sge
func.func @broadcast_size_1(%x: tensor<?x1xi64>, %y: tensor<1x?xi64>) -> tensor<?x?xi1> {
  %0 = tapml.ge %x, %y : tensor<?x1xi64>, tensor<1x?xi64> -> tensor<?x?xi1>
  return %0 : tensor<?x?xi1>
}

// CHECK-LABEL: func @broadcast_rank_0
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$SCALAR]], #[[$ID]]]
func.func @broadcast_rank_0(%x: tensor<?x8xf32>, %y: tensor<f32>) -> tensor<?x8xf32> {
  %0 = tapml.mul %x, %y : tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// A dimension of unknown size does not repeat.

// CHECK-LABEL: func @dynamic_sizes_are_equal
//       CHECK:   linalg.generic {indexing_maps = [#[[$ID]], #[[$ID]], #[[$ID]]]
func.func @dynamic_sizes_are_equal(%x: tensor<?x8xf32>, %y: tensor<3x?xf32>) -> tensor<3x8xf32> {
  %0 = tapml.mul %x, %y : tensor<?x8xf32>, tensor<3x?xf32> -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// CHECK-LABEL: func @constant_operand_becomes_scalar
//       CHECK:   linalg.generic {{.*}} ins(%{{[a-z0-9]*}} : tensor<?x8xf32>)
//       CHECK:     %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
//       CHECK:     arith.mulf %{{.*}}, %[[TWO]] : f32
func.func @constant_operand_becomes_scalar(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = tapml.constant dense<2.0> : tensor<f32>
  %0 = tapml.mul %x, %c : tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @power_of_two_is_product
//       CHECK:   ^bb0(%[[IN:.*]]: f32,
//       CHECK:     arith.mulf %[[IN]], %[[IN]] : f32
//   CHECK-NOT:     math.powf
func.func @power_of_two_is_product(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c = tapml.constant dense<2.0> : tensor<f32>
  %0 = tapml.pow %x, %c : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @general_power
//       CHECK:     math.powf
func.func @general_power(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.pow %x, %y : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @integer_power_by_squaring
//       CHECK:   ^bb0(%[[IN:.*]]: i64,
//       CHECK:     %[[P2:.*]] = arith.muli %[[IN]], %[[IN]]
//       CHECK:     %[[P4:.*]] = arith.muli %[[P2]], %[[P2]]
//       CHECK:     %[[P5:.*]] = arith.muli %[[IN]], %[[P4]]
//       CHECK:     linalg.yield %[[P5]]
func.func @integer_power_by_squaring(%x: tensor<?xi64>) -> tensor<?xi64> {
  %c = tapml.constant dense<5> : tensor<i64>
  %0 = tapml.pow %x, %c : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// CHECK-LABEL: func @maximum_keeps_nan
//       CHECK:     arith.maximumf
func.func @maximum_keeps_nan(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.relu %x : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @erf_gelu
//       CHECK:     math.erf
//   CHECK-NOT:     math.tanh
func.func @erf_gelu(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.gelu %x : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @tanh_gelu
//   CHECK-NOT:     math.erf
//       CHECK:     math.tanh
func.func @tanh_gelu(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = tapml.gelu %x {approximate = "tanh"} : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @comparison_of_floats_with_nan
//       CHECK:     arith.cmpf oeq
//       CHECK:     arith.cmpf une
func.func @comparison_of_floats_with_nan(%x: tensor<?xf32>) -> (tensor<?xi1>, tensor<?xi1>) {
  %0 = tapml.eq %x, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xi1>
  %1 = tapml.ne %x, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xi1>
  return %0, %1 : tensor<?xi1>, tensor<?xi1>
}

// False is less than true.

// CHECK-LABEL: func @comparison_of_booleans
//       CHECK:     arith.cmpi ult
func.func @comparison_of_booleans(%x: tensor<?xi1>) -> tensor<?xi1> {
  %0 = tapml.lt %x, %x : tensor<?xi1>, tensor<?xi1> -> tensor<?xi1>
  return %0 : tensor<?xi1>
}

// CHECK-LABEL: func @where
//       CHECK:   linalg.generic {indexing_maps = [#[[$COLUMN]], #[[$ID]], #[[$SCALAR]], #[[$ID]]]
//       CHECK:     arith.select
func.func @where(%c: tensor<?x1xi1>, %x: tensor<?x8xf32>, %y: tensor<f32>) -> tensor<?x8xf32> {
  %0 = tapml.where %c, %x, %y : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
