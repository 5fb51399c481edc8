// Softmax of rows with masked columns.
// LOWERING stands for the list of configurations.

#id = affine_map<(d0,d1,d2)->(d0,d1,d2)>
#row = affine_map<(d0,d1,d2)->(d0,d1)>
#mask = affine_map<(d0,d1,d2)->(d0,d2)>
func.func @body(%x: tensor<?x?x?xf32>, %k: tensor<?x?xi1>) -> tensor<?x?x?xf32> {
  %y = tapml.kernel "softmax" lowering(<LOWERING>) -> tensor<?x?x?xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %m = tensor.dim %x, %c0 : tensor<?x?x?xf32>
    %n = tensor.dim %x, %c1 : tensor<?x?x?xf32>
    %c = tensor.dim %x, %c2 : tensor<?x?x?xf32>
    %zero = arith.constant 0.0 : f32
    %ninf = arith.constant 0xFF800000 : f32
    %low = arith.constant -1.0e9 : f32
    %e = tensor.empty(%m, %n) : tensor<?x?xf32>
    %e3 = tensor.empty(%m, %n, %c) : tensor<?x?x?xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %fi = linalg.fill ins(%ninf : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %xm = linalg.generic {indexing_maps = [#id, #mask, #id], iterator_types = ["parallel","parallel","parallel"]}
      ins(%x, %k : tensor<?x?x?xf32>, tensor<?x?xi1>) outs(%e3 : tensor<?x?x?xf32>) {
      ^bb0(%p: f32, %q: i1, %o: f32):
        %s = arith.select %q, %p, %low : f32
        linalg.yield %s : f32
    } -> tensor<?x?x?xf32>
    %max = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel","parallel","reduction"]}
      ins(%xm : tensor<?x?x?xf32>) outs(%fi : tensor<?x?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %s = arith.maximumf %o, %p : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %ex = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel","parallel","parallel"]}
      ins(%xm, %max : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %d = arith.subf %p, %q : f32
        %s = math.exp %d : f32
        linalg.yield %s : f32
    } -> tensor<?x?x?xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel","parallel","reduction"]}
      ins(%ex : tensor<?x?x?xf32>) outs(%f0 : tensor<?x?xf32>) {
      ^bb0(%p: f32, %o: f32):
        %s = arith.addf %o, %p : f32
        linalg.yield %s : f32
    } -> tensor<?x?xf32>
    %out = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel","parallel","parallel"]}
      ins(%ex, %sum : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %s = arith.divf %p, %q : f32
        linalg.yield %s : f32
    } -> tensor<?x?x?xf32>
    tapml.yield %out : tensor<?x?x?xf32>
  }
  return %y : tensor<?x?x?xf32>
}
