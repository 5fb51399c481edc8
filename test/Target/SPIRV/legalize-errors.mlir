// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --verify-diagnostics

gpu.module @kernels {
  func.func @again(%x: f32) -> f32 {
    // expected-error @below {{kernel 'recursive': 'again' calls itself or has no body of one block in the module; kernels for this target cannot call it}}
    %0 = func.call @again(%x) : (f32) -> f32
    return %0 : f32
  }
  gpu.func @recursive(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %0 = memref.load %x[%c0] : memref<?xf32>
    %1 = func.call @again(%0) : (f32) -> f32
    memref.store %1, %x[%c0] : memref<?xf32>
    gpu.return
  }
}
