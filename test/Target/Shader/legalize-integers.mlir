// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu --canonicalize | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-shader=profile=metal --canonicalize | FileCheck %s --check-prefix=METAL

// Bytes are 32-bit integers with zeros above where there are none; Metal has
// them.

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @unsigned
  // METAL-LABEL: gpu.func @unsigned
  gpu.func @unsigned(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    // CHECK: %[[V:.*]] = memref.load
    %v = memref.load %x[%i] : memref<?xi32>
    // CHECK: %[[B:.*]] = arith.andi %[[V]], %c255_i32
    // METAL: arith.trunci %{{.*}} : i32 to i8
    %b = arith.trunci %v : i32 to i8
    // CHECK: %[[S:.*]] = arith.addi %[[B]], %[[B]] : i32
    // CHECK: %[[M:.*]] = arith.andi %[[S]], %c255_i32
    // METAL: arith.addi %{{.*}} : i8
    %s = arith.addi %b, %b : i8
    // CHECK: memref.store %[[M]]
    %r = arith.extui %s : i8 to i32
    memref.store %r, %x[%i] : memref<?xi32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @signed
  gpu.func @signed(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c3 = arith.constant -3 : i8
    // CHECK: %[[V:.*]] = memref.load
    %v = memref.load %x[%i] : memref<?xi32>
    // CHECK: %[[B:.*]] = arith.andi %[[V]], %c255_i32
    %b = arith.trunci %v : i32 to i8
    // The signs come from bit 7.
    // CHECK: %[[T:.*]] = arith.shli %[[B]], %c24_i32
    // CHECK: %[[E:.*]] = arith.shrsi %[[T]], %c24_i32
    // CHECK: arith.cmpi slt, %[[E]], %c-3_i32
    %lt = arith.cmpi slt, %b, %c3 : i8
    // CHECK: %[[W:.*]] = arith.select %{{.*}}, %[[B]], %c253_i32 : i32
    %w = arith.select %lt, %b, %c3 : i8
    // CHECK: %[[T2:.*]] = arith.shli %[[W]], %c24_i32
    // CHECK: arith.shrsi %[[T2]], %c24_i32
    %r = arith.extsi %w : i8 to i32
    memref.store %r, %x[%i] : memref<?xi32>
    gpu.return
  }
}
