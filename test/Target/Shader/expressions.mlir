// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @parentheses(%x: memref<?xf32> loc("x"), %y: memref<?xi32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xf32>
    %b = memref.load %x[%c1] : memref<?xf32>
    %ab = arith.addf %a, %b : f32
    %aab = arith.subf %a, %ab : f32
    %m = arith.mulf %aab, %ab : f32
    %d = arith.divf %m, %m : f32
    %n = arith.negf %d : f32
    %e = arith.subf %b, %n : f32
    memref.store %e, %x[%i] : memref<?xf32>
    %k = memref.load %y[%i] : memref<?xi32>
    %c3 = arith.constant 3 : i32
    %s = arith.addi %k, %c3 : i32
    %l = arith.shli %s, %c3 : i32
    %o = arith.ori %l, %k : i32
    %an = arith.andi %o, %s : i32
    %lt = arith.cmpi slt, %an, %k : i32
    %f = arith.cmpf olt, %a, %b : f32
    %both = arith.andi %lt, %f : i1
    %neither = arith.cmpi eq, %k, %c3 : i32
    %any = arith.ori %both, %neither : i1
    %true = arith.constant true
    %not = arith.xori %any, %true : i1
    %r = arith.select %not, %k, %c3 : i32
    memref.store %r, %y[%i] : memref<?xi32>
    gpu.return
  }
}

//      WGSL:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> y: array<i32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn parentheses(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x_value = x[0u];
// WGSL-NEXT:  let x_value1 = x[1u];
// WGSL-NEXT:  let s = x_value + x_value1;
// WGSL-NEXT:  let s1 = (x_value - s) * s;
// WGSL-NEXT:  x[local.x] = x_value1 - (-(s1 / s1));
// WGSL-NEXT:  let y_value = y[local.x];
// WGSL-NEXT:  let s2 = y_value + 3;
// WGSL-NEXT:  let s3 = ((s2 << 3u) | y_value) & s2;
// WGSL-NEXT:  let is = s3 < y_value && x_value < x_value1;
// WGSL-NEXT:  let is1 = !(is || y_value == 3);
// WGSL-NEXT:  y[local.x] = select(3, y_value, is1);
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void parentheses(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device int *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float x_value = x[0u];
// MSL-NEXT:  const float x_value1 = x[1u];
// MSL-NEXT:  const float s = x_value + x_value1;
// MSL-NEXT:  const float s1 = (x_value - s) * s;
// MSL-NEXT:  x[local.x] = x_value1 - (-(s1 / s1));
// MSL-NEXT:  const int y_value = y[local.x];
// MSL-NEXT:  const int s2 = y_value + 3;
// MSL-NEXT:  const int s3 = ((s2 << 3u) | y_value) & s2;
// MSL-NEXT:  const bool is = s3 < y_value && x_value < x_value1;
// MSL-NEXT:  const bool is1 = !(is || y_value == 3);
// MSL-NEXT:  y[local.x] = is1 ? y_value : 3;
// MSL-NEXT:}
