// Rows of a table by (possibly negative) index, plus rows of a slice.
// LOWERING stands for the list of configurations.

func.func @body(%w: tensor<50x?xf32>, %ids: tensor<?x?xi64>, %pos: tensor<64x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %h = tensor.dim %w, %c1 : tensor<50x?xf32>
  %y = tapml.kernel "embed" lowering(<LOWERING>) -> tensor<?x?x?xf32> {
    %e = tensor.empty(%b, %s, %h) : tensor<?x?x?xf32>
    %c0i = arith.constant 0 : i64
    %c50 = arith.constant 50 : i64
    %p1 = tensor.extract_slice %pos[3, 0] [%s, %h] [2, 1] : tensor<64x?xf32> to tensor<?x?xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(b,s,h)->(b,s)>, affine_map<(b,s,h)->(s,h)>, affine_map<(b,s,h)->(b,s,h)>], iterator_types = ["parallel","parallel","parallel"]}
      ins(%ids, %p1 : tensor<?x?xi64>, tensor<?x?xf32>) outs(%e : tensor<?x?x?xf32>) {
      ^bb0(%id: i64, %pp: f32, %o: f32):
        %neg = arith.cmpi slt, %id, %c0i : i64
        %wrap = arith.addi %id, %c50 : i64
        %i = arith.select %neg, %wrap, %id : i64
        %r = arith.index_cast %i : i64 to index
        %c = linalg.index 2 : index
        %v = tensor.extract %w[%r, %c] : tensor<50x?xf32>
        %z = arith.addf %v, %pp : f32
        linalg.yield %z : f32
    } -> tensor<?x?x?xf32>
    tapml.yield %1 : tensor<?x?x?xf32>
  }
  return %y : tensor<?x?x?xf32>
}
