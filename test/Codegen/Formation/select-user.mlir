// RUN: tapml-opt %s --tapml-select-lowering=profile=vulkan | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// A lowering that is there is kept.
// CHECK-LABEL: func.func @kept
// CHECK:         lowering(<<elementwise, tile = [1, 2], workgroup = [16, 1, 1], vector = 2>>)
func.func @kept(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 2], workgroup = [16, 1, 1], vector = 2>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}
