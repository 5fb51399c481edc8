// RUN: not tapml-opt %s --tapml-emit-kernels=profile=vulkan-1.1-minimum 2>&1 | FileCheck %s
// RUN: not tapml-opt %s --tapml-emit-kernels=profile=abacus 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// CHECK: error: 'tapml.kernel' op needs 5 buffers, profile 'vulkan-1.1-minimum' allows 4; fuse fewer operations into it
// UNKNOWN: error: 'func.func' op has kernels outside of a 'tapml.variant', and profile 'abacus' is not one of host, vulkan,
#id = affine_map<(d0) -> (d0)>
func.func @buffers(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id], iterator_types = ["parallel"]}
        ins(%a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%p: f32, %q: f32, %r: f32, %s: f32, %o: f32):
      %1 = arith.addf %p, %q : f32
      %2 = arith.addf %r, %s : f32
      %3 = arith.addf %1, %2 : f32
      linalg.yield %3 : f32
    } -> tensor<4xf32>
    tapml.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
