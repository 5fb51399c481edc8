// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @constant
func.func @constant() {
  // CHECK: tapml.constant dense<5.000000e-01> : tensor<f32>
  %0 = tapml.constant dense<0.5> : tensor<f32>
  // CHECK: tapml.constant dense<[1, 2]> : tensor<2xi64> {instance = ["positions"]}
  %1 = tapml.constant dense<[1, 2]> : tensor<2xi64> {instance = ["positions"]}
  return
}

// CHECK-LABEL: func @full
func.func @full(%n: index) {
  // CHECK: tapml.full true sizes(%{{.*}}) : tensor<?x16xi1>
  %0 = tapml.full true sizes(%n) : tensor<?x16xi1>
  // CHECK: tapml.full 1.500000e+00 : f32 : tensor<4xf32>
  %1 = tapml.full 1.5 : f32 : tensor<4xf32>
  return
}

// CHECK-LABEL: func @arange
func.func @arange(%start: index, %end: index, %step: index) {
  // CHECK: tapml.arange %{{.*}} to %{{.*}} step %{{.*}} : tensor<?xi64>
  %0 = tapml.arange %start to %end step %step : tensor<?xi64>
  return
}

// CHECK-LABEL: func @reshape
func.func @reshape(%x: tensor<?x?x384xf32>, %y: tensor<2x6xf32>, %b: index, %s: index) {
  // CHECK: tapml.reshape %{{.*}} sizes(%{{.*}}, %{{.*}}) : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
  %0 = tapml.reshape %x sizes(%b, %s) : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
  // CHECK: tapml.reshape %{{.*}} : tensor<2x6xf32> -> tensor<3x4xf32>
  %1 = tapml.reshape %y : tensor<2x6xf32> -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: func @permute
func.func @permute(%x: tensor<?x?x12x32xf32>) {
  // CHECK: tapml.permute %{{.*}} [0, 2, 1, 3] : tensor<?x?x12x32xf32> -> tensor<?x12x?x32xf32>
  %0 = tapml.permute %x [0, 2, 1, 3] : tensor<?x?x12x32xf32> -> tensor<?x12x?x32xf32>
  return
}

// CHECK-LABEL: func @unsqueeze_and_squeeze
func.func @unsqueeze_and_squeeze(%x: tensor<?x?xi1>) {
  // CHECK: tapml.unsqueeze %{{.*}} dim 1 : tensor<?x?xi1> -> tensor<?x1x?xi1>
  %0 = tapml.unsqueeze %x dim 1 : tensor<?x?xi1> -> tensor<?x1x?xi1>
  // CHECK: tapml.squeeze %{{.*}} dims [1] : tensor<?x1x?xi1> -> tensor<?x?xi1>
  %1 = tapml.squeeze %0 dims [1] : tensor<?x1x?xi1> -> tensor<?x?xi1>
  return
}

// CHECK-LABEL: func @expand
func.func @expand(%x: tensor<1x16xi64>, %n: index) {
  // CHECK: tapml.expand %{{.*}} sizes(%{{.*}}) : tensor<1x16xi64> -> tensor<?x16xi64>
  %0 = tapml.expand %x sizes(%n) : tensor<1x16xi64> -> tensor<?x16xi64>
  // CHECK: tapml.expand %{{.*}} : tensor<1x16xi64> -> tensor<3x4x16xi64>
  %1 = tapml.expand %x : tensor<1x16xi64> -> tensor<3x4x16xi64>
  return
}

// CHECK-LABEL: func @slice
func.func @slice(%x: tensor<1x512xi64>, %start: index, %end: index) {
  // CHECK: tapml.slice %{{.*}} dim 1 from %{{.*}} to %{{.*}} : tensor<1x512xi64> -> tensor<1x?xi64>
  %0 = tapml.slice %x dim 1 from %start to %end : tensor<1x512xi64> -> tensor<1x?xi64>
  // CHECK: tapml.slice %{{.*}} dim 1 from %{{.*}} to %{{.*}} step 2 : tensor<1x512xi64> -> tensor<1x?xi64>
  %1 = tapml.slice %x dim 1 from %start to %end step 2 : tensor<1x512xi64> -> tensor<1x?xi64>
  return
}

// CHECK-LABEL: func @select
func.func @select(%x: tensor<?x?x384xf32>, %i: index) {
  // CHECK: tapml.select %{{.*}} dim 1 at %{{.*}} : tensor<?x?x384xf32> -> tensor<?x384xf32>
  %0 = tapml.select %x dim 1 at %i : tensor<?x?x384xf32> -> tensor<?x384xf32>
  return
}

// CHECK-LABEL: func @concat
func.func @concat(%a: tensor<?x3xf32>, %b: tensor<?x?xf32>) {
  // CHECK: tapml.concat %{{.*}}, %{{.*}} dim 1 : tensor<?x3xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  %0 = tapml.concat %a, %b dim 1 : tensor<?x3xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  return
}
