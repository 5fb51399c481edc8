// A matrix product with a bias, ? x ?.
// LOWERING stands for the list of configurations.

func.func @body(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %bias: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %y = tapml.kernel "linear" lowering(<LOWERING>) -> tensor<?x?xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty(%m, %n) : tensor<?x?xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>], iterator_types = ["parallel","parallel","reduction"]}
      ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %r = arith.mulf %p, %q : f32
        %s = arith.addf %o, %r : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(m,n)->(m,n)>, affine_map<(m,n)->(n)>, affine_map<(m,n)->(m,n)>], iterator_types = ["parallel","parallel"]}
      ins(%0, %bias : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %r = arith.addf %p, %q : f32
        linalg.yield %r : f32
    } -> tensor<?x?xf32>
    tapml.yield %1 : tensor<?x?xf32>
  }
  return %y : tensor<?x?xf32>
}
