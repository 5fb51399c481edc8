// RUN: tapml-opt %s --tapml-lower-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$SWAP:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[$X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$W:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
// CHECK-DAG: #[[$Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$BIAS:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$A:.*]] = affine_map<(d0, d1, d2, d3) -> (0, d1, d3)>
// CHECK-DAG: #[[$B:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>

// The weight is transposed by itself, so that this is done once per load.

// CHECK-LABEL: func @linear
//  CHECK-SAME:   %[[X:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[W:[a-z0-9]*]]: tensor<16x8xf32>, %[[B:[a-z0-9]*]]: tensor<16xf32>
//       CHECK:   %[[WT:.*]] = linalg.generic {indexing_maps = [#[[$SWAP]], {{.*}} ins(%[[W]] : tensor<16x8xf32>) outs(%{{.*}} : tensor<8x16xf32>)
//       CHECK:   %[[ZERO:.*]] = linalg.fill
//       CHECK:   %[[P:.*]] = linalg.generic {indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%[[X]], %[[WT]] : {{.*}}) outs(%[[ZERO]] :
//       CHECK:     arith.mulf
//       CHECK:     arith.addf
//       CHECK:   linalg.generic {indexing_maps = [{{.*}}, #[[$BIAS]], {{.*}}], iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[P]], %[[B]] :
//       CHECK:     arith.addf
func.func @linear(%x: tensor<?x?x8xf32>, %w: tensor<16x8xf32>, %b: tensor<16xf32>) -> tensor<?x?x16xf32> {
  %0 = tapml.linear %x, %w bias %b : (tensor<?x?x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
  return %0 : tensor<?x?x16xf32>
}

// CHECK-LABEL: func @linear_without_bias
//       CHECK:   %[[P:.*]] = linalg.generic {{.*}} "reduction"]
//       CHECK:   return %[[P]]
func.func @linear_without_bias(%x: tensor<?x?x8xf32>, %w: tensor<16x8xf32>) -> tensor<?x?x16xf32> {
  %0 = tapml.linear %x, %w : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
  return %0 : tensor<?x?x16xf32>
}

// CHECK-LABEL: func @matmul_with_broadcast_batch
//       CHECK:   linalg.generic {indexing_maps = [#[[$A]], #[[$B]], #[[$Y]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
func.func @matmul_with_broadcast_batch(%a: tensor<1x4x8xf32>, %b: tensor<?x8x?xf32>) -> tensor<?x4x?xf32> {
  %0 = tapml.matmul %a, %b : tensor<1x4x8xf32>, tensor<?x8x?xf32> -> tensor<?x4x?xf32>
  return %0 : tensor<?x4x?xf32>
}
