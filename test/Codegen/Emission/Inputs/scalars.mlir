// Tensors of rank 0, one of them constant.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<f32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %k = arith.constant dense<2.0> : tensor<f32>
  %n = tensor.dim %y, %c0 : tensor<?xf32>
  %r = tapml.kernel "r0" lowering(<LOWERING>) -> tensor<?xf32> {
    %e = tensor.empty(%n) : tensor<?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(i)->()>, affine_map<(i)->()>, affine_map<(i)->(i)>, affine_map<(i)->(i)>], iterator_types = ["parallel"]}
      ins(%x, %k, %y : tensor<f32>, tensor<f32>, tensor<?xf32>) outs(%e : tensor<?xf32>) {
      ^bb0(%p: f32, %q: f32, %v: f32, %o: f32):
        %a = arith.mulf %p, %q : f32
        %b = arith.addf %a, %v : f32
        linalg.yield %b : f32
    } -> tensor<?xf32>
    tapml.yield %1 : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
