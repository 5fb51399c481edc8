// Another compiler's graph: softcap(x) = 30 tanh(x / 30), then a linear layer of
// this dialect, then the sums of the rows.
module @foreign attributes {tapml.version = 1 : i64} {
  func.func @forward(%x: tensor<?x8xf32> {tapml.name = "x", tapml.dims = ["n", ""]}, %w: tensor<5x8xf32> {tapml.name = "w"})
      -> (tensor<?xf32> {tapml.name = "y"}) {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    %0 = tapml.operator "acme.softcap" ins(%x : tensor<?x8xf32>) sizes(%n) attributes {instance = ["softcap"]} -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %zero = arith.constant 0 : index
      %rows = tensor.dim %a, %zero : tensor<?x8xf32>
      %e = tensor.empty(%rows) : tensor<?x8xf32>
      %1 = linalg.map ins(%a : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) (%v: f32, %o: f32) {
        %cap = arith.constant 30.0 : f32
        %scaled = arith.divf %v, %cap : f32
        %t = math.tanh %scaled : f32
        %r = arith.mulf %t, %cap : f32
        linalg.yield %r : f32
      }
      tapml.yield %1 : tensor<?x8xf32>
    }
    %2 = tapml.linear %0, %w {instance = ["dense"]} : (tensor<?x8xf32>, tensor<5x8xf32>) -> tensor<?x5xf32>
    %3 = tapml.operator "acme.rowsum" ins(%2 : tensor<?x5xf32>) sizes(%n) attributes {instance = ["rowsum"]} -> tensor<?xf32> {
    ^bb0(%a: tensor<?x5xf32>):
      %zero = arith.constant 0 : index
      %rows = tensor.dim %a, %zero : tensor<?x5xf32>
      %none = arith.constant 0.0 : f32
      %e = tensor.empty(%rows) : tensor<?xf32>
      %f = linalg.fill ins(%none : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      %1 = linalg.reduce ins(%a : tensor<?x5xf32>) outs(%f : tensor<?xf32>) dimensions = [1] (%v: f32, %s: f32) {
        %r = arith.addf %v, %s : f32
        linalg.yield %r : f32
      }
      tapml.yield %1 : tensor<?xf32>
    }
    return %3 : tensor<?xf32>
  }
}
