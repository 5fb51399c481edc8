// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @load_before_store(%x: memref<?xf32> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f32
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %y[%i] : memref<?xf32>
    memref.store %one, %x[%i] : memref<?xf32>
    %c = arith.addf %a, %b : f32
    memref.store %c, %y[%i] : memref<?xf32>
    gpu.return
  }
  gpu.func @not_into_loop(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%i] : memref<?xf32>
    %s = math.sqrt %a : f32
    %bound = arith.addi %n, %i : index
    scf.for unsigned %j = %c0 to %bound step %c1 {
      memref.store %s, %x[%j] : memref<?xf32>
    }
    gpu.return
  }
  gpu.func @into_branch(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f32
    %a = memref.load %x[%i] : memref<?xf32>
    %s = math.sqrt %a : f32
    %in = arith.cmpi ult, %i, %n : index
    // What is read before the branch stays there, as the branch may write.
    scf.if %in {
      memref.store %one, %x[%n] : memref<?xf32>
      memref.store %s, %x[%i] : memref<?xf32>
    }
    gpu.return
  }
  // A carried value is set at once, unless the old one is read after that.
  gpu.func @carry(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %r:3 = scf.for unsigned %i = %c0 to %n step %c1 iter_args(%p = %zero, %q = %one, %sum = %zero) -> (f32, f32, f32) {
      %v = memref.load %x[%i] : memref<?xf32>
      %next = arith.addf %p, %q : f32
      %square = arith.mulf %v, %v : f32
      %total = arith.addf %sum, %square : f32
      memref.store %zero, %x[%i] : memref<?xf32>
      scf.yield %q, %next, %total : f32, f32, f32
    }
    memref.store %r#0, %x[%c0] : memref<?xf32>
    memref.store %r#2, %x[%c1] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> y: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn load_before_store(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x_value = x[local.x];
// WGSL-NEXT:  let y_value = y[local.x];
// WGSL-NEXT:  x[local.x] = 1.0;
// WGSL-NEXT:  y[local.x] = x_value + y_value;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:struct Sizes {
// WGSL-NEXT:  n: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x1: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<uniform> sizes: Sizes;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn not_into_loop(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let s = sqrt(x1[local.x]);
// WGSL-NEXT:  let at = sizes.n + local.x;
// WGSL-NEXT:  for (var i = 0u; i < at; i++) {
// WGSL-NEXT:    x1[i] = s;
// WGSL-NEXT:  }
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:struct Sizes1 {
// WGSL-NEXT:  n: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x2: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<uniform> sizes1: Sizes1;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn into_branch(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x2_value = x2[local.x];
// WGSL-NEXT:  if (local.x < sizes1.n) {
// WGSL-NEXT:    x2[sizes1.n] = 1.0;
// WGSL-NEXT:    x2[local.x] = sqrt(x2_value);
// WGSL-NEXT:  }
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:struct Sizes2 {
// WGSL-NEXT:  n: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x3: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<uniform> sizes2: Sizes2;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(1)
// WGSL-NEXT:fn carry() {
// WGSL-NEXT:  var carried = 0.0;
// WGSL-NEXT:  var carried1 = 1.0;
// WGSL-NEXT:  var carried2 = 0.0;
// WGSL-NEXT:  for (var i = 0u; i < sizes2.n; i++) {
// WGSL-NEXT:    let x3_value = x3[i];
// WGSL-NEXT:    let s = carried + carried1;
// WGSL-NEXT:    carried2 += x3_value * x3_value;
// WGSL-NEXT:    x3[i] = 0.0;
// WGSL-NEXT:    carried = carried1;
// WGSL-NEXT:    carried1 = s;
// WGSL-NEXT:  }
// WGSL-NEXT:  x3[0u] = carried;
// WGSL-NEXT:  x3[1u] = carried2;
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void load_before_store(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device float *y {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float x_value = x[local.x];
// MSL-NEXT:  const float y_value = y[local.x];
// MSL-NEXT:  x[local.x] = 1.0f;
// MSL-NEXT:  y[local.x] = x_value + y_value;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:struct Sizes {
// MSL-NEXT:  uint n;
// MSL-NEXT:};
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void not_into_loop(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    constant Sizes &sizes {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float s = precise::sqrt(x[local.x]);
// MSL-NEXT:  const uint at = sizes.n + local.x;
// MSL-NEXT:  for (uint i = 0u; i < at; i++) {
// MSL-NEXT:    x[i] = s;
// MSL-NEXT:  }
// MSL-NEXT:}
