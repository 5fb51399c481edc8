// A matrix transposed.
// LOWERING stands for the list of configurations.

func.func @body(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = tapml.kernel "transpose" lowering(<LOWERING>) -> tensor<?x?xf32> {
    %e = tensor.empty(%n, %m) : tensor<?x?xf32>
    %t = linalg.transpose ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) permutation = [1, 0]
    tapml.yield %t : tensor<?x?xf32>
  }
  return %y : tensor<?x?xf32>
}
