// A row vector added to every row.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %k = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = tapml.kernel "add" lowering(<LOWERING>) -> tensor<?x?xf32> {
    %e = tensor.empty(%m, %k) : tensor<?x?xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0,d1)->(d0,d1)>, affine_map<(d0,d1)->(d1)>, affine_map<(d0,d1)->(d0,d1)>], iterator_types = ["parallel","parallel"]}
      ins(%x, %b : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
      ^bb0(%a: f32, %c: f32, %o: f32):
        %s = arith.addf %a, %c : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    tapml.yield %0 : tensor<?x?xf32>
  }
  return %y : tensor<?x?xf32>
}
