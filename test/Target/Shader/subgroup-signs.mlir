// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL
// RUN: tapml-translate %s --tapml-to-msl | FileCheck %s --check-prefix=MSL

// The largest of signed integers, in a kernel that else has no use for the sign.

gpu.module @kernels {
  // WGSL: u32(subgroupMax(i32({{.*}})))
  // MSL: uint(simd_max(int({{.*}})))
  // WGSL: subgroupMin({{[a-z_0-9]+}})
  // MSL: simd_min({{[a-z_0-9]+}})
  gpu.func @signs(%x: memref<?xi32>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %c7 = arith.constant 7 : i32
    %v = memref.load %x[%i] : memref<?xi32>
    %a = arith.remui %v, %c7 : i32
    %b = arith.divui %v, %c7 : i32
    %c = arith.addi %a, %b : i32
    %signed = gpu.subgroup_reduce maxsi %c : (i32) -> i32
    %d = arith.remui %signed, %c7 : i32
    memref.store %d, %x[%i] : memref<?xi32>
    %unsigned = gpu.subgroup_reduce minui %c : (i32) -> i32
    %e = arith.remui %unsigned, %c7 : i32
    memref.store %e, %y[%i] : memref<?xi32>
    gpu.return
  }
}
