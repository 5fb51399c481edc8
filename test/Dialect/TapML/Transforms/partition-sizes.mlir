// Sizes are computed from those of the graph's inputs. A body computes what it
// can from its tensors and takes the rest as arguments.
//
// RUN: tapml-opt %s --split-input-file --tapml-partition='granularity=operator summary=false' | FileCheck %s

// CHECK-LABEL: tapml.executable @exp_nx8
// CHECK-LABEL: tapml.executable @reshape_n {
// CHECK:         func.func @body(%[[X:.*]]: tensor<?x8xf32>) -> tensor<?xf32> {
// CHECK-DAG:       %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:       %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG:       %[[DIM:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK:           %[[SIZE:.*]] = arith.muli %[[DIM]], %[[C8]]
// CHECK:           tapml.reshape %[[X]] sizes(%[[SIZE]])

// CHECK-LABEL: func.func @from_tensors(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
func.func @from_tensors(%x: tensor<?x8xf32>) -> tensor<?xf32> {
  // CHECK: %[[ROWS:.*]] = tensor.dim %[[X]], %{{.*}}
  // CHECK-NOT: tensor.dim
  // CHECK: tensor.empty(%[[ROWS]]) : tensor<?x8xf32>
  // CHECK: %[[SIZE:.*]] = arith.muli %[[ROWS]], %{{.*}}
  // CHECK: tensor.empty(%[[SIZE]]) : tensor<?xf32>
  // CHECK: tapml.dispatch @reshape_n on @host ins(
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %e = tapml.exp %x {instance = ["exp"]} : tensor<?x8xf32>
  %rows = tensor.dim %e, %c0 : tensor<?x8xf32>
  %size = arith.muli %rows, %c8 : index
  %r = tapml.reshape %e sizes(%size) {instance = ["reshape"]} : tensor<?x8xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// The size of another tensor is an argument.
//
// CHECK-LABEL: tapml.executable @expand_n {
// CHECK:         func.func @body(%[[X:.*]]: tensor<1xf32>, %[[N:.*]]: index) -> tensor<?xf32> {
// CHECK-NEXT:      tapml.expand %[[X]] sizes(%[[N]])

// CHECK-LABEL: func.func @arguments(
// CHECK-SAME:    %[[X:.*]]: tensor<1xf32>, %[[Y:.*]]: tensor<?xf32>
func.func @arguments(%x: tensor<1xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[Y]]
  // CHECK: tapml.dispatch @expand_n on @host sizes(%[[N]]) ins(%[[X]] :
  %c0 = arith.constant 0 : index
  %n = tensor.dim %y, %c0 : tensor<?xf32>
  %r = tapml.expand %x sizes(%n) {instance = ["expand"]} : tensor<1xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// Sizes of one name are one size.
//
// CHECK-LABEL: func.func @names(
// CHECK-SAME:    %[[X:.*]]: tensor<?xf32> {{.*}}, %[[Y:.*]]: tensor<?xf32>
func.func @names(%x: tensor<?xf32> {tapml.dims = ["n"]}, %y: tensor<?xf32> {tapml.dims = ["n"]}) -> tensor<?xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK-NOT: tensor.dim
  // CHECK: tensor.empty(%[[N]])
  %0 = tapml.exp %y {instance = ["exp"]} : tensor<?xf32>
  return %0 : tensor<?xf32>
}
