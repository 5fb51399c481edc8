// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @sum(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %lane = gpu.lane_id
    %c1 = arith.constant 1 : i32
    %w = arith.constant 32 : i32
    %a = memref.load %x[%lane] : memref<?xf32>
    %s = gpu.subgroup_reduce add %a uniform : (f32) -> f32
    %t, %ok = gpu.shuffle xor %s, %c1, %w : f32
    %r = arith.addf %t, %s : f32
    memref.store %r, %x[%lane] : memref<?xf32>
    gpu.return
  }
  gpu.func @spread(%y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %lane = gpu.lane_id
    %c3 = arith.constant 3 : i32
    %a = memref.load %y[%lane] : memref<?xf32>
    %b = gpu.subgroup_broadcast %a, specific_lane %c3 : f32
    %c = gpu.subgroup_broadcast %a, first_active_lane : f32
    %r = arith.addf %b, %c : f32
    memref.store %r, %y[%lane] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:enable subgroups;
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(32)
// WGSL-NEXT:fn sum(@builtin(subgroup_invocation_id) lane: u32) {
// WGSL-NEXT:  let s = subgroupAdd(x[lane]);
// WGSL-NEXT:  let s1 = subgroupShuffleXor(s, 1u);
// WGSL-NEXT:  x[lane] = s1 + s;
// WGSL-NEXT:}
//      WGSL:fn spread(@builtin(subgroup_invocation_id) lane: u32) {
// WGSL-NEXT:  let y_value = y[lane];
// WGSL-NEXT:  let s = subgroupShuffle(y_value, 3u);
// WGSL-NEXT:  let s1 = subgroupBroadcastFirst(y_value);
// WGSL-NEXT:  y[lane] = s + s1;
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void sum(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    uint lane {{\[\[}}thread_index_in_simdgroup]]) {
// MSL-NEXT:  const float s = simd_sum(x[lane]);
// MSL-NEXT:  const float s1 = simd_shuffle_xor(s, 1u);
// MSL-NEXT:  x[lane] = s1 + s;
// MSL-NEXT:}
//      MSL:kernel void spread(
//      MSL:  const float s = simd_shuffle(y_value, 3u);
// MSL-NEXT:  const float s1 = simd_broadcast_first(y_value);
// MSL-NEXT:  y[lane] = s + s1;
// MSL-NEXT:}
