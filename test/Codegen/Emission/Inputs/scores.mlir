// Scores of attention: a batched product of split heads.
// LOWERING stands for the list of configurations.

func.func @body(%q: tensor<?x?x96xf32>, %k: tensor<?x?x96xf32>) -> tensor<?x3x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x96xf32>
  %s = tensor.dim %q, %c1 : tensor<?x?x96xf32>
  %t = tensor.dim %k, %c1 : tensor<?x?x96xf32>
  %y = tapml.kernel "scores" lowering(<LOWERING>) -> tensor<?x3x?x?xf32> {
    %z = arith.constant 0.0 : f32
    %sc = arith.constant 0.125 : f32
    %q4 = tensor.expand_shape %q [[0],[1],[2,3]] output_shape [%b, %s, 3, 32] : tensor<?x?x96xf32> into tensor<?x?x3x32xf32>
    %k4 = tensor.expand_shape %k [[0],[1],[2,3]] output_shape [%b, %t, 3, 32] : tensor<?x?x96xf32> into tensor<?x?x3x32xf32>
    %e = tensor.empty(%b, %s, %t) : tensor<?x3x?x?xf32>
    %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x3x?x?xf32>) -> tensor<?x3x?x?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(b,h,s,t,d)->(b,s,h,d)>, affine_map<(b,h,s,t,d)->(b,t,h,d)>, affine_map<(b,h,s,t,d)->(b,h,s,t)>], iterator_types = ["parallel","parallel","parallel","parallel","reduction"]}
      ins(%q4, %k4 : tensor<?x?x3x32xf32>, tensor<?x?x3x32xf32>) outs(%f : tensor<?x3x?x?xf32>) {
      ^bb0(%p: f32, %r: f32, %o: f32):
        %m = arith.mulf %p, %r : f32
        %a = arith.addf %m, %o : f32
        linalg.yield %a : f32
    } -> tensor<?x3x?x?xf32>
    %2 = linalg.generic {indexing_maps = [affine_map<(b,h,s,t)->(b,h,s,t)>, affine_map<(b,h,s,t)->(b,h,s,t)>], iterator_types = ["parallel","parallel","parallel","parallel"]}
      ins(%1 : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %m = arith.mulf %p, %sc : f32
        linalg.yield %m : f32
    } -> tensor<?x3x?x?xf32>
    tapml.yield %2 : tensor<?x3x?x?xf32>
  }
  return %y : tensor<?x3x?x?xf32>
}
