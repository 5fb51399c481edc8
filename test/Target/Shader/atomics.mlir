// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @count(%x: memref<?xi32> loc("x"), %bins: memref<16xi32> loc("bins")) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "readwrite"]} {
    %i = gpu.thread_id x
    %c1 = arith.constant 1 : i32
    %k = memref.load %x[%i] : memref<?xi32>
    %at = arith.index_castui %k : i32 to index
    %old = memref.atomic_rmw addi %c1, %bins[%at] : (i32, memref<16xi32>) -> i32
    %m = memref.atomic_rmw maxu %old, %bins[%i] : (i32, memref<16xi32>) -> i32
    %now = memref.load %bins[%at] : memref<16xi32>
    memref.store %now, %bins[%i] : memref<16xi32>
    gpu.return
  }
}

//      WGSL:@group(0) @binding(0) var<storage, read> x: array<u32>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read_write> bins: array<atomic<u32>, 16>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(64)
// WGSL-NEXT:fn count(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let at = x[local.x];
// WGSL-NEXT:  let before = atomicAdd(&bins[at], 1u);
// WGSL-NEXT:  atomicMax(&bins[local.x], before);
// WGSL-NEXT:  atomicStore(&bins[local.x], atomicLoad(&bins[at]));
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(64)]]
// MSL-NEXT:kernel void count(
// MSL-NEXT:    device const uint *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device atomic_uint *bins {{\[\[}}buffer(1)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const uint at = x[local.x];
// MSL-NEXT:  const uint before = atomic_fetch_add_explicit(&bins[at], 1u, memory_order_relaxed);
// MSL-NEXT:  atomic_fetch_max_explicit(&bins[local.x], before, memory_order_relaxed);
// MSL-NEXT:  atomic_store_explicit(&bins[local.x], atomic_load_explicit(&bins[at], memory_order_relaxed), memory_order_relaxed);
// MSL-NEXT:}
