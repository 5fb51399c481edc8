// RUN: tapml-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse | FileCheck %s

// Every operator says what its result's sizes are, so that a size does not
// depend on the tensor's elements.

// CHECK-LABEL: func @broadcast_prefers_known_and_repeating_sizes_last
//  CHECK-SAME:   %[[A:[a-z0-9]*]]: tensor<?x1xf32>, %[[B:[a-z0-9]*]]: tensor<1x?xf32>
//   CHECK-DAG:   %[[ROWS:.*]] = tensor.dim %[[A]], %c0
//   CHECK-DAG:   %[[COLUMNS:.*]] = tensor.dim %[[B]], %c1
//       CHECK:   return %[[ROWS]], %[[COLUMNS]]
func.func @broadcast_prefers_known_and_repeating_sizes_last(%a: tensor<?x1xf32>, %b: tensor<1x?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tapml.add %a, %b : tensor<?x1xf32>, tensor<1x?xf32> -> tensor<?x?xf32>
  %rows = tensor.dim %0, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %0, %c1 : tensor<?x?xf32>
  return %rows, %columns : index, index
}

// CHECK-LABEL: func @sizes_of_views
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[N:[a-z0-9]*]]: index
//   CHECK-DAG:   %[[D0:.*]] = tensor.dim %[[X]], %c0
//   CHECK-DAG:   %[[D1:.*]] = tensor.dim %[[X]], %c1
//       CHECK:   return %[[N]], %[[D1]], %[[D0]], %[[D1]], %[[N]]
func.func @sizes_of_views(%x: tensor<?x?x8xf32>, %n: index) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %reshaped = tapml.reshape %x sizes(%n) : tensor<?x?x8xf32> -> tensor<?x2xf32>
  %0 = tensor.dim %reshaped, %c0 : tensor<?x2xf32>
  %permuted = tapml.permute %x [2, 1, 0] : tensor<?x?x8xf32> -> tensor<8x?x?xf32>
  %1 = tensor.dim %permuted, %c1 : tensor<8x?x?xf32>
  %2 = tensor.dim %permuted, %c2 : tensor<8x?x?xf32>
  %unsqueezed = tapml.unsqueeze %x dim 0 : tensor<?x?x8xf32> -> tensor<1x?x?x8xf32>
  %3 = tensor.dim %unsqueezed, %c2 : tensor<1x?x?x8xf32>
  %sliced = tapml.slice %x dim 1 from %c0 to %n : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %4 = tensor.dim %sliced, %c1 : tensor<?x?x8xf32>
  return %0, %1, %2, %3, %4 : index, index, index, index, index
}

// CHECK-LABEL: func @size_of_range
//  CHECK-SAME:   %[[START:[a-z0-9]*]]: index, %[[END:[a-z0-9]*]]: index, %[[STEP:[a-z0-9]*]]: index
//       CHECK:   %[[EXTENT:.*]] = arith.subi %[[END]], %[[START]]
//       CHECK:   %[[COUNT:.*]] = arith.ceildivsi %[[EXTENT]], %[[STEP]]
//       CHECK:   %[[SIZE:.*]] = arith.maxsi %[[COUNT]], %c0
//       CHECK:   return %[[SIZE]]
func.func @size_of_range(%start: index, %end: index, %step: index) -> index {
  %c0 = arith.constant 0 : index
  %0 = tapml.arange %start to %end step %step : tensor<?xi64>
  %1 = tensor.dim %0, %c0 : tensor<?xi64>
  return %1 : index
}

// CHECK-LABEL: func @sizes_of_joins
//  CHECK-SAME:   %[[A:[a-z0-9]*]]: tensor<?x3xf32>, %[[B:[a-z0-9]*]]: tensor<?x?xf32>
//   CHECK-DAG:   %[[ROWS:.*]] = tensor.dim %[[A]], %c0
//   CHECK-DAG:   %[[COLUMNS:.*]] = tensor.dim %[[B]], %c1
//       CHECK:   %[[SUM:.*]] = arith.addi %[[COLUMNS]], %c3
//       CHECK:   return %[[ROWS]], %[[SUM]]
func.func @sizes_of_joins(%a: tensor<?x3xf32>, %b: tensor<?x?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tapml.concat %a, %b dim 1 : tensor<?x3xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  %1 = tensor.dim %0, %c0 : tensor<?x?xf32>
  %2 = tensor.dim %0, %c1 : tensor<?x?xf32>
  return %1, %2 : index, index
}

// CHECK-LABEL: func @sizes_of_reads
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x4x?xf32>, %[[I:[a-z0-9]*]]: tensor<?xi64>, %[[W:[a-z0-9]*]]: tensor<?x?xf32>
//   CHECK-DAG:   %[[X0:.*]] = tensor.dim %[[X]], %c0
//   CHECK-DAG:   %[[I0:.*]] = tensor.dim %[[I]], %c0
//   CHECK-DAG:   %[[X2:.*]] = tensor.dim %[[X]], %c2
//   CHECK-DAG:   %[[W1:.*]] = tensor.dim %[[W]], %c1
//       CHECK:   return %[[X0]], %[[I0]], %[[X2]], %[[I0]], %[[W1]]
func.func @sizes_of_reads(%x: tensor<?x4x?xf32>, %i: tensor<?xi64>, %w: tensor<?x?xf32>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %indexed = tapml.index %x[%i] dims [1] : (tensor<?x4x?xf32>, tensor<?xi64>) -> tensor<?x?x?xf32>
  %0 = tensor.dim %indexed, %c0 : tensor<?x?x?xf32>
  %1 = tensor.dim %indexed, %c1 : tensor<?x?x?xf32>
  %2 = tensor.dim %indexed, %c2 : tensor<?x?x?xf32>
  %rows = tapml.embedding %w, %i : tensor<?x?xf32>, tensor<?xi64> -> tensor<?x?xf32>
  %3 = tensor.dim %rows, %c0 : tensor<?x?xf32>
  %4 = tensor.dim %rows, %c1 : tensor<?x?xf32>
  return %0, %1, %2, %3, %4 : index, index, index, index, index
}

// CHECK-LABEL: func @sizes_of_products
//  CHECK-SAME:   %[[Q:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[K:[a-z0-9]*]]: tensor<1x?x8xf32>, %[[V:[a-z0-9]*]]: tensor<1x?x?xf32>
//   CHECK-DAG:   %[[Q0:.*]] = tensor.dim %[[Q]], %c0
//   CHECK-DAG:   %[[Q1:.*]] = tensor.dim %[[Q]], %c1
//   CHECK-DAG:   %[[V2:.*]] = tensor.dim %[[V]], %c2
//       CHECK:   return %[[Q0]], %[[Q1]], %[[V2]], %[[Q0]], %[[Q1]], %[[V2]]
func.func @sizes_of_products(%q: tensor<?x?x8xf32>, %k: tensor<1x?x8xf32>, %v: tensor<1x?x?xf32>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = tapml.scaled_dot_product_attention %q, %k, %v {scale = 1.0 : f64} : (tensor<?x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x?xf32>) -> tensor<?x?x?xf32>
  %0 = tensor.dim %a, %c0 : tensor<?x?x?xf32>
  %1 = tensor.dim %a, %c1 : tensor<?x?x?xf32>
  %2 = tensor.dim %a, %c2 : tensor<?x?x?xf32>
  %m = tapml.matmul %q, %v : tensor<?x?x8xf32>, tensor<1x?x?xf32> -> tensor<?x?x?xf32>
  %3 = tensor.dim %m, %c0 : tensor<?x?x?xf32>
  %4 = tensor.dim %m, %c1 : tensor<?x?x?xf32>
  %5 = tensor.dim %m, %c2 : tensor<?x?x?xf32>
  return %0, %1, %2, %3, %4, %5 : index, index, index, index, index, index
}

// CHECK-LABEL: func @sizes_of_reductions
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?x?xf32>
//   CHECK-DAG:   %[[D0:.*]] = tensor.dim %[[X]], %c0
//   CHECK-DAG:   %[[D2:.*]] = tensor.dim %[[X]], %c2
//       CHECK:   return %[[D2]], %[[D0]]
func.func @sizes_of_reductions(%x: tensor<?x?x?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tapml.sum %x dims [1] : tensor<?x?x?xf32> -> tensor<?x?xf32>
  %1 = tensor.dim %0, %c1 : tensor<?x?xf32>
  %2 = tapml.amax %x dims [1, 2] {keepdim = true} : tensor<?x?x?xf32> -> tensor<?x1x1xf32>
  %3 = tensor.dim %2, %c0 : tensor<?x1x1xf32>
  return %1, %3 : index, index
}
