// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @reductions
func.func @reductions(%x: tensor<?x?x384xf32>) {
  // CHECK: tapml.sum %{{.*}} dims [1] : tensor<?x?x384xf32> -> tensor<?x384xf32>
  %0 = tapml.sum %x dims [1] : tensor<?x?x384xf32> -> tensor<?x384xf32>
  // CHECK: tapml.mean %{{.*}} dims [1, 2] {keepdim = true} : tensor<?x?x384xf32> -> tensor<?x1x1xf32>
  %1 = tapml.mean %x dims [1, 2] {keepdim = true} : tensor<?x?x384xf32> -> tensor<?x1x1xf32>
  // CHECK: tapml.amax %{{.*}} dims [2, 0] : tensor<?x?x384xf32> -> tensor<?xf32>
  %2 = tapml.amax %x dims [2, 0] : tensor<?x?x384xf32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func @softmax
func.func @softmax(%x: tensor<?x12x?x?xf32>) {
  // CHECK: tapml.softmax %{{.*}} dim 3 : tensor<?x12x?x?xf32>
  %0 = tapml.softmax %x dim 3 : tensor<?x12x?x?xf32>
  return
}

// CHECK-LABEL: func @mixed_layer_norm
func.func @mixed_layer_norm(%x: tensor<?x8xf16>, %g: tensor<8xf32>, %b: tensor<8xf32>) {
  // CHECK: tapml.layer_norm %{{.*}} : (tensor<?x8xf16>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf16>
  %0 = tapml.layer_norm %x weight %g bias %b {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<?x8xf16>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf16>
  return
}

// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) {
  // CHECK: tapml.layer_norm %{{.*}} weight %{{.*}} bias %{{.*}} {epsilon = 1.000000e-05 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  %0 = tapml.layer_norm %x weight %g bias %b {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  // CHECK: tapml.layer_norm %{{[a-z0-9]*}} bias %{{.*}} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  %1 = tapml.layer_norm %x bias %b {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  // CHECK: tapml.layer_norm %{{[a-z0-9]*}} {{.*}} : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %2 = tapml.layer_norm %x {epsilon = 1.0e-5 : f64, normalized_rank = 2 : i64} : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return
}

// CHECK-LABEL: func @linear
func.func @linear(%x: tensor<?x?x8xf32>, %w: tensor<16x8xf32>, %b: tensor<16xf32>) {
  // CHECK: tapml.linear %{{.*}}, %{{.*}} bias %{{.*}} {instance = ["query"]} : (tensor<?x?x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
  %0 = tapml.linear %x, %w bias %b {instance = ["query"]} : (tensor<?x?x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
  // CHECK: tapml.linear %{{.*}}, %{{[a-z0-9]*}} : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
  %1 = tapml.linear %x, %w : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
  return
}

// CHECK-LABEL: func @matmul
func.func @matmul(%a: tensor<?x4x8xf32>, %b: tensor<8x?xf32>) {
  // CHECK: tapml.matmul %{{.*}}, %{{.*}} : tensor<?x4x8xf32>, tensor<8x?xf32> -> tensor<?x4x?xf32>
  %0 = tapml.matmul %a, %b : tensor<?x4x8xf32>, tensor<8x?xf32> -> tensor<?x4x?xf32>
  return
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<?x12x?x32xf32>, %m: tensor<?x1x?x?xi1>) {
  // CHECK: tapml.scaled_dot_product_attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} {scale = 2.500000e-01 : f64}
  // CHECK-SAME: : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x?x?xi1>) -> tensor<?x12x?x32xf32>
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 0.25 : f64} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x?x?xi1>) -> tensor<?x12x?x32xf32>
  // CHECK: tapml.scaled_dot_product_attention {{.*}} {is_causal = true, scale = 2.500000e-01 : f64}
  %1 = tapml.scaled_dot_product_attention %q, %q, %q {is_causal = true, scale = 0.25 : f64} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
  return
}

// The form that the capture writes.

// CHECK-LABEL: func @generic_form
func.func @generic_form(%x: tensor<?x4x8xf32>, %g: tensor<8xf32>) {
  // CHECK: tapml.layer_norm %{{.*}} weight %{{.*}} {epsilon
  %0 = "tapml.layer_norm"(%x, %g) <{normalized_rank = 1 : i64, epsilon = 1.0e-5 : f64, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  return
}
