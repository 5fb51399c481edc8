// Booleans in and out, and indices as values.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x?xf32>, %m: tensor<?x?xi1>) -> tensor<?x?xi1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.dim %x, %c0 : tensor<?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = tapml.kernel "causal" lowering(<LOWERING>) -> tensor<?x?xi1> {
    %e = tensor.empty(%a, %b) : tensor<?x?xi1>
    %z = arith.constant 0.0 : f32
    %1 = linalg.generic {indexing_maps = [affine_map<(i,j)->(i,j)>, affine_map<(i,j)->(i,j)>, affine_map<(i,j)->(i,j)>], iterator_types = ["parallel","parallel"]}
      ins(%x, %m : tensor<?x?xf32>, tensor<?x?xi1>) outs(%e : tensor<?x?xi1>) {
      ^bb0(%p: f32, %q: i1, %o: i1):
        %i = linalg.index 0 : index
        %j = linalg.index 1 : index
        %ii = arith.index_cast %i : index to i32
        %jj = arith.index_cast %j : index to i32
        %le = arith.cmpi sle, %jj, %ii : i32
        %g = arith.cmpf ogt, %p, %z : f32
        %r = arith.andi %le, %g : i1
        %r2 = arith.xori %r, %q : i1
        linalg.yield %r2 : i1
    } -> tensor<?x?xi1>
    tapml.yield %1 : tensor<?x?xi1>
  }
  return %y : tensor<?x?xi1>
}
