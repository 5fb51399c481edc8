// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @embedding
func.func @embedding(%w: tensor<100x8xf32>, %ids: tensor<?x?xi64>) {
  // CHECK: tapml.embedding %{{.*}}, %{{.*}} : tensor<100x8xf32>, tensor<?x?xi64> -> tensor<?x?x8xf32>
  %0 = tapml.embedding %w, %ids : tensor<100x8xf32>, tensor<?x?xi64> -> tensor<?x?x8xf32>
  return
}

// CHECK-LABEL: func @gather
func.func @gather(%x: tensor<?x8xf32>, %i: tensor<?x2xi32>) {
  // CHECK: tapml.gather %{{.*}}, %{{.*}} dim 1 : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  %0 = tapml.gather %x, %i dim 1 : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return
}

// CHECK-LABEL: func @index
func.func @index(%x: tensor<?x?xi1>, %i: tensor<?x1xi64>, %j: tensor<1x?xi64>) {
  // CHECK: tapml.index %{{.*}}[%{{.*}}, %{{.*}}] dims [0, 1] : (tensor<?x?xi1>, tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %0 = tapml.index %x[%i, %j] dims [0, 1] : (tensor<?x?xi1>, tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  return
}
