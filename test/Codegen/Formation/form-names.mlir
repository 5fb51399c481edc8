// RUN: tapml-opt %s --split-input-file --tapml-form-kernels | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// A kernel is named after the operators it computes and carries the instances
// of all of them; its ops carry neither.
// CHECK-LABEL: func.func @operators
// CHECK:         tapml.kernel "linear_4x8_gelu" attributes {instances = ["mlp.up", "mlp.act"]}
// CHECK-NOT:     tapml.operator
// CHECK-NOT:     tapml.instances
// CHECK:         return
func.func @operators(%x: tensor<?x4xf32>, %w: tensor<4x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x4xf32>
  %init = tensor.empty(%m) : tensor<?x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = linalg.matmul {tapml.operator = "linear", tapml.instances = ["mlp.up"]}
      ins(%x, %w : tensor<?x4xf32>, tensor<4x8xf32>) outs(%fill : tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"],
      tapml.operator = "gelu", tapml.instances = ["mlp.act"]}
      ins(%0 : tensor<?x8xf32>) outs(%init : tensor<?x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %2 = math.erf %a : f32
    linalg.yield %2 : f32
  } -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// Operators with kernels of several kinds say which; equal names are counted.
// CHECK-LABEL: func.func @attention
// CHECK:         tapml.kernel "attention_matmul_4x4"
// CHECK:         tapml.kernel "attention_matmul_4x4_1"
func.func @attention(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.matmul {tapml.operator = "attention"} ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.matmul {tapml.operator = "attention"} ins(%0, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}
