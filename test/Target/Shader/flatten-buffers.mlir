// RUN: tapml-opt %s --tapml-to-legal-shader=profile=webgpu | tapml-translate --tapml-to-wgsl --split-input-file | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --canonicalize | FileCheck %s --check-prefix=SPIRV

// Buffers of several dimensions are arrays of their elements, row by row.

gpu.module @kernels {
  // CHECK: var<storage, read> in: array<f32, 512>;
  // CHECK: fn flip(
  // CHECK-NEXT: [[V:.*]] = in[local.x * 32u + local.y];
  // CHECK-NEXT: out[local.y * 16u + local.x] = {{.*}};
  // SPIRV-LABEL: gpu.func @flip
  // SPIRV-SAME: (%{{.*}}: memref<512xf32>, %{{.*}}: memref<512xf32>)
  gpu.func @flip(%x: memref<16x32xf32>, %y: memref<32x16xf32>) kernel attributes {known_block_size = array<i32: 16, 16, 1>} {
    %i = gpu.thread_id x
    %j = gpu.thread_id y
    %v = memref.load %x[%i, %j] : memref<16x32xf32>
    memref.store %v, %y[%j, %i] : memref<32x16xf32>
    gpu.return
  }
}

// The first size may be dynamic; a buffer without a size has one element.
gpu.module @dynamic {
  // CHECK: var<storage, read> in: array<vec4f>;
  // CHECK: var<storage, read_write> out1: array<atomic<i32>, 1>;
  // CHECK: out[local.x] = in[local.x * 4u + 1u];
  // CHECK-NEXT: atomicAdd(&out1[0u], 1);
  // SPIRV-LABEL: gpu.func @rows
  // SPIRV-SAME: (%{{.*}}: memref<?xvector<4xf32>>, %{{.*}}: memref<?xvector<4xf32>>, %{{.*}}: memref<1xi32>)
  gpu.func @rows(%x: memref<?x2x8xf32>, %y: memref<?x4xf32>, %sum: memref<i32>) kernel attributes {known_block_size = array<i32: 16, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %one = arith.constant 1 : i32
    %v = vector.load %x[%i, %c0, %c4] : memref<?x2x8xf32>, vector<4xf32>
    vector.store %v, %y[%i, %c0] : memref<?x4xf32>, vector<4xf32>
    %old = memref.atomic_rmw addi %one, %sum[] : (i32, memref<i32>) -> i32
    gpu.return
  }
}

// What upstream's vectorizer makes.
gpu.module @transfers {
  // CHECK: fn copy(
  // CHECK: let at = local.x * 2u;
  // CHECK: out[at] = in[at];
  // SPIRV-LABEL: gpu.func @copy
  // SPIRV-NOT: transfer
  gpu.func @copy(%x: memref<64x8xf32>, %y: memref<64x8xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %v = vector.transfer_read %x[%i, %c0], %zero {in_bounds = [true]} : memref<64x8xf32>, vector<8xf32>
    vector.transfer_write %v, %y[%i, %c0] {in_bounds = [true]} : vector<8xf32>, memref<64x8xf32>
    gpu.return
  }
}
