// RUN: tapml-opt %s --split-input-file --tapml-lower-to-linalg --canonicalize --cse --tapml-form-kernels | FileCheck %s

// The weight is kept in sixteen bits; widening it, and the other operands, is
// part of the product's kernel, and so is the rounding of the result.
// CHECK-LABEL: func.func @linear
// CHECK:         %[[T:.*]] = tapml.kernel "{{.*}}transpose{{.*}}
// CHECK-NOT:       arith.extf
// CHECK:           tapml.yield %{{.*}} : tensor<4x8xf16>
// CHECK:         tapml.kernel
// CHECK-COUNT-3:   arith.extf
// CHECK:           arith.truncf
// CHECK-NOT:     tapml.kernel
func.func @linear(%x: tensor<?x4xf16>, %w: tensor<8x4xf16> {tapml.constant}, %b: tensor<8xf16> {tapml.constant}) -> tensor<?x8xf16> {
  %0 = tapml.linear %x, %w bias %b : (tensor<?x4xf16>, tensor<8x4xf16>, tensor<8xf16>) -> tensor<?x8xf16>
  return %0 : tensor<?x8xf16>
}

// -----

// What several products read is stored once, in sixteen bits.
// CHECK-LABEL: func.func @shared
// CHECK:         %[[S:.*]] = tapml.kernel "{{.*}}"
// CHECK:           tapml.yield %{{.*}} : tensor<?x4xf16>
// CHECK-NOT:     tapml.yield %{{.*}}xf32
// CHECK:         tapml.kernel
// CHECK:           ins(%[[S]]
// CHECK-NOT:     tapml.yield %{{.*}}xf32
// CHECK:         tapml.kernel
// CHECK:           ins(%[[S]]
// CHECK-NOT:     tapml.yield %{{.*}}xf32
func.func @shared(%x: tensor<?x4xf16>, %v: tensor<4x8xf16>, %w: tensor<4x8xf16>) -> (tensor<?x8xf16>, tensor<?x8xf16>) {
  %0 = tapml.softmax %x dim 1 : tensor<?x4xf16>
  %1 = tapml.matmul %0, %v : tensor<?x4xf16>, tensor<4x8xf16> -> tensor<?x8xf16>
  %2 = tapml.matmul %0, %w : tensor<?x4xf16>, tensor<4x8xf16> -> tensor<?x8xf16>
  return %1, %2 : tensor<?x8xf16>, tensor<?x8xf16>
}

// -----

// Elementwise operators that follow each other are one kernel; each rounds.
// CHECK-LABEL: func.func @chain
// CHECK-COUNT-1: tapml.kernel
// CHECK-COUNT-2:   arith.truncf
// CHECK-NOT:     tapml.kernel
func.func @chain(%x: tensor<?x4xf16>, %y: tensor<?x4xf16>) -> tensor<?x4xf16> {
  %0 = tapml.mul %x, %y : tensor<?x4xf16>, tensor<?x4xf16> -> tensor<?x4xf16>
  %1 = tapml.add %0, %y : tensor<?x4xf16>, tensor<?x4xf16> -> tensor<?x4xf16>
  return %1 : tensor<?x4xf16>
}
