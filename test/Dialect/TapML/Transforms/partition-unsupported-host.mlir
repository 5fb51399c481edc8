// An operator that its place cannot run goes to the host where the plan, or
// the rule against the plan, says so. The reason is recorded and the number
// reported.
//
// RUN: tapml-opt %s --tapml-partition='plan=%S/Inputs/integers.json targets=vulkan effective-plan=%t.json' --verify-diagnostics -o %t.mlir
// RUN: FileCheck %s --input-file=%t.json --check-prefix=PLAN
// RUN: FileCheck %s --input-file=%t.mlir

// PLAN: { "index": 0, "instance": "neg", "op": "neg", "place": "host", "rule": 1, "wanted": "vulkan", "reason": "{{.*}}i64{{.*}}" }

// expected-remark @below {{1 operator: 0 on vulkan, 1 on host (1 not supported where wanted); 1 region, 1 executable; 0 transfers of 0 bytes per run}}
module {
  // CHECK: tapml.dispatch @neg_4 on @host
  func.func @forward(%x: tensor<4xi64>) -> tensor<4xi64> {
    %n = tapml.neg %x {instance = ["neg"]} : tensor<4xi64>
    return %n : tensor<4xi64>
  }
}
