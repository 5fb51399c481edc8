// RUN: tapml-opt %s --tapml-partition='summary=false' --verify-diagnostics

func.func @forward(%x: tensor<?x8xf32>, %i: index) -> index {
  %e = tapml.exp %x {instance = ["exp"]} : tensor<?x8xf32>
  // expected-error @below {{'tensor.dim' of the result of an operator needs a constant dimension within the tensor's rank}}
  %d = tensor.dim %e, %i : tensor<?x8xf32>
  return %d : index
}
