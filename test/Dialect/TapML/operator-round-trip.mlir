// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @operators
func.func @operators(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %n: index) -> (tensor<?x8xf32>, tensor<?xf32>) {
  // CHECK: tapml.operator "acme.square" ins(%{{.*}} : tensor<?x8xf32>) sizes(%{{.*}}) attributes {instance = ["layer.0.square"]} -> tensor<?x8xf32> {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x8xf32>):
  // CHECK-NEXT: linalg.square ins(%[[A]]
  // CHECK-NEXT: tapml.yield
  %0 = tapml.operator "acme.square" ins(%x : tensor<?x8xf32>) sizes(%n) attributes {instance = ["layer.0.square"]} -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = linalg.square ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
    tapml.yield %1 : tensor<?x8xf32>
  }
  // Several inputs, also sizes, and several results.
  // CHECK: tapml.operator "acme.rows and ends" ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8xf32>, index) sizes(%{{.*}}, %{{.*}}) -> tensor<?x8xf32>, tensor<?xf32> {
  %2:2 = tapml.operator "acme.rows and ends" ins(%0, %w, %n : tensor<?x8xf32>, tensor<8xf32>, index) sizes(%n, %n) -> tensor<?x8xf32>, tensor<?xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<8xf32>, %m: index):
    %c = tensor.empty(%m) : tensor<?x8xf32>
    %d = linalg.broadcast ins(%b : tensor<8xf32>) outs(%c : tensor<?x8xf32>) dimensions = [0]
    %e = tensor.extract_slice %a[0, 7] [%m, 1] [1, 1] : tensor<?x8xf32> to tensor<?xf32>
    tapml.yield %d, %e : tensor<?x8xf32>, tensor<?xf32>
  }
  // Without inputs.
  // CHECK: tapml.operator "acme.zero" -> tensor<4xf32> {
  %3 = tapml.operator "acme.zero" -> tensor<4xf32> {
    %z = arith.constant dense<0.0> : tensor<4xf32>
    tapml.yield %z : tensor<4xf32>
  }
  return %2#0, %2#1 : tensor<?x8xf32>, tensor<?xf32>
}
