// The graphs of a module share executables; instances are unique in a graph.
//
// RUN: tapml-opt %s --tapml-partition='summary=false effective-plan=%t.json' | FileCheck %s --implicit-check-not=tapml.executable
// RUN: tapml-opt %s --tapml-partition='summary=false plan=%t.json effective-plan=%t.2.json' -o /dev/null
// RUN: diff %t.json %t.2.json
// RUN: FileCheck %s --input-file=%t.json --check-prefix=PLAN

// PLAN: { "index": 0, "graph": "prefill", "instance": "exp", "op": "exp"
// PLAN: { "index": 1, "graph": "decode", "instance": "exp", "op": "exp"

// CHECK: tapml.executable @exp_4
// CHECK-LABEL: func.func @prefill
func.func @prefill(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tapml.dispatch @exp_4
  %0 = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK-LABEL: func.func @decode
func.func @decode(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tapml.dispatch @exp_4
  %0 = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  return %0 : tensor<4xf32>
}
