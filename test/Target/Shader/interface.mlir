// RUN: tapml-translate %s --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL --match-full-lines --strict-whitespace
// RUN: tapml-translate %s --tapml-to-msl -o %t.metal && FileCheck %s --check-prefix=MSL --match-full-lines --strict-whitespace --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

gpu.module @kernels {
  gpu.func @scale_rows(%arg0: memref<?xvector<4xf32>> loc("x"), %arg1: memref<?xf32> loc("factor"), %arg2: memref<?xvector<4xf32>> loc("y"), %arg3: index loc("rows"), %arg4: index loc("columns")) kernel attributes {known_block_size = array<i32: 8, 4, 1>, tapml.access = ["read", "read", "write"], tapml.instances = ["encoder.layer.0.scale", "encoder.layer.1.scale", "encoder.layer.2.scale"]} {
    %gx = gpu.block_id x
    %gy = gpu.block_id y
    %n = gpu.grid_dim x
    %lx = gpu.thread_id x
    %bx = gpu.block_dim x
    %g = arith.muli %gy, %n : index
    %g1 = arith.addi %g, %gx : index
    %first = arith.muli %g1, %bx : index
    %row = arith.addi %first, %lx : index loc("row")
    %inside = arith.cmpi ult, %row, %arg3 : index
    scf.if %inside {
      %at = arith.muli %row, %arg4 : index
      %v = memref.load %arg0[%at] : memref<?xvector<4xf32>>
      %f = memref.load %arg1[%row] : memref<?xf32>
      %b = vector.broadcast %f : f32 to vector<4xf32>
      %p = arith.mulf %v, %b : vector<4xf32>
      memref.store %p, %arg2[%at] : memref<?xvector<4xf32>>
    }
    gpu.return
  }
}

//      WGSL:// encoder.layer.0.scale and 2 more
// WGSL-NEXT:struct Sizes {
// WGSL-NEXT:  rows: u32,
// WGSL-NEXT:  columns: u32,
// WGSL-NEXT:}
// WGSL-EMPTY:
// WGSL-NEXT:@group(0) @binding(0) var<storage, read> x: array<vec4f>;
// WGSL-NEXT:@group(0) @binding(1) var<storage, read> factor: array<f32>;
// WGSL-NEXT:@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
// WGSL-NEXT:@group(0) @binding(3) var<uniform> sizes: Sizes;
// WGSL-EMPTY:
// WGSL-NEXT:@compute @workgroup_size(8, 4)
// WGSL-NEXT:fn scale_rows(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) local: vec3u) {
// WGSL-NEXT:  let row = (group.y * groups.x + group.x) * 8u + local.x;
// WGSL-NEXT:  if (row < sizes.rows) {
// WGSL-NEXT:    let at = row * sizes.columns;
// WGSL-NEXT:    y[at] = x[at] * factor[row];
// WGSL-NEXT:  }
// WGSL-NEXT:}

//      MSL:#include <metal_stdlib>
// MSL-NEXT:using namespace metal;
// MSL-EMPTY:
// MSL-NEXT:// Rounding of every operation, NaN and infinities are as in the source.
// MSL-NEXT:#pragma METAL fp math_mode(safe)
// MSL-NEXT:#pragma METAL fp contract(off)
// MSL-EMPTY:
// MSL-NEXT:// encoder.layer.0.scale and 2 more
// MSL-NEXT:struct Sizes {
// MSL-NEXT:  uint rows;
// MSL-NEXT:  uint columns;
// MSL-NEXT:};
// MSL-EMPTY:
// MSL-NEXT:{{\[\[}}max_total_threads_per_threadgroup(32)]]
// MSL-NEXT:kernel void scale_rows(
// MSL-NEXT:    device const float4 *x {{\[\[}}buffer(0)]],
// MSL-NEXT:    device const float *factor {{\[\[}}buffer(1)]],
// MSL-NEXT:    device float4 *y {{\[\[}}buffer(2)]],
// MSL-NEXT:    constant Sizes &sizes {{\[\[}}buffer(3)]],
// MSL-NEXT:    uint3 group {{\[\[}}threadgroup_position_in_grid]],
// MSL-NEXT:    uint3 groups {{\[\[}}threadgroups_per_grid]],
// MSL-NEXT:    uint3 local {{\[\[}}thread_position_in_threadgroup]]) {
// MSL-NEXT:  const uint row = (group.y * groups.x + group.x) * 8u + local.x;
// MSL-NEXT:  if (row < sizes.rows) {
// MSL-NEXT:    const uint at = row * sizes.columns;
// MSL-NEXT:    y[at] = x[at] * factor[row];
// MSL-NEXT:  }
// MSL-NEXT:}
