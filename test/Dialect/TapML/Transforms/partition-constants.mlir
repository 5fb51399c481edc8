// Constants without dimensions are cloned into the regions that use them;
// other constants, and constants that are outputs, are operators like others.
//
// RUN: tapml-opt %s --tapml-partition='granularity=operator summary=false effective-plan=%t.json' | FileCheck %s
// RUN: FileCheck %s --input-file=%t.json --check-prefix=PLAN

// PLAN:      "instances": [
// PLAN-NEXT:   "op": "constant"
// PLAN-NEXT:   "op": "constant"
// PLAN-NEXT:   "op": "mul"
// PLAN-NEXT:   "op": "add"
// PLAN-NEXT: ]

// CHECK-LABEL: tapml.executable @mul_2
// CHECK:         tapml.constant dense<2.000000e+00> : tensor<f32>
// CHECK:         tapml.mul
// CHECK-LABEL: tapml.executable @add_2
// CHECK:         tapml.constant dense<2.000000e+00> : tensor<f32>
// CHECK:         tapml.add
// CHECK-LABEL: func.func @forward(
// CHECK:         tapml.dispatch @constant_2 on @host
// CHECK:         tapml.dispatch @constant_s on @host
func.func @forward(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<f32>) {
  %c = tapml.constant dense<2.0> : tensor<f32>
  %v = tapml.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %o = tapml.constant dense<3.0> : tensor<f32>
  %m = tapml.mul %v, %c {instance = ["mul"]} : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  %a = tapml.add %x, %c {instance = ["add"]} : tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  return %m, %a, %o : tensor<2xf32>, tensor<2xf32>, tensor<f32>
}
