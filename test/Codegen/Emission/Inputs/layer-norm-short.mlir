// Layer normalisation of rows of 5.
// LOWERING stands for the list of configurations.

#id = affine_map<(d0,d1,d2)->(d0,d1,d2)>
#row = affine_map<(d0,d1,d2)->(d0,d1)>
#col = affine_map<(d0,d1,d2)->(d2)>
#r2 = affine_map<(d0,d1)->(d0,d1)>
func.func @body(%x: tensor<?x?x5xf32>, %w: tensor<5xf32>, %b: tensor<5xf32>) -> tensor<?x?x5xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x5xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?x5xf32>
  %c = tensor.dim %x, %c2 : tensor<?x?x5xf32>
  %y = tapml.kernel "layer_norm" lowering(<LOWERING>) -> tensor<?x?x5xf32> {
    %zero = arith.constant 0.0 : f32
    %eps = arith.constant 1.0e-5 : f32
    %ci = arith.index_cast %c : index to i32
    %cf = arith.sitofp %ci : i32 to f32
    %e = tensor.empty(%m, %n) : tensor<?x?xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel","parallel","reduction"]}
      ins(%x : tensor<?x?x5xf32>) outs(%f : tensor<?x?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %s = arith.addf %o, %p : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %mean = linalg.generic {indexing_maps = [#r2, #r2], iterator_types = ["parallel","parallel"]}
      ins(%sum : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %s = arith.divf %p, %cf : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %sq = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel","parallel","reduction"]}
      ins(%x, %mean : tensor<?x?x5xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %d = arith.subf %p, %q : f32
        %d2 = arith.mulf %d, %d : f32
        %s = arith.addf %o, %d2 : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %e3 = tensor.empty(%m, %n) : tensor<?x?x5xf32>
    %out = linalg.generic {indexing_maps = [#id, #row, #row, #col, #col, #id], iterator_types = ["parallel","parallel","parallel"]}
      ins(%x, %mean, %sq, %w, %b : tensor<?x?x5xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<5xf32>, tensor<5xf32>) outs(%e3 : tensor<?x?x5xf32>) {
      ^bb0(%p: f32, %mu: f32, %ss: f32, %ww: f32, %bb: f32, %o: f32):
        %d = arith.subf %p, %mu : f32
        %v = arith.divf %ss, %cf : f32
        %v1 = arith.addf %v, %eps : f32
        %sd = math.rsqrt %v1 : f32
        %t = arith.mulf %d, %sd : f32
        %t1 = arith.mulf %t, %ww : f32
        %t2 = arith.addf %t1, %bb : f32
        linalg.yield %t2 : f32
    } -> tensor<?x?x5xf32>
    tapml.yield %out : tensor<?x?x5xf32>
  }
  return %y : tensor<?x?x5xf32>
}
