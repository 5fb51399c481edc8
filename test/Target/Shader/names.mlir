// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @named(%a: memref<?xf32> loc("encoder.query.weight"), %b: memref<?xf32> loc("var"), %c: memref<?xf32> loc("max"), %d: memref<?xf32> loc("1st"), %e: memref<?xf32> loc("x"), %f: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %a[%i] : memref<?xf32>
    memref.store %v, %b[%i] : memref<?xf32>
    memref.store %v, %c[%i] : memref<?xf32>
    memref.store %v, %d[%i] : memref<?xf32>
    memref.store %v, %e[%i] : memref<?xf32>
    memref.store %v, %f[%i] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:@group(0) @binding(0) var<storage, read> encoder_query_weight: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> var1: array<f32>;
// WGSL-NEXT:@group(0) @binding(2) var<storage, read_write> max1: array<f32>;
// WGSL-NEXT:@group(0) @binding(3) var<storage, read_write> v1st: array<f32>;
// WGSL-NEXT:@group(0) @binding(4) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:@group(0) @binding(5) var<storage, read_write> x1: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(32)
// WGSL-NEXT:fn named(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let encoder_query_weight_value = encoder_query_weight[local.x];
// WGSL-NEXT:  var1[local.x] = encoder_query_weight_value;
// WGSL-NEXT:  max1[local.x] = encoder_query_weight_value;
// WGSL-NEXT:  v1st[local.x] = encoder_query_weight_value;
// WGSL-NEXT:  x[local.x] = encoder_query_weight_value;
// WGSL-NEXT:  x1[local.x] = encoder_query_weight_value;
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void named(
// MSL-NEXT:    device const float *encoder_query_weight {{\[\[}}buffer(0)]],
// MSL-NEXT:    device float *var {{\[\[}}buffer(1)]],
// MSL-NEXT:    device float *max1 {{\[\[}}buffer(2)]],
// MSL-NEXT:    device float *v1st {{\[\[}}buffer(3)]],
// MSL-NEXT:    device float *x {{\[\[}}buffer(4)]],
// MSL-NEXT:    device float *x1 {{\[\[}}buffer(5)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float encoder_query_weight_value = encoder_query_weight[local.x];
// MSL-NEXT:  var[local.x] = encoder_query_weight_value;
// MSL-NEXT:  max1[local.x] = encoder_query_weight_value;
// MSL-NEXT:  v1st[local.x] = encoder_query_weight_value;
// MSL-NEXT:  x[local.x] = encoder_query_weight_value;
// MSL-NEXT:  x1[local.x] = encoder_query_weight_value;
// MSL-NEXT:}
