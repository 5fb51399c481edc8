// A script says which modules still show the fault (exit status 1, as for
// mlir-reduce); operators that it does not need become operands or zeros.

// RUN: tapml-reduce %s --reduction-tree='traversal-mode=0 test=%S/Inputs/has_softmax.sh' | FileCheck %s

// CHECK: func.func @forward(%[[X:.*]]: tensor<?x20xf32>
// CHECK-NOT: tapml.{{gelu|linear|sum|add}}
// CHECK: %[[Y:.*]] = tapml.softmax
// CHECK-NOT: tapml.{{gelu|linear|sum|add}}
// CHECK: return
module {
  func.func @forward(%x: tensor<?x20xf32>, %w: tensor<20x20xf32>) -> tensor<?xf32> {
    %0 = tapml.gelu %x {instance = ["act"]} : tensor<?x20xf32>
    %1 = tapml.linear %0, %w {instance = ["dense"]} : (tensor<?x20xf32>, tensor<20x20xf32>) -> tensor<?x20xf32>
    %2 = tapml.softmax %1 dim 1 {instance = ["softmax"]} : tensor<?x20xf32>
    %3 = tapml.add %2, %1 {instance = ["residual"]} : tensor<?x20xf32>, tensor<?x20xf32> -> tensor<?x20xf32>
    %4 = tapml.sum %3 dims [1] {instance = ["sum"]} : tensor<?x20xf32> -> tensor<?xf32>
    return %4 : tensor<?xf32>
  }
}
