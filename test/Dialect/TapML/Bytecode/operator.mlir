// Operators of other dialects, and entry points with sizes in a uniform buffer
// or views of texels, which version 1 did not have at first; see 1.mlir.

// RUN: tapml-opt %s -o %t.text
// RUN: tapml-opt %S/Inputs/operator.mlirbc -o %t.bytecode
// RUN: diff %t.text %t.bytecode

tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["texels f32x4", "write"], sizes = 40 in uniform_buffer, workgroup = [64, 1, 1]>] [3, 2, 35, 7]

func.func @operator(%x: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  %0 = tapml.operator "acme.square" ins(%x : tensor<?x8xf32>) sizes(%n) attributes {instance = ["layer.0.square"]} -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = linalg.square ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
    tapml.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
