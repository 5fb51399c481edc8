// RUN: tapml-opt %s --tapml-select-lowering --verify-diagnostics

// expected-error @below {{no profile to choose lowerings for: put the function in a 'tapml.variant' or give the pass option 'profile'}}
func.func @f() -> tensor<i64> {
  %k = tapml.kernel "fill" -> tensor<i64> {
    %c = arith.constant 1 : i64
    %init = tensor.empty() : tensor<i64>
    %0 = linalg.fill ins(%c : i64) outs(%init : tensor<i64>) -> tensor<i64>
    tapml.yield %0 : tensor<i64>
  }
  return %k : tensor<i64>
}
