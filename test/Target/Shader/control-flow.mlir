// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @swap(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xf32>
    %b = memref.load %x[%c1] : memref<?xf32>
    %r:3 = scf.for unsigned %i = %c0 to %n step %c1 iter_args(%p = %a, %q = %b, %s = %a) -> (f32, f32, f32) {
      %t = arith.addf %s, %p : f32
      scf.yield %q, %p, %t : f32, f32, f32
    }
    memref.store %r#0, %x[%c0] : memref<?xf32>
    memref.store %r#2, %x[%c1] : memref<?xf32>
    gpu.return
  }
  gpu.func @choose(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : i32
    %c7 = arith.constant 7 : i32
    %v = memref.load %x[%i] : memref<?xi32>
    %neg = arith.cmpi slt, %v, %c0 : i32
    %r = scf.if %neg -> (i32) {
      %d = arith.divsi %v, %c7 : i32
      scf.yield %d : i32
    } else {
      %m = arith.muli %v, %v : i32
      scf.yield %m : i32
    }
    memref.store %r, %x[%i] : memref<?xi32>
    gpu.return
  }
  gpu.func @collatz(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %v = memref.load %x[%i] : memref<?xi32>
    %r:2 = scf.while (%n = %v, %k = %c0) : (i32, i32) -> (i32, i32) {
      %go = arith.cmpi ugt, %n, %c1 : i32
      %twice = arith.addi %k, %k : i32
      scf.condition(%go) %n, %twice : i32, i32
    } do {
    ^bb0(%n: i32, %k: i32):
      %odd = arith.andi %n, %c1 : i32
      %isodd = arith.cmpi ne, %odd, %c0 : i32
      %h = arith.shrui %n, %c1 : i32
      %t = arith.muli %n, %c3 : i32
      %u = arith.addi %t, %c1 : i32
      %next = arith.select %isodd, %u, %h : i32
      %k1 = arith.addi %k, %c1 : i32
      scf.yield %next, %k1 : i32, i32
    }
    memref.store %r#1, %x[%i] : memref<?xi32>
    gpu.return
  }
  gpu.func @pick(%x: memref<?xf32> loc("x"), %w: index loc("way")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf32>
    %r = scf.index_switch %w -> f32
    case 2 {
      %s = math.sqrt %v : f32
      scf.yield %s : f32
    }
    case -1 {
      scf.yield %v : f32
    }
    default {
      %n = arith.negf %v : f32
      scf.yield %n : f32
    }
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:struct Sizes {
// WGSL-NEXT:  n: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<uniform> sizes: Sizes;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(1)
// WGSL-NEXT:fn swap() {
// WGSL-NEXT:  let x_value = x[0u];
// WGSL-NEXT:  var carried = x_value;
// WGSL-NEXT:  var carried1 = x[1u];
// WGSL-NEXT:  var carried2 = x_value;
// WGSL-NEXT:  for (var i = 0u; i < sizes.n; i++) {
// WGSL-NEXT:    carried2 += carried;
// WGSL-NEXT:    let old_carried = carried1;
// WGSL-NEXT:    carried1 = carried;
// WGSL-NEXT:    carried = old_carried;
// WGSL-NEXT:  }
// WGSL-NEXT:  x[0u] = carried;
// WGSL-NEXT:  x[1u] = carried2;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x1: array<i32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn choose(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x1_value = x1[local.x];
// WGSL-NEXT:  var chosen: i32;
// WGSL-NEXT:  if (x1_value < 0) {
// WGSL-NEXT:    chosen = x1_value / 7;
// WGSL-NEXT:  } else {
// WGSL-NEXT:    chosen = x1_value * x1_value;
// WGSL-NEXT:  }
// WGSL-NEXT:  x1[local.x] = chosen;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x2: array<u32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn collatz(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  var carried = x2[local.x];
// WGSL-NEXT:  var carried1 = 0u;
// WGSL-NEXT:  var last: u32;
// WGSL-NEXT:  loop {
// WGSL-NEXT:    last = carried1 + carried1;
// WGSL-NEXT:    if (!(carried > 1u)) {
// WGSL-NEXT:      break;
// WGSL-NEXT:    }
// WGSL-NEXT:    let is = (carried & 1u) != 0u;
// WGSL-NEXT:    carried = select(carried >> 1u, carried * 3u + 1u, is);
// WGSL-NEXT:    carried1 = last + 1u;
// WGSL-NEXT:  }
// WGSL-NEXT:  x2[local.x] = last;
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:struct Sizes1 {
// WGSL-NEXT:  way: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x3: array<f32>;
// WGSL-NEXT:@group(0) @binding(1) var<uniform> sizes1: Sizes1;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn pick(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let x3_value = x3[local.x];
// WGSL-NEXT:  var chosen: f32;
// WGSL-NEXT:  switch (i32(sizes1.way)) {
// WGSL-NEXT:    case 2: {
// WGSL-NEXT:      chosen = sqrt(x3_value);
// WGSL-NEXT:    }
// WGSL-NEXT:    case -1: {
// WGSL-NEXT:      chosen = x3_value;
// WGSL-NEXT:    }
// WGSL-NEXT:    default: {
// WGSL-NEXT:      chosen = -x3_value;
// WGSL-NEXT:    }
// WGSL-NEXT:  }
// WGSL-NEXT:  x3[local.x] = chosen;
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:struct Sizes {
// MSL-NEXT:  uint n;
// MSL-NEXT:};
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(1)]]
// MSL-NEXT:kernel void swap(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    constant Sizes &sizes {{\[\[}}buffer(1)]]) {
// MSL-NEXT:  const float x_value = x[0u];
// MSL-NEXT:  float carried = x_value;
// MSL-NEXT:  float carried1 = x[1u];
// MSL-NEXT:  float carried2 = x_value;
// MSL-NEXT:  for (uint i = 0u; i < sizes.n; i++) {
// MSL-NEXT:    carried2 += carried;
// MSL-NEXT:    const float old_carried = carried1;
// MSL-NEXT:    carried1 = carried;
// MSL-NEXT:    carried = old_carried;
// MSL-NEXT:  }
// MSL-NEXT:  x[0u] = carried;
// MSL-NEXT:  x[1u] = carried2;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void choose(
// MSL-NEXT:    device int *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const int x_value = x[local.x];
// MSL-NEXT:  int chosen;
// MSL-NEXT:  if (x_value < 0) {
// MSL-NEXT:    chosen = x_value / 7;
// MSL-NEXT:  } else {
// MSL-NEXT:    chosen = x_value * x_value;
// MSL-NEXT:  }
// MSL-NEXT:  x[local.x] = chosen;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void collatz(
// MSL-NEXT:    device uint *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  uint carried = x[local.x];
// MSL-NEXT:  uint carried1 = 0u;
// MSL-NEXT:  uint last;
// MSL-NEXT:  while (true) {
// MSL-NEXT:    last = carried1 + carried1;
// MSL-NEXT:    if (!(carried > 1u)) {
// MSL-NEXT:      break;
// MSL-NEXT:    }
// MSL-NEXT:    const bool is = (carried & 1u) != 0u;
// MSL-NEXT:    carried = is ? carried * 3u + 1u : carried >> 1u;
// MSL-NEXT:    carried1 = last + 1u;
// MSL-NEXT:  }
// MSL-NEXT:  x[local.x] = last;
// MSL-NEXT:}
// MSL-EMPTY:
// MSL-NEXT:struct Sizes1 {
// MSL-NEXT:  uint way;
// MSL-NEXT:};
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void pick(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    constant Sizes1 &sizes {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const float x_value = x[local.x];
// MSL-NEXT:  float chosen;
// MSL-NEXT:  switch (int(sizes.way)) {
// MSL-NEXT:    case 2: {
// MSL-NEXT:      chosen = precise::sqrt(x_value);
// MSL-NEXT:      break;
// MSL-NEXT:    }
// MSL-NEXT:    case -1: {
// MSL-NEXT:      chosen = x_value;
// MSL-NEXT:      break;
// MSL-NEXT:    }
// MSL-NEXT:    default: {
// MSL-NEXT:      chosen = -x_value;
// MSL-NEXT:      break;
// MSL-NEXT:    }
// MSL-NEXT:  }
// MSL-NEXT:  x[local.x] = chosen;
// MSL-NEXT:}
