// RUN: tapml-opt %s | tapml-opt | FileCheck %s
// RUN: tapml-opt %s --emit-bytecode | tapml-opt | FileCheck %s

// CHECK: tapml.test @encoder.act
// CHECK-NEXT: {{^}}    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<1x2xf32>>)
// CHECK-NEXT: {{^}}    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<1x2xf32>>)
// CHECK-NEXT: {{^}}    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<1x2xf64>>)
// CHECK-NEXT: {{^}}    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000004", tensor<1x2xf32>>) {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x2xf32>):
// CHECK-NEXT:   %[[Y:.*]] = tapml.gelu %[[X]]
// CHECK-NEXT:   tapml.yield %[[Y]] : tensor<?x2xf32>
tapml.test @encoder.act
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<1x2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<1x2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<1x2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000004", tensor<1x2xf32>>) {
^bb0(%x: tensor<?x2xf32>):
  %y = tapml.gelu %x {instance = ["encoder.act"]} : tensor<?x2xf32>
  tapml.yield %y : tensor<?x2xf32>
}

// Several tensors stand below each other, and what must be equal has neither
// oracle nor bound.

// CHECK: tapml.test @mask
// CHECK-NEXT: {{^}}    inputs(#tapml.data<"{{0*1}}", tensor<2xi64>>,
// CHECK-NEXT: {{^}}           #tapml.data<"{{0*2}}", tensor<i64>>)
// CHECK-NEXT: {{^}}    expects(#tapml.data<"{{0*3}}", tensor<2xi1>>,
// CHECK-NEXT: {{^}}            #tapml.data<"{{0*1}}", tensor<2xi64>>)
// CHECK-NEXT: {{^}}    oracle(none,
// CHECK-NEXT: {{^}}           none)
// CHECK-NEXT: {{^}}    bound(none,
// CHECK-NEXT: {{^}}          none) {
tapml.test @mask
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xi64>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<i64>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xi1>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xi64>>)
    oracle(none, none) bound(none, none) {
^bb0(%x: tensor<?xi64>, %y: tensor<i64>):
  %0 = tapml.ge %x, %y : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  tapml.yield %0, %x : tensor<?xi1>, tensor<?xi64>
}

// Nothing to give and nothing to get is possible too.

// CHECK: tapml.test @full
// CHECK-NEXT: inputs()
tapml.test @full inputs() expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<i1>>) oracle(none) bound(none) {
  %0 = tapml.full true : tensor<i1>
  tapml.yield %0 : tensor<i1>
}
