// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @halves(%x: memref<?xvector<4xf16>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %c = arith.constant dense<1.500000e+00> : vector<4xf16>
    %v = memref.load %x[%i] : memref<?xvector<4xf16>>
    %w = arith.addf %v, %c : vector<4xf16>
    memref.store %w, %x[%i] : memref<?xvector<4xf16>>
    %e = vector.extract %w[0] : f16 from vector<4xf16>
    %f = arith.extf %e : f16 to f32
    memref.store %f, %y[%i] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:enable f16;
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<vec4h>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> y: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(32)
// WGSL-NEXT:fn halves(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let v = x[local.x] + 1.5h;
// WGSL-NEXT:  x[local.x] = v;
// WGSL-NEXT:  y[local.x] = f32(v.x);
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void halves(
// MSL-NEXT:    device half4 *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device float *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const half4 v = x[local.x] + 1.5h;
// MSL-NEXT:  x[local.x] = v;
// MSL-NEXT:  y[local.x] = float(v.x);
// MSL-NEXT:}
