// An operator that its place cannot run is an error where the plan says so, at
// the operator, with the rule; all of them are reported.
//
// RUN: not tapml-opt %s --tapml-partition='plan=%S/Inputs/integers.json targets=vulkan' 2>&1 | FileCheck %s

func.func @forward(%x: tensor<4xi64>) -> (tensor<4xi64>, tensor<4xi64>) {
  // CHECK: unsupported-error.mlir:[[@LINE+2]]:8: error: 'tapml.add' is not supported on profile 'vulkan': {{.*}}i64
  // CHECK: unsupported-error.mlir:[[@LINE+1]]:8: note: requested by rule 2 of {{.*}}integers.json ("op": ["add", "mul"], "dtype": "i64"); place it on "host", say "unsupported": "host", or use a profile that has what it needs
  %a = tapml.add %x, %x {instance = ["add"]} : tensor<4xi64>, tensor<4xi64> -> tensor<4xi64>
  // CHECK: unsupported-error.mlir:[[@LINE+1]]:8: error: 'tapml.mul' is not supported on profile 'vulkan'
  %m = tapml.mul %x, %a {instance = ["mul"]} : tensor<4xi64>, tensor<4xi64> -> tensor<4xi64>
  return %a, %m : tensor<4xi64>, tensor<4xi64>
}
