// RUN: tapml-opt %s --tapml-convert-to-spirv=profile=vulkan --split-input-file --verify-diagnostics

gpu.module @kernels {
  // expected-error @+1 {{kernel 'scalar': argument 1 has type 'f32'; arguments are buffers and index sizes}}
  gpu.func @scalar(%x: memref<?xf32>, %s: f32) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'attributed': has memory attributions; use 'memref.alloc' and 'memref.alloca' in their address spaces}}
  gpu.func @attributed(%x: memref<?xf32>) workgroup(%w : memref<4xf32, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}
