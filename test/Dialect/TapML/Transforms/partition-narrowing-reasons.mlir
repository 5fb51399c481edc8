// What cannot be narrowed goes to the host, with the reason.
//
// RUN: tapml-opt %s --tapml-partition='targets=vulkan summary=false effective-plan=%t.json' -o /dev/null
// RUN: FileCheck %s --input-file=%t.json

// CHECK: "op": "eq", "place": "host", "rule": "default", "wanted": "vulkan", "reason": "needs the constant 5000000000 in i64, the profile lacks 'int64'"
// CHECK: "op": "unsqueeze", "place": "host", "rule": "default", "wanted": "vulkan", "reason": "computes in i64, the profile lacks 'int64'"
func.func @forward(%ids: tensor<?xi64>) -> (tensor<?xi1>, tensor<?x1xi64>) {
  %c = tapml.constant dense<5000000000> : tensor<i64>
  %q = tapml.eq %ids, %c {instance = ["eq"]} : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  %u = tapml.unsqueeze %ids dim 1 {instance = ["unsqueeze"]} : tensor<?xi64> -> tensor<?x1xi64>
  return %q, %u : tensor<?xi1>, tensor<?x1xi64>
}
