// [b, s, h * d] to [b, h, s, d].
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x?x96xf32>) -> tensor<?x3x?x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x96xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x96xf32>
  %y = tapml.kernel "split heads" lowering(<LOWERING>) -> tensor<?x3x?x32xf32> {
    %0 = tensor.expand_shape %x [[0],[1],[2,3]] output_shape [%b, %s, 3, 32] : tensor<?x?x96xf32> into tensor<?x?x3x32xf32>
    %e = tensor.empty(%b, %s) : tensor<?x3x?x32xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(b,h,s,d)->(b,s,h,d)>, affine_map<(b,h,s,d)->(b,h,s,d)>], iterator_types = ["parallel","parallel","parallel","parallel"]}
      ins(%0 : tensor<?x?x3x32xf32>) outs(%e : tensor<?x3x?x32xf32>) {
      ^bb0(%p: f32, %o: f32):
        linalg.yield %p : f32
    } -> tensor<?x3x?x32xf32>
    tapml.yield %1 : tensor<?x3x?x32xf32>
  }
  return %y : tensor<?x3x?x32xf32>
}
