// RUN: tapml-opt %s --tapml-convert-to-spirv=profile=vulkan | FileCheck %s

gpu.module @kernels {
  // A loop that does not run gives its initial value: the variable that the
  // stock conversion returns it in is written by the body only.
  // CHECK-LABEL: spirv.func @sum
  // CHECK: spirv.mlir.loop
  // CHECK: %[[R:.*]] = spirv.Load "Function"
  // CHECK: %[[RUNS:.*]] = spirv.SGreaterThan
  // CHECK: %[[S:.*]] = spirv.Select %[[RUNS]], %[[R]], %{{.*}} : i1, f32
  // CHECK: spirv.Store "StorageBuffer" %{{.*}}, %[[S]]
  gpu.func @sum(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %first = memref.load %x[%c0] : memref<?xf32>
    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %first) -> (f32) {
      %v = memref.load %x[%i] : memref<?xf32>
      %t = arith.addf %s, %v : f32
      scf.yield %t : f32
    }
    memref.store %sum, %x[%c0] : memref<?xf32>
    gpu.return
  }

  // One condition cannot choose between vectors.
  // CHECK-LABEL: spirv.func @vectors
  // CHECK: spirv.Select %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi1>, vector<4xf32>
  gpu.func @vectors(%x: memref<?xvector<4xf32>>, %n: index) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (vector<4xf32>) {
      %v = memref.load %x[%i] : memref<?xvector<4xf32>>
      %t = arith.addf %s, %v : vector<4xf32>
      scf.yield %t : vector<4xf32>
    }
    memref.store %sum, %x[%c0] : memref<?xvector<4xf32>>
    gpu.return
  }

  // This one runs.
  // CHECK-LABEL: spirv.func @static
  // CHECK-NOT: spirv.Select
  gpu.func @static(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant 0.0 : f32
    %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (f32) {
      %v = memref.load %x[%i] : memref<?xf32>
      %t = arith.addf %s, %v : f32
      scf.yield %t : f32
    }
    memref.store %sum, %x[%c0] : memref<?xf32>
    gpu.return
  }
}
