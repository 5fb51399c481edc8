// RUN: tapml-opt %s --tapml-emit-kernels --canonicalize --cse | FileCheck %s

// Each configuration is an entry point with a guard; a grid that could have
// more workgroups than one dimension allows is spread over two.

// CHECK-LABEL: func.func @body
// CHECK: %[[N:.*]] = tensor.dim
// CHECK: %[[GROUPS:.*]] = arith.ceildivsi %[[N]], %c256 : index
// CHECK: %[[X:.*]] = arith.minsi %[[GROUPS]], %c65535 : index
// CHECK: %[[SOME:.*]] = arith.maxsi %[[X]], %c1 : index
// CHECK: %[[Y:.*]] = arith.ceildivsi %[[GROUPS]], %[[SOME]] : index
// CHECK: %[[ENOUGH:.*]] = arith.cmpi sge, %[[N]], %c1000 : index
// CHECK: %[[GUARD:.*]] = arith.index_castui %[[ENOUGH]] : i1 to index
// CHECK: tapml.launch [@kernels::@neg_1x4, @kernels::@neg_1x1] guards(%[[GUARD]])
// CHECK-SAME: grids(%[[X]], %[[Y]], %c1, %{{.*}}, %{{.*}}, %c1) sizes(%[[N]])
// CHECK-SAME: {instances = ["layer.0", "layer.1"]}
func.func @body(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %y = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [1000]>,
                                    <elementwise, tile = [1, 1], workgroup = [32, 1, 1]>>)
      attributes {instances = ["layer.0", "layer.1"]} -> tensor<?xf32> {
    %empty = tensor.empty(%n) : tensor<?xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%x : tensor<?xf32>) outs(%empty : tensor<?xf32>) {
    ^bb0(%a: f32, %o: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<?xf32>
    tapml.yield %0 : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}

// CHECK: gpu.func @neg_1x4
// CHECK-SAME: tapml.instances = ["layer.0", "layer.1"]
// CHECK-DAG: %[[BX:.*]] = gpu.block_id  x
// CHECK-DAG: %[[BY:.*]] = gpu.block_id  y
// CHECK-DAG: %[[GX:.*]] = gpu.grid_dim  x
// CHECK: %[[LAYER:.*]] = arith.muli %[[BY]], %[[GX]] : index
// CHECK: arith.addi %[[LAYER]], %[[BX]] : index
// CHECK: gpu.func @neg_1x1
