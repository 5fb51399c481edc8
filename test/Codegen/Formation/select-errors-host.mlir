// RUN: tapml-opt %s --tapml-select-lowering=profile=host --verify-diagnostics

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @host_workgroup(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has workgroup = [2, 1, 1], the host runs [1, 1, 1]}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 8], workgroup = [2, 1, 1], vector = 8>>) -> tensor<4x8xf32> {
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
