// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// Equal kernels are emitted once; the other keeps its own name apart.

// CHECK: tapml.launch [@kernels::@unary]
// CHECK: tapml.launch [@kernels::@unary]
// CHECK: tapml.launch [@kernels::@unary_1]
#id = affine_map<(d0) -> (d0)>
func.func @body(%x: tensor<64xf32>) -> tensor<64xf32> {
  %empty = tensor.empty() : tensor<64xf32>
  %0 = tapml.kernel "unary" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) attributes {instances = ["a"]} -> tensor<64xf32> {
    %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %4 = arith.negf %a : f32
      linalg.yield %4 : f32
    } -> tensor<64xf32>
    tapml.yield %3 : tensor<64xf32>
  }
  %1 = tapml.kernel "unary" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) attributes {instances = ["b"]} -> tensor<64xf32> {
    %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %4 = arith.negf %a : f32
      linalg.yield %4 : f32
    } -> tensor<64xf32>
    tapml.yield %3 : tensor<64xf32>
  }
  %2 = tapml.kernel "unary" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) attributes {instances = ["c"]} -> tensor<64xf32> {
    %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%1 : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %4 = math.absf %a : f32
      linalg.yield %4 : f32
    } -> tensor<64xf32>
    tapml.yield %3 : tensor<64xf32>
  }
  return %2 : tensor<64xf32>
}

// CHECK: gpu.func @unary({{.*}} tapml.instances = ["a", "b"]
// CHECK: arith.negf
// CHECK: gpu.func @unary_1({{.*}} tapml.instances = ["c"]
// CHECK: math.absf
// CHECK-NOT: gpu.func
