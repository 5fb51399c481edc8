// RUN: tapml-opt %s --tapml-lower-to-linalg --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// What an operator becomes carries its name, its identity and its location.

// CHECK-LABEL: func @linear
//       CHECK:   linalg.generic {{.*}} attrs =  {tapml.instances = ["query"], tapml.operator = "linear"}
//       CHECK:   } -> tensor<8x16xf32> loc("model.py":7:3)
//       CHECK:   linalg.fill
//   CHECK-NOT:   tapml.instances
//  CHECK-SAME:   loc("model.py":7:3)
//       CHECK:   linalg.generic {{.*}} attrs =  {tapml.instances = ["query"], tapml.operator = "linear"}
//       CHECK:   } -> tensor<?x16xf32> loc("model.py":7:3)
func.func @linear(%x: tensor<?x8xf32>, %w: tensor<16x8xf32>) -> tensor<?x16xf32> {
  %0 = tapml.linear %x, %w {instance = ["query"]} : (tensor<?x8xf32>, tensor<16x8xf32>) -> tensor<?x16xf32> loc("model.py":7:3)
  return %0 : tensor<?x16xf32>
}

// CHECK-LABEL: func @view
//       CHECK:   tensor.expand_shape {{.*}} {tapml.instances = ["a", "b"], tapml.operator = "unsqueeze"}
func.func @view(%x: tensor<?x8xf32>) -> tensor<?x1x8xf32> {
  %0 = tapml.unsqueeze %x dim 1 {instance = ["a", "b"]} : tensor<?x8xf32> -> tensor<?x1x8xf32>
  return %0 : tensor<?x1x8xf32>
}

// CHECK-LABEL: func @no_identity
//   CHECK-NOT:   tapml.instances
func.func @no_identity(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tapml.tanh %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
