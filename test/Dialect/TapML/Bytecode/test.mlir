// Carved tests, which version 1 did not have at first; see 1.mlir.

// RUN: tapml-opt %s -o %t.text
// RUN: tapml-opt %S/Inputs/test.mlirbc -o %t.bytecode
// RUN: diff %t.text %t.bytecode

tapml.test @mask
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000004", tensor<2xf64>>, none)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000005", tensor<2xf32>>, none) {
^bb0(%x: tensor<?xf32>):
  %0 = tapml.tanh %x : tensor<?xf32>
  tapml.yield %0, %x : tensor<?xf32>, tensor<?xf32>
}
