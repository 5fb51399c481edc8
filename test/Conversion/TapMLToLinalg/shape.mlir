// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func @constant
//       CHECK:   arith.constant dense<[1, 2]> : tensor<2xi64>
func.func @constant() -> tensor<2xi64> {
  %0 = tapml.constant dense<[1, 2]> : tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

// CHECK-LABEL: func @full
//  CHECK-SAME:   %[[N:.*]]: index
//       CHECK:   %[[VALUE:.*]] = arith.constant 1.500000e+00 : f32
//       CHECK:   %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?x16xf32>
//       CHECK:   linalg.fill ins(%[[VALUE]] : f32) outs(%[[INIT]] : tensor<?x16xf32>)
func.func @full(%n: index) -> tensor<?x16xf32> {
  %0 = tapml.full 1.5 : f32 sizes(%n) : tensor<?x16xf32>
  return %0 : tensor<?x16xf32>
}

// -----

// CHECK-LABEL: func @arange
//  CHECK-SAME:   %[[START:[a-z0-9]*]]: index, %[[END:[a-z0-9]*]]: index, %[[STEP:[a-z0-9]*]]: index
//       CHECK:   linalg.generic
//       CHECK:     %[[I:.*]] = linalg.index 0
//       CHECK:     %[[OFFSET:.*]] = arith.muli %[[I]], %[[STEP]]
//       CHECK:     %[[NUMBER:.*]] = arith.addi %[[START]], %[[OFFSET]]
//       CHECK:     arith.index_cast %[[NUMBER]] : index to i64
func.func @arange(%start: index, %end: index, %step: index) -> tensor<?xi64> {
  %0 = tapml.arange %start to %end step %step : tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$MAP:.*]] = affine_map<(d0, d1, d2) -> (d2, d0, d1)>
// CHECK-LABEL: func @permute
//       CHECK:   linalg.generic {indexing_maps = [#[[$MAP]], #[[$ID]]], {{.*}} ins(%{{.*}} : tensor<2x3x?xf32>) outs(%{{.*}} : tensor<3x?x2xf32>)
func.func @permute(%x: tensor<2x3x?xf32>) -> tensor<3x?x2xf32> {
  %0 = tapml.permute %x [1, 2, 0] : tensor<2x3x?xf32> -> tensor<3x?x2xf32>
  return %0 : tensor<3x?x2xf32>
}

// -----

// CHECK-LABEL: func @identity_with_instance_costs_nothing
//  CHECK-SAME:   %[[X:.*]]: tensor<?x4xf32>
//       CHECK:   return %[[X]]
func.func @identity_with_instance_costs_nothing(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = tapml.permute %x [0, 1] {instance = ["t"]} : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func @unsqueeze
//       CHECK:   tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2]] output_shape {{.*}} : tensor<?x?xi1> into tensor<?x1x?xi1>
func.func @unsqueeze(%x: tensor<?x?xi1>) -> tensor<?x1x?xi1> {
  %0 = tapml.unsqueeze %x dim 1 : tensor<?x?xi1> -> tensor<?x1x?xi1>
  return %0 : tensor<?x1x?xi1>
}

// -----

// CHECK-LABEL: func @squeeze_to_rank_0
//       CHECK:   tensor.collapse_shape %{{.*}} [] : tensor<1x1xf32> into tensor<f32>
func.func @squeeze_to_rank_0(%x: tensor<1x1xf32>) -> tensor<f32> {
  %0 = tapml.squeeze %x dims [0, 1] : tensor<1x1xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-DAG: #[[$MAP:.*]] = affine_map<(d0, d1, d2) -> (d1, 0)>
// CHECK-LABEL: func @expand
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x1xf32>, %[[A:[a-z0-9]*]]: index, %[[B:[a-z0-9]*]]: index
//       CHECK:   tensor.empty(%[[A]], %[[B]]) : tensor<?x?x4xf32>
//       CHECK:   linalg.generic {indexing_maps = [#[[$MAP]],
func.func @expand(%x: tensor<?x1xf32>, %a: index, %b: index) -> tensor<?x?x4xf32> {
  %0 = tapml.expand %x sizes(%a, %b) : tensor<?x1xf32> -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}

// -----

// CHECK-LABEL: func @slice_from_start
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<1x512xi64>, %[[END:[a-z0-9]*]]: index
//       CHECK:   tensor.extract_slice %[[X]][0, 0] [1, %[[END]]] [1, 1] : tensor<1x512xi64> to tensor<1x?xi64>
func.func @slice_from_start(%x: tensor<1x512xi64>, %end: index) -> tensor<1x?xi64> {
  %c0 = arith.constant 0 : index
  %0 = tapml.slice %x dim 1 from %c0 to %end : tensor<1x512xi64> -> tensor<1x?xi64>
  return %0 : tensor<1x?xi64>
}

// -----

// CHECK-LABEL: func @slice_with_step
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?xf32>, %[[START:[a-z0-9]*]]: index, %[[END:[a-z0-9]*]]: index
//   CHECK-DAG:   %[[EXTENT:.*]] = arith.subi %[[END]], %[[START]]
//   CHECK-DAG:   %[[COUNT:.*]] = arith.ceildivsi %[[EXTENT]], %c3
//   CHECK-DAG:   %[[SIZE:.*]] = arith.maxsi %[[COUNT]], %c0
//       CHECK:   tensor.extract_slice %[[X]][%[[START]]] [%[[SIZE]]] [3]
func.func @slice_with_step(%x: tensor<?xf32>, %start: index, %end: index) -> tensor<?xf32> {
  %0 = tapml.slice %x dim 0 from %start to %end step 3 : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func @select
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[I:[a-z0-9]*]]: index
//       CHECK:   tensor.extract_slice %[[X]][0, %[[I]], 0] [%{{.*}}, 1, 8] [1, 1, 1] : tensor<?x?x8xf32> to tensor<?x8xf32>
func.func @select(%x: tensor<?x?x8xf32>, %i: index) -> tensor<?x8xf32> {
  %0 = tapml.select %x dim 1 at %i : tensor<?x?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Every operand is read at a place that it has.

// CHECK-LABEL: func @concat
//  CHECK-SAME:   %[[A:[a-z0-9]*]]: tensor<2x3xf32>, %[[B:[a-z0-9]*]]: tensor<2x?xf32>
//   CHECK-DAG:   %[[SIZE:.*]] = tensor.dim %[[B]], %c1
//   CHECK-DAG:   %[[LAST:.*]] = arith.subi %[[SIZE]], %c1
//       CHECK:   linalg.generic
//   CHECK-DAG:     %[[ROW:.*]] = linalg.index 0
//   CHECK-DAG:     %[[COLUMN:.*]] = linalg.index 1
//       CHECK:     %[[A1:.*]] = arith.minsi %[[COLUMN]], %c2
//       CHECK:     %[[A2:.*]] = arith.maxsi %[[A1]], %c0
//       CHECK:     %[[FROM_A:.*]] = tensor.extract %[[A]][%[[ROW]], %[[A2]]]
//       CHECK:     %[[B0:.*]] = arith.subi %[[COLUMN]], %c3
//       CHECK:     %[[B1:.*]] = arith.minsi %[[B0]], %[[LAST]]
//       CHECK:     %[[B2:.*]] = arith.maxsi %[[B1]], %c0
//       CHECK:     %[[FROM_B:.*]] = tensor.extract %[[B]][%[[ROW]], %[[B2]]]
//       CHECK:     %[[REACHED:.*]] = arith.cmpi sge, %[[COLUMN]], %c3
//       CHECK:     %[[R:.*]] = arith.select %[[REACHED]], %[[FROM_B]], %[[FROM_A]]
//       CHECK:     linalg.yield %[[R]]
func.func @concat(%a: tensor<2x3xf32>, %b: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %0 = tapml.concat %a, %b dim 1 : tensor<2x3xf32>, tensor<2x?xf32> -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// -----

// CHECK-LABEL: func @concat_leaves_out_empty_operands
//  CHECK-SAME:   %[[A:[a-z0-9]*]]: tensor<2x0xf32>, %[[B:[a-z0-9]*]]: tensor<2x?xf32>
//   CHECK-NOT:   tensor.extract %[[A]]
//       CHECK:   tensor.extract %[[B]]
func.func @concat_leaves_out_empty_operands(%a: tensor<2x0xf32>, %b: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %0 = tapml.concat %a, %b dim 1 : tensor<2x0xf32>, tensor<2x?xf32> -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}
