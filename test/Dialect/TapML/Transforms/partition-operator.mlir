// RUN: tapml-opt %s --tapml-partition='plan-json={"version":1,"rules":[{"match":{"op":"acme.square"},"place":"vulkan"}],"default":"host"} targets=vulkan' | FileCheck %s
// RUN: tapml-opt %s --tapml-partition='plan-json={"version":1,"rules":[],"default":"vulkan","unsupported":"host"} targets=vulkan effective-plan=-' -o /dev/null | FileCheck %s --check-prefix=PLAN

// An operator of other IR is placed by its name, and its region moves as it is;
// equal ones share an executable.

// CHECK: tapml.executable @acme_square_nx8 {
// CHECK:   tapml.variant @vulkan
// CHECK:     func.func @body(%[[X:.*]]: tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK:       tapml.operator "acme.square" ins(%[[X]] : tensor<?x8xf32>) sizes(%{{.*}}) attributes {instance = ["layer.0", "layer.1"]}
// CHECK:         linalg.square
// CHECK: tapml.executable @acme_rename_8xf32_nx8
// CHECK:   tapml.variant @host
// CHECK: func.func @forward
// CHECK-COUNT-2: tapml.dispatch @acme_square_nx8 on @vulkan
// PLAN: "instance": "layer.0", "op": "acme.square", "place": "vulkan"
// PLAN: "instance": "layer.1", "op": "acme.square", "place": "vulkan"
module attributes {tapml.version = 1 : i64} {
  func.func @forward(%x: tensor<?x8xf32> {tapml.name = "x", tapml.dims = ["n", ""]}) -> tensor<?x8xf32> {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    %0 = tapml.operator "acme.square" ins(%x : tensor<?x8xf32>) sizes(%n) attributes {instance = ["layer.0"]} -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %1 = linalg.square ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
      tapml.yield %1 : tensor<?x8xf32>
    }
    %2 = tapml.operator "acme.rename-8xf32" ins(%0 : tensor<?x8xf32>) sizes(%n) attributes {instance = ["between"]} -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %1 = linalg.negf ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
      tapml.yield %1 : tensor<?x8xf32>
    }
    %3 = tapml.operator "acme.square" ins(%2 : tensor<?x8xf32>) sizes(%n) attributes {instance = ["layer.1"]} -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %1 = linalg.square ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
      tapml.yield %1 : tensor<?x8xf32>
    }
    return %3 : tensor<?x8xf32>
  }
}
