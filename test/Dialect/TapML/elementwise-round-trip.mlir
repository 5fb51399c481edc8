// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @functions_of_one_number
func.func @functions_of_one_number(%x: tensor<?x384xf32>) {
  // CHECK: tapml.tanh %{{.*}} : tensor<?x384xf32>
  %0 = tapml.tanh %x : tensor<?x384xf32>
  // CHECK: tapml.exp %{{.*}} : tensor<?x384xf32>
  %1 = tapml.exp %x : tensor<?x384xf32>
  // CHECK: tapml.log %{{.*}} : tensor<?x384xf32>
  %2 = tapml.log %x : tensor<?x384xf32>
  // CHECK: tapml.sqrt %{{.*}} : tensor<?x384xf32>
  %3 = tapml.sqrt %x : tensor<?x384xf32>
  // CHECK: tapml.rsqrt %{{.*}} : tensor<?x384xf32>
  %4 = tapml.rsqrt %x : tensor<?x384xf32>
  // CHECK: tapml.sin %{{.*}} : tensor<?x384xf32>
  %5 = tapml.sin %x : tensor<?x384xf32>
  // CHECK: tapml.cos %{{.*}} : tensor<?x384xf32>
  %6 = tapml.cos %x : tensor<?x384xf32>
  // CHECK: tapml.erf %{{.*}} : tensor<?x384xf32>
  %7 = tapml.erf %x : tensor<?x384xf32>
  // CHECK: tapml.sigmoid %{{.*}} : tensor<?x384xf32>
  %8 = tapml.sigmoid %x : tensor<?x384xf32>
  // CHECK: tapml.silu %{{.*}} : tensor<?x384xf32>
  %9 = tapml.silu %x : tensor<?x384xf32>
  // CHECK: tapml.relu %{{.*}} : tensor<?x384xf32>
  %10 = tapml.relu %x : tensor<?x384xf32>
  // CHECK: tapml.neg %{{.*}} : tensor<?x384xf32>
  %11 = tapml.neg %x : tensor<?x384xf32>
  // CHECK: tapml.abs %{{.*}} : tensor<?x384xf32>
  %12 = tapml.abs %x : tensor<?x384xf32>
  return
}

// CHECK-LABEL: func @gelu
func.func @gelu(%x: tensor<?x1536xf32>) {
  // CHECK: tapml.gelu %{{.*}} : tensor<?x1536xf32>
  %0 = tapml.gelu %x : tensor<?x1536xf32>
  // CHECK: tapml.gelu %{{.*}} {approximate = "tanh"} : tensor<?x1536xf32>
  %1 = tapml.gelu %x {approximate = "tanh"} : tensor<?x1536xf32>
  return
}

// CHECK-LABEL: func @identity_of_an_operator
func.func @identity_of_an_operator(%x: tensor<?x1536xf32>) {
  // CHECK: tapml.gelu %{{.*}} {instance = ["layer.0.act", "layer.1.act"]}
  %0 = tapml.gelu %x {instance = ["layer.0.act", "layer.1.act"]} : tensor<?x1536xf32>
  return
}

// CHECK-LABEL: func @integers_and_booleans
func.func @integers_and_booleans(%x: tensor<?xi64>, %y: tensor<?xi32>, %m: tensor<?xi1>) {
  // CHECK: tapml.neg %{{.*}} : tensor<?xi64>
  %0 = tapml.neg %x : tensor<?xi64>
  // CHECK: tapml.abs %{{.*}} : tensor<?xi32>
  %1 = tapml.abs %y : tensor<?xi32>
  // CHECK: tapml.logical_not %{{.*}} : tensor<?xi1>
  %2 = tapml.logical_not %m : tensor<?xi1>
  return
}

// CHECK-LABEL: func @functions_of_two_numbers
func.func @functions_of_two_numbers(%x: tensor<?x?x384xf32>, %b: tensor<384xf32>) {
  // CHECK: tapml.add %{{.*}}, %{{.*}} : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  %0 = tapml.add %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.sub
  %1 = tapml.sub %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.mul
  %2 = tapml.mul %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.div
  %3 = tapml.div %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.pow
  %4 = tapml.pow %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.maximum
  %5 = tapml.maximum %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  // CHECK: tapml.minimum
  %6 = tapml.minimum %x, %b : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
  return
}

// CHECK-LABEL: func @broadcasting
func.func @broadcasting(%column: tensor<?x1xi1>, %row: tensor<1x?xi1>, %scalar: tensor<i1>) {
  // CHECK: tapml.bitwise_and %{{.*}}, %{{.*}} : tensor<?x1xi1>, tensor<1x?xi1> -> tensor<?x?xi1>
  %0 = tapml.bitwise_and %column, %row : tensor<?x1xi1>, tensor<1x?xi1> -> tensor<?x?xi1>
  // CHECK: tapml.bitwise_or %{{.*}}, %{{.*}} : tensor<i1>, tensor<1x?xi1> -> tensor<1x?xi1>
  %1 = tapml.bitwise_or %scalar, %row : tensor<i1>, tensor<1x?xi1> -> tensor<1x?xi1>
  return
}

// CHECK-LABEL: func @comparisons
func.func @comparisons(%a: tensor<?xi64>, %b: tensor<i64>) {
  // CHECK: tapml.eq %{{.*}}, %{{.*}} : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  %0 = tapml.eq %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  // CHECK: tapml.ne
  %1 = tapml.ne %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  // CHECK: tapml.lt
  %2 = tapml.lt %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  // CHECK: tapml.le
  %3 = tapml.le %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  // CHECK: tapml.gt
  %4 = tapml.gt %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  // CHECK: tapml.ge
  %5 = tapml.ge %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  return
}

// CHECK-LABEL: func @where
func.func @where(%m: tensor<?x1xi1>, %x: tensor<?x8xf32>, %y: tensor<f32>) {
  // CHECK: tapml.where %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  %0 = tapml.where %m, %x, %y : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func @cast
func.func @cast(%x: tensor<?x4xi64>) {
  // CHECK: tapml.cast %{{.*}} : tensor<?x4xi64> -> tensor<?x4xi1>
  %0 = tapml.cast %x : tensor<?x4xi64> -> tensor<?x4xi1>
  return
}
