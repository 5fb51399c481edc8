// RUN: tapml-opt %s --split-input-file --tapml-form-kernels=profile=vulkan-1.1-minimum --verify-diagnostics | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// Four buffers: three are read. The chain is cut where it would read a fourth.
// CHECK-LABEL: func.func @cut_at_limit
// CHECK:         %[[A:.*]] = tapml.kernel
// CHECK:         tapml.kernel
// CHECK:           linalg.generic {{.*}} ins(%[[A]]
func.func @cut_at_limit(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.add ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %1 = linalg.mul ins(%0, %z : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %2 = linalg.add ins(%1, %w : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// One op cannot be cut.
#id = affine_map<(d0) -> (d0)>
func.func @one_op_over_limit(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %init = tensor.empty() : tensor<4xf32>
  // expected-error @below {{'tapml.kernel' op reads 4 tensors and writes one, in 5 buffers; profile 'vulkan-1.1-minimum' allows 4 storage buffers; compute the operator on the host, or in parts}}
  %0 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %y, %z, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %d: f32, %out: f32):
    %1 = arith.addf %a, %b : f32
    %2 = arith.addf %c, %d : f32
    %3 = arith.addf %1, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
