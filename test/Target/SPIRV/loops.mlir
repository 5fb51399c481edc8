// RUN: tapml-opt %s --tapml-convert-to-spirv=profile=vulkan | FileCheck %s

// The results of a loop are the values that its header carries, so that a loop
// that does not run gives the initial ones. No variable holds them.

gpu.module @kernels {
  // CHECK-LABEL: spirv.func @sum
  // CHECK-NOT: spirv.Variable
  // CHECK: %[[FIRST:.*]] = spirv.Load "StorageBuffer"
  // CHECK: %[[SUM:.*]] = spirv.mlir.loop -> f32 {
  // CHECK: spirv.Branch ^[[HEADER:.*]](%{{.*}}, %[[FIRST]] : i32, f32)
  // CHECK: ^[[HEADER]](%[[I:.*]]: i32, %[[S:.*]]: f32):
  // CHECK: %[[RUNS:.*]] = spirv.SLessThan %[[I]]
  // CHECK: spirv.BranchConditional %[[RUNS]], ^[[BODY:.*]], ^[[MERGE:.*]]
  // CHECK: ^[[BODY]]:
  // CHECK: %[[T:.*]] = spirv.FAdd %[[S]]
  // CHECK: %[[NEXT:.*]] = spirv.IAdd %[[I]]
  // CHECK: spirv.Branch ^[[HEADER]](%[[NEXT]], %[[T]] : i32, f32)
  // CHECK: ^[[MERGE]]:
  // CHECK: spirv.mlir.merge %[[S]] : f32
  // CHECK: spirv.Store "StorageBuffer" %{{.*}}, %[[SUM]]
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

  // Loops in loops, with and without values, around branches.
  // CHECK-LABEL: spirv.func @nested
  // CHECK: spirv.mlir.loop -> vector<4xf32>, i32 {
  // CHECK: spirv.mlir.loop -> vector<4xf32> {
  // CHECK: spirv.mlir.loop {
  // CHECK: spirv.mlir.selection {
  // CHECK: spirv.VectorShuffle [0 : i32, 1 : i32, 2 : i32, 3 : i32]
  gpu.func @nested(%x: memref<?xvector<4xf32>>, %n: index) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %sum, %last = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero, %l = %c0) -> (vector<4xf32>, index) {
      %inner = scf.for %j = %c0 to %i step %c1 iter_args(%t = %s) -> (vector<4xf32>) {
        %v = memref.load %x[%j] : memref<?xvector<4xf32>>
        %u = arith.addf %t, %v : vector<4xf32>
        scf.yield %u : vector<4xf32>
      }
      scf.for %j = %c0 to %i step %c1 {
        %b = arith.cmpi slt, %j, %l : index
        scf.if %b {
          memref.store %inner, %x[%j] : memref<?xvector<4xf32>>
        }
      }
      scf.yield %inner, %i : vector<4xf32>, index
    }
    memref.store %sum, %x[%last] : memref<?xvector<4xf32>>
    gpu.return
  }

  // Before SPIR-V 1.4 one condition cannot choose between vectors.
  // CHECK-LABEL: spirv.func @vectors
  // CHECK: spirv.Select %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi1>, vector<4xf32>
  gpu.func @vectors(%x: memref<?xvector<4xf32>>, %n: index) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %v = memref.load %x[%c0] : memref<?xvector<4xf32>>
    %b = arith.cmpi slt, %c0, %n : index
    %s = arith.select %b, %v, %zero : vector<4xf32>
    memref.store %s, %x[%c0] : memref<?xvector<4xf32>>
    gpu.return
  }
}
