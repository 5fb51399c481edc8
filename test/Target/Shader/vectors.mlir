// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @parts(%x: memref<?xvector<4xf32>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xvector<4xf32>>
    %lo = vector.extract_strided_slice %v {offsets = [0], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
    %hi = vector.extract_strided_slice %v {offsets = [2], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
    %sum = arith.addf %lo, %hi : vector<2xf32>
    %a = vector.extract %sum[0] : f32 from vector<2xf32>
    %b = vector.extract %sum[1] : f32 from vector<2xf32>
    %r = vector.from_elements %b, %a, %a, %b : vector<4xf32>
    %s = vector.shuffle %r, %v [3, 2, 1, 0] : vector<4xf32>, vector<4xf32>
    %t = vector.shuffle %s, %v [0, 4, 1, 5] : vector<4xf32>, vector<4xf32>
    %u = vector.insert %a, %t [2] : f32 into vector<4xf32>
    %w = vector.insert_strided_slice %sum, %u {offsets = [1], strides = [1]} : vector<2xf32> into vector<4xf32>
    memref.store %w, %x[%i] : memref<?xvector<4xf32>>
    %e = vector.extract %w[%i] : f32 from vector<4xf32>
    memref.store %e, %y[%i] : memref<?xf32>
    %c = vector.insert %e, %w [%i] : f32 into vector<4xf32>
    memref.store %c, %x[%i] : memref<?xvector<4xf32>>
    gpu.return
  }
  gpu.func @scalars_widen(%x: memref<?xvector<4xf32>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %half = arith.constant dense<5.000000e-01> : vector<4xf32>
    %steps = arith.constant dense<[0.0, 1.0, 2.0, 3.0]> : vector<4xf32>
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xvector<4xf32>>
    %f = memref.load %y[%i] : memref<?xf32>
    %b = vector.broadcast %f : f32 to vector<4xf32>
    %p = arith.mulf %v, %b : vector<4xf32>
    %q = arith.addf %p, %half : vector<4xf32>
    %r = arith.subf %q, %steps : vector<4xf32>
    %s = math.fma %r, %b, %half : vector<4xf32>
    %lt = arith.cmpf olt, %s, %half : vector<4xf32>
    %t = arith.select %lt, %s, %b : vector<4xi1>, vector<4xf32>
    memref.store %t, %x[%i] : memref<?xvector<4xf32>>
    gpu.return
  }
}

//      WGSL:@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> y: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn parts(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x_value = x[local.x];
// WGSL-NEXT:  let v = x_value.xy + x_value.zw;
// WGSL-NEXT:  let v1 = vec4f(v.y, v.x, v.x, v.y);
// WGSL-NEXT:  let v2 = v1.wzyx;
// WGSL-NEXT:  let v3 = vec4f(v2.x, x_value.x, v2.y, x_value.y);
// WGSL-NEXT:  let v4 = vec4f(v3.x, v3.y, v.x, v3.w);
// WGSL-NEXT:  let v5 = vec4f(v4.x, v.x, v.y, v4.w);
// WGSL-NEXT:  x[local.x] = v5;
// WGSL-NEXT:  let s = v5[local.x];
// WGSL-NEXT:  y[local.x] = s;
// WGSL-NEXT:  var changed = v5;
// WGSL-NEXT:  changed[local.x] = s;
// WGSL-NEXT:  x[local.x] = changed;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x1: array<vec4f>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read> y1: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn scalars_widen(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let y1_value = y1[local.x];
// WGSL-NEXT:  let v = x1[local.x] * y1_value + 0.5;
// WGSL-NEXT:  let v1 = fma(v - vec4f(0.0, 1.0, 2.0, 3.0), vec4f(y1_value), vec4f(0.5));
// WGSL-NEXT:  x1[local.x] = select(vec4f(y1_value), v1, v1 < vec4f(0.5));
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void parts(
// MSL-NEXT:    device float4 *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device float *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float4 x_value = x[local.x];
// MSL-NEXT:  const float2 v = x_value.xy + x_value.zw;
// MSL-NEXT:  const float4 v1 = float4(v.y, v.x, v.x, v.y);
// MSL-NEXT:  const float4 v2 = v1.wzyx;
// MSL-NEXT:  const float4 v3 = float4(v2.x, x_value.x, v2.y, x_value.y);
// MSL-NEXT:  const float4 v4 = float4(v3.x, v3.y, v.x, v3.w);
// MSL-NEXT:  const float4 v5 = float4(v4.x, v.x, v.y, v4.w);
// MSL-NEXT:  x[local.x] = v5;
// MSL-NEXT:  const float s = v5[local.x];
// MSL-NEXT:  y[local.x] = s;
// MSL-NEXT:  float4 changed = v5;
// MSL-NEXT:  changed[local.x] = s;
// MSL-NEXT:  x[local.x] = changed;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void scalars_widen(
// MSL-NEXT:    device float4 *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device const float *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float y_value = y[local.x];
// MSL-NEXT:  const float4 v = x[local.x] * y_value + 0.5f;
// MSL-NEXT:  const float4 v1 = fma(v - float4(0.0f, 1.0f, 2.0f, 3.0f), float4(y_value), float4(0.5f));
// MSL-NEXT:  x[local.x] = select(float4(y_value), v1, v1 < float4(0.5f));
// MSL-NEXT:}
