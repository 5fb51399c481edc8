// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
// CHECK-DAG: #[[$V:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-DAG: #[[$MASK:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>

// CHECK-LABEL: func @boolean_mask
//  CHECK-SAME:   %[[Q:[a-z0-9]*]]: tensor<?x12x?x32xf32>, %[[KEY:[a-z0-9]*]]: tensor<?x12x?x32xf32>, %[[VALUE:[a-z0-9]*]]: tensor<?x12x?x32xf32>, %[[M:[a-z0-9]*]]: tensor<?x1x?x?xi1>
//   CHECK-DAG:   %[[MINUS_INFINITY:.*]] = arith.constant 0xFF800000 : f32
//   CHECK-DAG:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
//   CHECK-DAG:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32

// Scores: query times key, scaled, masked.
//       CHECK:   %[[QK:.*]] = linalg.generic {indexing_maps = [#[[$Q]], #[[$K]], {{.*}} "reduction"]} ins(%[[Q]], %[[KEY]] :
//       CHECK:   %[[SCORES:.*]] = linalg.generic {indexing_maps = [{{.*}}, #[[$MASK]], {{.*}} ins(%[[QK]], %[[M]] :
//       CHECK:   ^bb0(%[[S:.*]]: f32, %[[KEPT:.*]]: i1,
//       CHECK:     %[[SCALED:.*]] = arith.mulf %[[S]], %{{.*}}
//       CHECK:     arith.select %[[KEPT]], %[[SCALED]], %[[MINUS_INFINITY]]

// Softmax: a row with nothing kept is zero, as in PyTorch, so that its largest
// score and its sum are replaced.
//       CHECK:   %[[MAX:.*]] = linalg.generic {{.*}} "reduction"]} ins(%[[SCORES]] :
//       CHECK:     arith.maximumf
//       CHECK:   %[[FINITE:.*]] = linalg.generic {{.*}} ins(%[[MAX]] :
//       CHECK:     %[[MASKED:.*]] = arith.cmpf oeq, %{{.*}}, %[[MINUS_INFINITY]]
//       CHECK:     arith.select %[[MASKED]], %[[ZERO]]
//       CHECK:   %[[POWERS:.*]] = linalg.generic {{.*}} ins(%[[SCORES]], %[[FINITE]] :
//       CHECK:     arith.subf
//       CHECK:     math.exp
//       CHECK:   %[[SUM:.*]] = linalg.generic {{.*}} "reduction"]} ins(%[[POWERS]] :
//       CHECK:     arith.addf
//       CHECK:   %[[DIVISOR:.*]] = linalg.generic {{.*}} ins(%[[SUM]] :
//       CHECK:     %[[NONE:.*]] = arith.cmpf oeq, %{{.*}}, %[[ZERO]]
//       CHECK:     arith.select %[[NONE]], %[[ONE]]
//       CHECK:   %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%[[POWERS]], %[[DIVISOR]] :
//       CHECK:     arith.divf

//       CHECK:   %[[Y:.*]] = linalg.generic {indexing_maps = [#[[$Q]], #[[$V]], {{.*}} "reduction"]} ins(%[[WEIGHTS]], %[[VALUE]] :
//       CHECK:   return %[[Y]]
func.func @boolean_mask(%q: tensor<?x12x?x32xf32>, %k: tensor<?x12x?x32xf32>, %v: tensor<?x12x?x32xf32>, %m: tensor<?x1x?x?xi1>) -> tensor<?x12x?x32xf32> {
  %0 = tapml.scaled_dot_product_attention %q, %k, %v mask %m {scale = 0.25 : f64} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x?x?xi1>) -> tensor<?x12x?x32xf32>
  return %0 : tensor<?x12x?x32xf32>
}

// CHECK-LABEL: func @float_mask
//       CHECK:   ^bb0(%[[S:.*]]: f32, %[[MASK:.*]]: f32, %{{.*}}: f32):
//       CHECK:     arith.mulf
//       CHECK:     %[[SCALED:.*]] = arith.mulf %{{.*}}, %{{.*}}
//       CHECK:     arith.addf %[[SCALED]], %{{.*}}
//   CHECK-NOT:     arith.select
//       CHECK:     arith.maximumf
func.func @float_mask(%q: tensor<?x32xf32>, %m: tensor<?x?xf32>) -> tensor<?x32xf32> {
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 0.25 : f64} : (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x?xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func @causal
//       CHECK:     %[[ROW:.*]] = linalg.index 0
//       CHECK:     %[[COLUMN:.*]] = linalg.index 1
//       CHECK:     %[[SEEN:.*]] = arith.cmpi sle, %[[COLUMN]], %[[ROW]]
//       CHECK:     arith.select %[[SEEN]]
func.func @causal(%q: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = tapml.scaled_dot_product_attention %q, %q, %q {scale = 0.25 : f64, is_causal = true} : (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
