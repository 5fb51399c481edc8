// [b, h, s, d] to [b, s, h * d].
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x3x?x32xf32>) -> tensor<?x?x96xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : tensor<?x3x?x32xf32>
  %s = tensor.dim %x, %c2 : tensor<?x3x?x32xf32>
  %y = tapml.kernel "merge" lowering(<LOWERING>) -> tensor<?x?x96xf32> {
    %e = tensor.empty(%b, %s) : tensor<?x?x3x32xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(b,s,h,d)->(b,h,s,d)>, affine_map<(b,s,h,d)->(b,s,h,d)>], iterator_types = ["parallel","parallel","parallel","parallel"]}
      ins(%x : tensor<?x3x?x32xf32>) outs(%e : tensor<?x?x3x32xf32>) {
      ^bb0(%p: f32, %o: f32):
        linalg.yield %p : f32
    } -> tensor<?x?x3x32xf32>
    %2 = tensor.collapse_shape %1 [[0],[1],[2,3]] : tensor<?x?x3x32xf32> into tensor<?x?x96xf32>
    tapml.yield %2 : tensor<?x?x96xf32>
  }
  return %y : tensor<?x?x96xf32>
}
