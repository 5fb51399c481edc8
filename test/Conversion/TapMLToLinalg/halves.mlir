// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse | FileCheck %s

// Sixteen-bit floats are widened when they are read and rounded once when the
// result is stored; what is between is in f32.

// CHECK-LABEL: func @gelu
//       CHECK:   %[[WIDE:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?xf16>) outs(%{{.*}} : tensor<?xf32>)
//       CHECK:     arith.extf
//       CHECK:   %[[Y:.*]] = linalg.generic {{.*}} ins(%[[WIDE]] : tensor<?xf32>) outs(%{{.*}} : tensor<?xf32>)
//       CHECK:     math.erf %{{.*}} : f32
//       CHECK:   linalg.generic {{.*}} ins(%[[Y]] : tensor<?xf32>) outs(%{{.*}} : tensor<?xf16>)
//       CHECK:     arith.truncf
func.func @gelu(%x: tensor<?xf16>) -> tensor<?xf16> {
  %0 = tapml.gelu %x : tensor<?xf16>
  return %0 : tensor<?xf16>
}

// The weight is transposed as it is stored; the sum and the bias are in f32.
// CHECK-LABEL: func @linear
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x8xf16>, %[[W:[a-z0-9]*]]: tensor<16x8xf16>, %[[B:[a-z0-9]*]]: tensor<16xf16>
//       CHECK:   %[[T:.*]] = linalg.generic {{.*}} ins(%[[W]] : tensor<16x8xf16>) outs(%{{.*}} : tensor<8x16xf16>)
//       CHECK:   %[[TW:.*]] = linalg.generic {{.*}} ins(%[[T]] : tensor<8x16xf16>) outs(%{{.*}} : tensor<8x16xf32>)
//       CHECK:   %[[P:.*]] = linalg.generic {{.*}} "reduction"]} ins(%{{.*}}, %[[TW]] : tensor<?x8xf32>, tensor<8x16xf32>)
//   CHECK-NOT:   truncf
//       CHECK:     arith.addf
//       CHECK:     arith.truncf
//   CHECK-NOT:   truncf
func.func @linear(%x: tensor<?x8xf16>, %w: tensor<16x8xf16>, %b: tensor<16xf16>) -> tensor<?x16xf16> {
  %0 = tapml.linear %x, %w bias %b : (tensor<?x8xf16>, tensor<16x8xf16>, tensor<16xf16>) -> tensor<?x16xf16>
  return %0 : tensor<?x16xf16>
}

// Constants are widened at once.
// CHECK-LABEL: func @constant_exponent
//       CHECK:   arith.mulf %[[V:.*]], %[[V]] : f32
//   CHECK-NOT:   math.powf
func.func @constant_exponent(%x: tensor<4xf16>) -> tensor<4xf16> {
  %two = tapml.constant dense<2.0> : tensor<f16>
  %0 = tapml.pow %x, %two : tensor<4xf16>, tensor<f16> -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// What only moves elements, or chooses between them, leaves them alone.
// CHECK-LABEL: func @movement
//   CHECK-NOT:   {{extf|truncf}}
//       CHECK:   arith.select %{{.*}} : f16
func.func @movement(%c: tensor<?x4xi1>, %x: tensor<?x4xf16>, %y: tensor<?x4xf16>) -> tensor<4x?xf16> {
  %0 = tapml.where %c, %x, %y : tensor<?x4xi1>, tensor<?x4xf16>, tensor<?x4xf16> -> tensor<?x4xf16>
  %1 = tapml.permute %0 [1, 0] : tensor<?x4xf16> -> tensor<4x?xf16>
  return %1 : tensor<4x?xf16>
}

// CHECK-LABEL: func @cast
//       CHECK:   arith.extf %{{.*}} : f16 to f32
//       CHECK:   arith.fptosi %{{.*}} : f32 to i32
func.func @cast(%x: tensor<4xf16>) -> tensor<4xi32> {
  %0 = tapml.cast %x : tensor<4xf16> -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
