// RUN: tapml-opt %s --tapml-lower-to-linalg | FileCheck %s

// The region takes the operator's place, and is known by its name and identity.

// CHECK-LABEL: func @operator
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index
func.func @operator(%x: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  // CHECK: %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?x8xf32>
  // CHECK: %[[Y:.*]] = linalg.square {tapml.instances = ["layer.0"], tapml.operator = "acme_square"} ins(%[[X]] : tensor<?x8xf32>) outs(%[[INIT]]
  // CHECK: return %[[Y]]
  // CHECK-NOT: tapml.operator "
  %0 = tapml.operator "acme.square" ins(%x, %n : tensor<?x8xf32>, index) sizes(%n) attributes {instance = ["layer.0"]} -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %m: index):
    %e = tensor.empty(%m) : tensor<?x8xf32>
    %1 = linalg.square ins(%a : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    tapml.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
