// Regions that compute the same share one executable, whatever their weights
// and names; the body has the instances of all.
//
// RUN: tapml-opt %s --split-input-file --tapml-partition='plan-json={"version":1,"rules":[{"match":{"instance":"host.*"},"place":"host"}],"default":"vulkan"} targets=vulkan granularity=operator summary=false' | FileCheck %s --implicit-check-not=tapml.executable

// CHECK-LABEL: tapml.executable @linear_4x4 {
// CHECK:         tapml.linear {{.*}} {instance = ["a", "b"]}
tapml.global @a : tensor<4x4xf32>
tapml.global @b : tensor<4x4xf32>
// CHECK-LABEL: func.func @weights(
func.func @weights(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: tapml.dispatch @linear_4x4 on @vulkan {{.*}}instances = ["a"]
  // CHECK: tapml.dispatch @linear_4x4 on @vulkan {{.*}}instances = ["b"]
  %a = tapml.get_global @a : tensor<4x4xf32>
  %b = tapml.get_global @b : tensor<4x4xf32>
  %0 = tapml.linear %x, %a {instance = ["a"]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %1 = tapml.linear %0, %b {instance = ["b"]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// A weight is prepared once per load, an activation is not: two executables.
//
// CHECK-LABEL: tapml.executable @linear_4x4 {
// CHECK-LABEL: tapml.executable @linear_4x4_0 {
tapml.global @w : tensor<4x4xf32>
// CHECK-LABEL: func.func @not_a_weight(
func.func @not_a_weight(%x: tensor<4x4xf32>, %a: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %w = tapml.get_global @w : tensor<4x4xf32>
  %0 = tapml.linear %x, %w {instance = ["w"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = tapml.linear %x, %a {instance = ["a"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %1 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Another attribute, another executable.
//
// CHECK-LABEL: tapml.executable @gelu_4 {
// CHECK-LABEL: tapml.executable @gelu_4_0 {
// CHECK-LABEL: func.func @attributes(
func.func @attributes(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = tapml.gelu %x {approximate = "none", instance = ["erf"]} : tensor<4xf32>
  %1 = tapml.gelu %x {approximate = "tanh", instance = ["tanh"]} : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// The same computation at another place is another variant.
//
// CHECK-LABEL: tapml.executable @exp_4 {
// CHECK:         tapml.variant @vulkan
// CHECK:           tapml.exp {{.*}} {instance = ["gpu.exp"]}
// CHECK:         tapml.variant @host
// CHECK:           tapml.exp {{.*}} {instance = ["host.exp"]}
// CHECK-LABEL: func.func @places(
func.func @places(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tapml.dispatch @exp_4 on @vulkan
  // CHECK: tapml.dispatch @exp_4 on @host
  %0 = tapml.exp %x {instance = ["gpu.exp"]} : tensor<4xf32>
  %1 = tapml.exp %0 {instance = ["host.exp"]} : tensor<4xf32>
  return %1 : tensor<4xf32>
}
