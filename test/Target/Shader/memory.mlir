// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  memref.global "private" constant @table : memref<2x3xf32> = dense<[[0.5, 1.0, 1.5], [2.0, 2.5, 3.0]]>
  gpu.func @tile(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 16, 16, 1>} {
    %i = gpu.thread_id x
    %j = gpu.thread_id y
    %c1 = arith.constant 1 : index
    %tile = memref.alloc() : memref<16x16xf32, #gpu.address_space<workgroup>> loc("tile")
    %own = memref.alloca() : memref<4xf32, #gpu.address_space<private>> loc("own")
    %t = memref.get_global @table : memref<2x3xf32>
    %a = memref.load %x[%i] : memref<?xf32>
    memref.store %a, %tile[%i, %j] : memref<16x16xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %b = memref.load %tile[%j, %i] : memref<16x16xf32, #gpu.address_space<workgroup>>
    memref.store %b, %own[%c1] : memref<4xf32, #gpu.address_space<private>>
    %c = memref.load %t[%c1, %c1] : memref<2x3xf32>
    %d = memref.load %own[%c1] : memref<4xf32, #gpu.address_space<private>>
    %e = arith.mulf %c, %d : f32
    memref.store %e, %x[%i] : memref<?xf32>
    gpu.return
  }
}

//      WGSL:const table = array<array<f32, 3>, 2>(array<f32, 3>(0.5, 1.0, 1.5), array<f32, 3>(2.0, 2.5, 3.0));
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read_write> x: array<f32>;
// WGSL-NEXT:var<workgroup> tile1: array<array<f32, 16>, 16>;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(16, 16)
// WGSL-NEXT:fn tile(@builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  var own: array<f32, 4>;
// WGSL-NEXT:  tile1[local.x][local.y] = x[local.x];
// WGSL-NEXT:  storageBarrier();
// WGSL-NEXT:  workgroupBarrier();
// WGSL-NEXT:  own[1u] = tile1[local.y][local.x];
// WGSL-NEXT:  x[local.x] = table[1u][1u] * own[1u];
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:constant float table[2][3] = {0.5f, 1.0f, 1.5f, 2.0f, 2.5f, 3.0f};
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(256)]]
// MSL-NEXT:kernel void tile(
// MSL-NEXT:    device float *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  threadgroup float tile1[16][16];
// MSL-NEXT:  float own[4];
// MSL-NEXT:  tile1[local.x][local.y] = x[local.x];
// MSL-NEXT:  threadgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup);
// MSL-NEXT:  own[1u] = tile1[local.y][local.x];
// MSL-NEXT:  x[local.x] = table[1u][1u] * own[1u];
// MSL-NEXT:}
