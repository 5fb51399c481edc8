// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu | FileCheck %s

// Signed operations become unsigned where both operands are provably not
// negative: sizes and numbers of invocations are, sums may overflow.

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @indices
  // CHECK-SAME: %[[N:[a-z0-9]+]]: index
  gpu.func @indices(%x: memref<?xi32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c7 = arith.constant 7 : index
    %c0_i32 = arith.constant 0 : i32
    // CHECK: %[[I:.*]] = gpu.thread_id
    %i = gpu.thread_id x
    // CHECK: arith.cmpi ult, %[[I]], %[[N]]
    %in = arith.cmpi slt, %i, %n : index
    scf.if %in {
      // CHECK: %[[Q:.*]] = arith.divui %[[I]]
      %q = arith.divsi %i, %c7 : index
      // CHECK: arith.minui %[[Q]], %[[N]]
      %m = arith.minsi %q, %n : index
      // CHECK: scf.for unsigned
      scf.for %j = %c0 to %m step %c1 {
        %v = memref.load %x[%j] : memref<?xi32>
        %k = arith.index_cast %v : i32 to index
        // CHECK: arith.maxsi
        %p = arith.maxsi %k, %c0 : index
        // CHECK: %[[SUM:.*]] = arith.addi
        %s = arith.addi %p, %j : index
        // CHECK: arith.cmpi slt, %[[SUM]]
        %lt = arith.cmpi slt, %s, %n : index
        %e = arith.extui %lt : i1 to i32
        memref.store %e, %x[%j] : memref<?xi32>
      }
    }
    // The part of a size that is whole is not above the size.
    %c4 = arith.constant 4 : index
    %quotient = arith.divsi %n, %c4 : index
    %whole = arith.muli %quotient, %c4 : index
    // CHECK: scf.for unsigned %
    scf.for %j = %c0 to %whole step %c4 {
      // CHECK: arith.minui
      %m = arith.minsi %j, %whole : index
      %e = arith.index_cast %m : index to i32
      memref.store %e, %x[%j] : memref<?xi32>
    }
    // Another multiple may be.
    %twice = arith.muli %quotient, %c7 : index
    // CHECK: scf.for %
    scf.for %j = %c0 to %twice step %c1 {
      memref.store %c0_i32, %x[%j] : memref<?xi32>
    }
    gpu.return
  }
}
