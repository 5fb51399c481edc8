// RUN: sed 's/TILE/[2, 4]/' %s | tapml-opt --tapml-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sed 's/TILE/[2, 8]/;s/vector = 4/vector = 8/;s/32, 1, 1/1, 1, 1/' %s | tapml-opt --tapml-emit-kernels=profile=host --canonicalize --cse | FileCheck %s --check-prefix=HOST

// Accumulators stay in registers; a row behind the last one is read as the last
// one and not stored; the epilogue is applied to the accumulators.

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @body(%a: tensor<?x64xf32>, %b: tensor<64x96xf32>) -> tensor<?x96xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x64xf32>
  %y = tapml.kernel "linear" lowering(<<matmul, tile = TILE, workgroup = [32, 1, 1], vector = 4>>) -> tensor<?x96xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%m) : tensor<?x96xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x96xf32>) -> tensor<?x96xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%a, %b : tensor<?x64xf32>, tensor<64x96xf32>) outs(%init : tensor<?x96xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %2 = arith.mulf %l, %r : f32
      %3 = arith.addf %2, %o : f32
      linalg.yield %3 : f32
    } -> tensor<?x96xf32>
    %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%0 : tensor<?x96xf32>) outs(%empty : tensor<?x96xf32>) {
    ^bb0(%l: f32, %o: f32):
      %2 = math.absf %l : f32
      linalg.yield %2 : f32
    } -> tensor<?x96xf32>
    tapml.yield %1 : tensor<?x96xf32>
  }
  return %y : tensor<?x96xf32>
}

// Four depths at a time: one access of the left-hand side, four of the right.
// CHECK: gpu.func @linear(%[[A:[^:]*]]: memref<?xf32>, %[[B:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>, %[[M:[^:]*]]: index)
// CHECK: %[[LAST:.*]] = arith.subi %[[M]], %c1 : index
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c1 : index
// CHECK: arith.minui %[[NEXT]], %[[LAST]] : index
// CHECK: %[[ACC:.*]]:2 = scf.for %{{.*}} = %c0 to %c64 step %c4 iter_args({{.*}}) -> (vector<4xf32>, vector<4xf32>)
// CHECK-COUNT-4: vector.load %[[B]]{{.*}} vector<4xf32>
// CHECK: vector.load %[[A]]{{.*}} vector<4xf32>
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: vector.load %[[A]]{{.*}} vector<4xf32>
// CHECK-NOT: vector.load
// CHECK: scf.yield
// CHECK: %[[ABS:.*]] = math.absf %[[ACC]]#0 : vector<4xf32>
// CHECK: %[[ABS1:.*]] = math.absf %[[ACC]]#1 : vector<4xf32>
// CHECK: vector.store %[[ABS]], %[[Y]]
// CHECK: %[[EXISTS:.*]] = arith.cmpi ult, %[[NEXT]], %[[M]] : index
// CHECK: scf.if %[[EXISTS]] {
// CHECK: vector.store %[[ABS1]], %[[Y]]

// HOST: func.func @linear(%[[A:[^:]*]]: memref<?xf32>, %[[B:[^:]*]]: memref<?xf32>,
// HOST: scf.for %{{.*}} = %c0 to %c64 step %c1 iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>)
// HOST: vector.load %[[B]]{{.*}} vector<8xf32>
// HOST: memref.load %[[A]]
// HOST: math.fma
// HOST: memref.load %[[A]]
// HOST: math.fma
