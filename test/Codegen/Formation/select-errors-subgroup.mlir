// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=lavapipe --verify-diagnostics

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @subgroup_of_other_size(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has subgroup = 16, profile 'lavapipe' has subgroups of 8}}
  %k = tapml.kernel "rows" lowering(<<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, subgroup = 16>>) -> tensor<4x8xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty() : tensor<4xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<4xf32>) -> tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%fill : tensor<4xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<4xf32>
    %init = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<4x8xf32>, tensor<4xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<4x8xf32>
    tapml.yield %1 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @workgroup_no_multiple_of_subgroup(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{workgroup has 12 invocations, not a multiple of subgroup = 8}}
  %k = tapml.kernel "rows" lowering(<<row_reduction, tile = [1, 4], workgroup = [12, 1, 1], vector = 4, subgroup = 8>>) -> tensor<4x8xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty() : tensor<4xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<4xf32>) -> tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%fill : tensor<4xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<4xf32>
    %init = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<4x8xf32>, tensor<4xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<4x8xf32>
    tapml.yield %1 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}
