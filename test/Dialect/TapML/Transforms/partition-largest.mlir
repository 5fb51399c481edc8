// With granularity=largest operators of one place become one region where no
// path between them leads through another place.
//
// RUN: tapml-opt %s --split-input-file --tapml-partition='plan-json={"version":1,"rules":[{"match":{"op":["exp","add","mul"]},"place":"vulkan"}]} targets=vulkan summary=false' | FileCheck %s

// add needs exp and, through the host, neg of exp: merging it with exp would
// make the region depend on itself.
//
// CHECK-LABEL: func.func @diamond(
func.func @diamond(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tapml.dispatch @exp_4 on @vulkan {{.*}}instances = ["exp"]
  // CHECK: tapml.dispatch @neg_4 on @host {{.*}}instances = ["neg"]
  // CHECK: tapml.dispatch @add_mul on @vulkan {{.*}}instances = ["add", "mul"]
  %e = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  %n = tapml.neg %e {instance = ["neg"]} : tensor<4xf32>
  %a = tapml.add %e, %n {instance = ["add"]} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  %m = tapml.mul %a, %a {instance = ["mul"]} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %m : tensor<4xf32>
}

// -----

// Operators that do not depend on each other are merged too.
//
// CHECK-LABEL: func.func @unconnected(
func.func @unconnected(%x: tensor<4xf32>, %y: tensor<5xf32>) -> (tensor<4xf32>, tensor<5xf32>) {
  // CHECK: tapml.dispatch @exp_exp on @vulkan {{.*}}instances = ["exp.x", "exp.y"]
  // CHECK-NOT: tapml.dispatch
  %0 = tapml.exp %x {instance = ["exp.x"]} : tensor<4xf32>
  %1 = tapml.exp %y {instance = ["exp.y"]} : tensor<5xf32>
  return %0, %1 : tensor<4xf32>, tensor<5xf32>
}

// -----

// exp has the level of the graph's inputs, but only mul uses it, which comes
// after the host: it joins mul's region.
//
// CHECK-LABEL: func.func @sinks_to_its_user(
func.func @sinks_to_its_user(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: tapml.dispatch @neg_4 on @host
  // CHECK: tapml.dispatch @exp_mul on @vulkan {{.*}}instances = ["exp", "mul"]
  // CHECK-NOT: tapml.dispatch
  %e = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  %n = tapml.neg %x {instance = ["neg"]} : tensor<4xf32>
  %m = tapml.mul %n, %e {instance = ["mul"]} : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return %m : tensor<4xf32>
}

// -----

// Code that stays in the graph and reads a computed value waits for it, and
// operators wait for the code.
//
// CHECK-LABEL: func.func @waits_for_code(
func.func @waits_for_code(%x: tensor<8x4xf32>, %n: tensor<i64>) -> tensor<?x4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: %[[S:.*]] = tapml.dispatch @neg_s on @host
  // CHECK: %[[V:.*]] = tensor.extract %[[S]][]
  // CHECK: %[[I:.*]] = arith.index_cast %[[V]] : i64 to index
  // CHECK: tapml.dispatch @slice_nx4 on @host sizes(%[[I]]) ins(
  %s = tapml.neg %n {instance = ["neg"]} : tensor<i64>
  %v = tensor.extract %s[] : tensor<i64>
  %i = arith.index_cast %v : i64 to index
  %y = tapml.slice %x dim 0 from %zero to %i step 1 {instance = ["slice"]} : tensor<8x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
