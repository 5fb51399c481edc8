// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --canonicalize | FileCheck %s

gpu.module @kernels {
  // A token id that may be negative: all of it is 32-bit arithmetic.
  // CHECK-LABEL: gpu.func @wrapped_index
  // CHECK-NOT: i64
  // CHECK: arith.cmpi slt, %{{.*}}, %c0_i32 : i32
  // CHECK: arith.addi %{{.*}}, %c10_i32 : i32
  // CHECK: arith.select
  // CHECK: arith.index_cast %{{.*}} : i32 to index
  // CHECK-NOT: i64
  // CHECK: gpu.return
  gpu.func @wrapped_index(%ids: memref<?xi32>, %x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %zero = arith.constant 0 : i64
    %ten = arith.constant 10 : i64
    %narrow = memref.load %ids[%i] : memref<?xi32>
    %id = arith.extsi %narrow : i32 to i64
    %negative = arith.cmpi slt, %id, %zero : i64
    %wrapped = arith.addi %id, %ten : i64
    %chosen = arith.select %negative, %wrapped, %id : i64
    %index = arith.index_cast %chosen : i64 to index
    %v = memref.load %x[%index] : memref<?xf32>
    memref.store %v, %x[%i] : memref<?xf32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @position_to_float
  // CHECK: %[[I:.*]] = arith.index_cast %{{.*}} : index to i32
  // CHECK: arith.sitofp %[[I]] : i32 to f32
  gpu.func @position_to_float(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %wide = arith.index_cast %i : index to i64
    %v = arith.sitofp %wide : i64 to f32
    memref.store %v, %x[%i] : memref<?xf32>
    gpu.return
  }

  // What needs 64 bits is compared unsigned, with flipped sign bits.
  // CHECK-LABEL: gpu.func @signed_compare
  // CHECK-DAG: %[[A:.*]] = arith.xori %{{.*}}, %c-9223372036854775808_i64
  // CHECK: arith.cmpi ult, %[[A]], %{{.*}} : i64
  gpu.func @signed_compare(%a: memref<?xi64>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %three = arith.constant 3 : i64
    %v = memref.load %a[%i] : memref<?xi64>
    %c = arith.cmpi slt, %v, %three : i64
    %e = arith.extui %c : i1 to i32
    memref.store %e, %y[%i] : memref<?xi32>
    gpu.return
  }

  // Fewer bits than 32 are the low ones of 32.
  // CHECK-LABEL: gpu.func @parity
  // CHECK-NOT: i64
  // CHECK: gpu.return
  gpu.func @parity(%a: memref<?xi32>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %three = arith.constant 3 : i64
    %v = memref.load %a[%i] : memref<?xi32>
    %wide = arith.extsi %v : i32 to i64
    %p = arith.muli %wide, %three : i64
    %odd = arith.trunci %p : i64 to i1
    %e = arith.extui %odd : i1 to i32
    memref.store %e, %y[%i] : memref<?xi32>
    gpu.return
  }
}
