// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  func.func private @twice(%a: f32 loc("a"), %n: i32 loc("n")) -> f32 {
    %s = arith.uitofp %n : i32 to f32
    %r = arith.mulf %a, %s : f32
    return %r : f32
  }
  gpu.func @apply(%x: memref<?xf32> loc("x"), %y: memref<?xi32> loc("y")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %n = memref.load %y[%i] : memref<?xi32>
    %r = func.call @twice(%a, %n) : (f32, i32) -> f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
  gpu.func @unused(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}

//      WGSL:fn twice(a: f32, n: i32) -> f32 {
// WGSL-NEXT:  return a * f32(u32(n));
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read> y: array<i32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(32)
// WGSL-NEXT:fn apply(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  x[local.x] = twice(x[local.x], y[local.x]);
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read> x1: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(32)
// WGSL-NEXT:fn unused() {
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:static float twice(float a, int n) {
// MSL-NEXT:  return a * float(uint(n));
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void apply(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device const int *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  x[local.x] = twice(x[local.x], y[local.x]);
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void unused(
// MSL-NEXT:    device const float *x {{\[\[}}buffer(0)]]) {
// MSL-NEXT:}
