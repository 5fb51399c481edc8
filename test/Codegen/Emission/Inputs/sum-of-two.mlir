// A reduction of two dimensions, without columns in the result.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x3x?xf32>) -> tensor<?x1xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x?xf32>
  %r = tapml.kernel "sum2" lowering(<LOWERING>) -> tensor<?x1xf32> {
    %z = arith.constant 0.0 : f32
    %e = tensor.empty(%n) : tensor<?xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(i,j,k)->(i,j,k)>, affine_map<(i,j,k)->(i)>], iterator_types = ["parallel","reduction","reduction"]}
      ins(%x : tensor<?x3x?xf32>) outs(%f : tensor<?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %b = arith.addf %p, %o : f32
        linalg.yield %b : f32
    } -> tensor<?xf32>
    %2 = tensor.expand_shape %1 [[0,1]] output_shape [%n, 1] : tensor<?xf32> into tensor<?x1xf32>
    tapml.yield %2 : tensor<?x1xf32>
  }
  return %r : tensor<?x1xf32>
}
