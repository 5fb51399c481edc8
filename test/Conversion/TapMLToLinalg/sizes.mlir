// RUN: tapml-opt %s --tapml-lower-to-linalg --cse | FileCheck %s

// Sizes come from the function's arguments, not from what it computes.

// CHECK-LABEL: func @size_of_intermediate_result
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?xf32>, %[[N:[a-z0-9]*]]: index
//       CHECK:   %[[C0:.*]] = arith.constant 0 : index
//       CHECK:   %[[ROWS:.*]] = tensor.dim %[[X]], %[[C0]] : tensor<?x?xf32>
//       CHECK:   return %[[ROWS]], %[[N]] : index, index
func.func @size_of_intermediate_result(%x: tensor<?x?xf32>, %n: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tapml.tanh %x : tensor<?x?xf32>
  %1 = tapml.permute %0 [1, 0] : tensor<?x?xf32> -> tensor<?x?xf32>
  %rows = tensor.dim %1, %c1 : tensor<?x?xf32>
  %2 = tapml.reshape %1 sizes(%n) : tensor<?x?xf32> -> tensor<?x2xf32>
  %3 = tapml.exp %2 : tensor<?x2xf32>
  %count = tensor.dim %3, %c0 : tensor<?x2xf32>
  return %rows, %count : index, index
}

// CHECK-LABEL: func @size_of_joined_dimensions
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?xf32>
//   CHECK-DAG:   %[[ROWS:.*]] = tensor.dim %[[X]], %c0
//   CHECK-DAG:   %[[COLUMNS:.*]] = tensor.dim %[[X]], %c1
//       CHECK:   %[[COUNT:.*]] = arith.muli %[[ROWS]], %[[COLUMNS]]
//       CHECK:   return %[[COUNT]]
func.func @size_of_joined_dimensions(%x: tensor<?x?xf32>, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %0 = tapml.reshape %x sizes(%n) : tensor<?x?xf32> -> tensor<?xf32>
  %1 = tapml.exp %0 : tensor<?xf32>
  %count = tensor.dim %1, %c0 : tensor<?xf32>
  return %count : index
}

// CHECK-LABEL: func @structure_stays
//       CHECK:   tapml.get_global @w
//       CHECK:   tapml.transfer
tapml.global @w : tensor<4xf32>
func.func @structure_stays(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = tapml.get_global @w : tensor<4xf32>
  %0 = tapml.transfer %x to @vulkan : tensor<?x4xf32> -> tensor<?x4xf32>
  // CHECK-NOT: tapml.add
  %1 = tapml.add %0, %w : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
