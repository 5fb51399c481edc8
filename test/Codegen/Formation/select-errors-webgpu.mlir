// RUN: tapml-opt %s --pass-pipeline='builtin.module(tapml.executable(tapml.variant(func.func(tapml-select-lowering))))' --verify-diagnostics

// Values are given to a subgroup on Vulkan alone.

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
tapml.executable @products {
  tapml.variant @webgpu target(<webgpu, "small", {subgroup_size = 8 : i64}, ["subgroup_shuffle"]>) {
    func.func @body(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
      // expected-error @below {{lowering has subgroup = 8, profile 'small' is not of kind vulkan}}
      %k = tapml.kernel "product" lowering(<<matmul, tile = [8, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8>>) -> tensor<8x8xf32> {
        %zero = arith.constant 0.0 : f32
        %init = tensor.empty() : tensor<8x8xf32>
        %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
        %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
            ins(%x, %x : tensor<8x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<8x8xf32>) {
        ^bb0(%l: f32, %r: f32, %out: f32):
          %1 = arith.mulf %l, %r : f32
          %2 = arith.addf %out, %1 : f32
          linalg.yield %2 : f32
        } -> tensor<8x8xf32>
        tapml.yield %0 : tensor<8x8xf32>
      }
      return %k : tensor<8x8xf32>
    }
  }
}
