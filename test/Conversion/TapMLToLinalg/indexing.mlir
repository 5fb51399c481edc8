// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$IDS:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$ROWS:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, 0)>
// CHECK-DAG: #[[$COLUMNS:.*]] = affine_map<(d0, d1, d2, d3) -> (d2)>

// An id that is not a row reads the nearest row.

// CHECK-LABEL: func @embedding
//  CHECK-SAME:   %[[W:[a-z0-9]*]]: tensor<100x8xf32>, %[[IDS:[a-z0-9]*]]: tensor<?x?xi64>
//       CHECK:   linalg.generic {indexing_maps = [#[[$IDS]], {{.*}} ins(%[[IDS]] : tensor<?x?xi64>)
//       CHECK:   ^bb0(%[[ID:.*]]: i64,
//       CHECK:     %[[ROW:.*]] = arith.index_cast %[[ID]] : i64 to index
//       CHECK:     %[[LOW:.*]] = arith.minsi %[[ROW]], %c99
//       CHECK:     %[[VALID:.*]] = arith.maxsi %[[LOW]], %c0
//       CHECK:     %[[COLUMN:.*]] = linalg.index 2
//       CHECK:     tensor.extract %[[W]][%[[VALID]], %[[COLUMN]]]
func.func @embedding(%w: tensor<100x8xf32>, %ids: tensor<?x?xi64>) -> tensor<?x?x8xf32> {
  %0 = tapml.embedding %w, %ids : tensor<100x8xf32>, tensor<?x?xi64> -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @gather
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x8xf32>, %[[INDEX:[a-z0-9]*]]: tensor<?x2xi32>
//       CHECK:   linalg.generic {{.*}} ins(%[[INDEX]] : tensor<?x2xi32>)
//       CHECK:     %[[ROW:.*]] = linalg.index 0
//       CHECK:     arith.index_cast %{{.*}} : i32 to index
//       CHECK:     arith.minsi %{{.*}}, %c7
//       CHECK:     %[[COLUMN:.*]] = arith.maxsi %{{.*}}, %c0
//       CHECK:     tensor.extract %[[X]][%[[ROW]], %[[COLUMN]]]
func.func @gather(%x: tensor<?x8xf32>, %i: tensor<?x2xi32>) -> tensor<?x2xf32> {
  %0 = tapml.gather %x, %i dim 1 : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// A negative index counts from the end.

// CHECK-LABEL: func @index_in_the_middle
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<2x?x4x8xf32>, %[[I:[a-z0-9]*]]: tensor<?x1xi64>, %[[J:[a-z0-9]*]]: tensor<?xi64>
//   CHECK-DAG:   %[[SIZE:.*]] = tensor.dim %[[X]], %c1
//   CHECK-DAG:   %[[LAST:.*]] = arith.subi %[[SIZE]], %c1
//       CHECK:   linalg.generic {indexing_maps = [#[[$ROWS]], #[[$COLUMNS]], {{.*}} ins(%[[I]], %[[J]] :
//       CHECK:   ^bb0(%[[IN:.*]]: i64, %{{.*}}: i64, %{{.*}}: f32):
//       CHECK:     %[[D0:.*]] = linalg.index 0
//       CHECK:     %[[PLACE:.*]] = arith.index_cast %[[IN]]
//       CHECK:     %[[WRAPPED:.*]] = arith.addi %[[PLACE]], %[[SIZE]]
//       CHECK:     %[[NEGATIVE:.*]] = arith.cmpi slt, %[[PLACE]], %c0
//       CHECK:     %[[CHOSEN:.*]] = arith.select %[[NEGATIVE]], %[[WRAPPED]], %[[PLACE]]
//       CHECK:     %[[LOW:.*]] = arith.minsi %[[CHOSEN]], %[[LAST]]
//       CHECK:     %[[D1:.*]] = arith.maxsi %[[LOW]], %c0
//       CHECK:     %[[D3:.*]] = linalg.index 3
//       CHECK:     tensor.extract %[[X]][%[[D0]], %[[D1]], %{{.*}}, %[[D3]]]
func.func @index_in_the_middle(%x: tensor<2x?x4x8xf32>, %i: tensor<?x1xi64>, %j: tensor<?xi64>) -> tensor<2x?x?x8xf32> {
  %0 = tapml.index %x[%i, %j] dims [1, 2] : (tensor<2x?x4x8xf32>, tensor<?x1xi64>, tensor<?xi64>) -> tensor<2x?x?x8xf32>
  return %0 : tensor<2x?x?x8xf32>
}
