// RUN: tapml-opt %s --tapml-emit-kernels=profile=host --canonicalize --cse | FileCheck %s

// Whole tiles take the fast path; in the last one, columns behind the last are
// read as the last one, and each column is stored by itself.

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @body(%a: tensor<8x64xf32>, %b: tensor<64x?xf32>) -> tensor<8x?xf32> {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %b, %c1 : tensor<64x?xf32>
  %y = tapml.kernel "linear" lowering(<<matmul, tile = [1, 2], workgroup = [1, 1, 1], vector = 2>>) -> tensor<8x?xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%n) : tensor<8x?xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x?xf32>) -> tensor<8x?xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%a, %b : tensor<8x64xf32>, tensor<64x?xf32>) outs(%init : tensor<8x?xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %2 = arith.mulf %l, %r : f32
      %3 = arith.addf %2, %o : f32
      linalg.yield %3 : f32
    } -> tensor<8x?xf32>
    tapml.yield %0 : tensor<8x?xf32>
  }
  return %y : tensor<8x?xf32>
}

// CHECK: func.func @linear(%{{.*}}: memref<?xf32>, %[[B:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>, %[[N:[^:]*]]: index
// CHECK: %[[WHOLE:.*]] = arith.cmpi ult, %{{.*}}, %[[N]] : index
// CHECK: scf.if %[[WHOLE]] {
// CHECK:   vector.load %[[B]]
// CHECK:   vector.store %{{.*}}, %[[Y]]
// CHECK: } else {
// CHECK:   %[[LAST:.*]] = arith.subi %[[N]], %c1 : index
// CHECK-COUNT-2: arith.minui %{{.*}}, %[[LAST]] : index
// CHECK-COUNT-2: memref.load %[[B]]
// CHECK:   vector.from_elements
// CHECK:   scf.if
// CHECK:     vector.extract %{{.*}}[0] : f32 from vector<2xf32>
// CHECK:     memref.store %{{.*}}, %[[Y]]
// CHECK:   scf.if
// CHECK:     vector.extract %{{.*}}[1] : f32 from vector<2xf32>
// CHECK:     memref.store %{{.*}}, %[[Y]]
