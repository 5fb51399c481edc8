// A reduction inside an elementwise kernel.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %r = tapml.kernel "colsum" lowering(<LOWERING>) -> tensor<?xf32> {
    %z = arith.constant 0.5 : f32
    %e = tensor.empty(%n) : tensor<?xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(i,j)->(j,i)>, affine_map<(i,j)->(i)>], iterator_types = ["parallel","reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%f : tensor<?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %b = arith.addf %p, %o : f32
        linalg.yield %b : f32
    } -> tensor<?xf32>
    tapml.yield %1 : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
