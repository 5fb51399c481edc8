// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @floats(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %inf = arith.constant 0x7F800000 : f32
    %ninf = arith.constant 0xFF800000 : f32
    %nan = arith.constant 0x7FC00000 : f32
    %one = arith.constant 1.0 : f32
    %tiny = arith.constant 1.0e-12 : f32
    %large = arith.constant 3.40282347E+38 : f32
    memref.store %inf, %x[%c0] : memref<?xf32>
    memref.store %ninf, %x[%c1] : memref<?xf32>
    memref.store %nan, %x[%c2] : memref<?xf32>
    memref.store %one, %x[%c3] : memref<?xf32>
    memref.store %tiny, %x[%c4] : memref<?xf32>
    memref.store %large, %x[%c5] : memref<?xf32>
    gpu.return
  }
  gpu.func @integers(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xi32>
    %min = arith.constant -2147483648 : i32
    %m = arith.constant 0x7fffffff : i32
    %s = arith.maxsi %a, %min : i32
    %lo = arith.divsi %s, %m : i32
    memref.store %lo, %x[%c1] : memref<?xi32>
    gpu.return
  }
}

//      WGSL:// WGSL has no constants for these.
// WGSL-NEXT:var<private> infinity_bits: u32 = 0x7f800000u;
// WGSL-NEXT:var<private> nan_bits: u32 = 0x7fc00000u;
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(1)
// WGSL-NEXT:fn floats() {
// WGSL-NEXT:  x[0u] = bitcast<f32>(infinity_bits);
// WGSL-NEXT:  x[1u] = -bitcast<f32>(infinity_bits);
// WGSL-NEXT:  x[2u] = bitcast<f32>(nan_bits);
// WGSL-NEXT:  x[3u] = 1.0;
// WGSL-NEXT:  x[4u] = 1e-12;
// WGSL-NEXT:  x[5u] = 3.4028235e+38;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x1: array<i32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(1)
// WGSL-NEXT:fn integers() {
// WGSL-NEXT:  x1[1u] = max(x1[0u], -2147483648) / 2147483647;
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(1)]]
// MSL-NEXT:kernel void floats(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]]) {
// MSL-NEXT:  x[0u] = INFINITY;
// MSL-NEXT:  x[1u] = -INFINITY;
// MSL-NEXT:  x[2u] = NAN;
// MSL-NEXT:  x[3u] = 1.0f;
// MSL-NEXT:  x[4u] = 1e-12f;
// MSL-NEXT:  x[5u] = 3.4028235e+38f;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(1)]]
// MSL-NEXT:kernel void integers(
// MSL-NEXT:    device int *x {{\[\[}}buffer(0)]]) {
// MSL-NEXT:  x[1u] = max(x[0u], (-2147483647 - 1)) / 2147483647;
// MSL-NEXT:}
