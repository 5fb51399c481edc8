// RUN: tapml-opt %s --tapml-to-legal-shader=profile=webgpu | tapml-translate --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL
// RUN: tapml-opt %s --tapml-to-legal-shader=profile=webgpu-f16-subgroups | tapml-translate --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL
// RUN: tapml-opt %s --tapml-to-legal-shader=profile=metal | tapml-translate --tapml-to-msl | FileCheck %s --check-prefix=MSL

// Infinities and NaN in a table of halves are there as the bits of floats.

gpu.module @kernels {
  // WGSL: array<i32, 3>(1065353216, 2139095040, 2143289344)
  // MSL: {1065353216, 2139095040, 2143289344}
  memref.global "private" constant @special : memref<3xf16> = dense<[1.0, 0x7C00, 0x7E00]>
  gpu.func @lookup(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 3, 1, 1>} {
    %i = gpu.thread_id x
    %t = memref.get_global @special : memref<3xf16>
    %h = memref.load %t[%i] : memref<3xf16>
    %f = arith.extf %h : f16 to f32
    memref.store %f, %x[%i] : memref<?xf32>
    gpu.return
  }

  // WGSL refuses a bit pattern of these that it sees.
  // WGSL: fn constant(
  // WGSL: {{.*}}[0u] = bitcast<f32>(infinity_bits);
  gpu.func @constant(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %t = memref.get_global @special : memref<3xf16>
    %h = memref.load %t[%c1] : memref<3xf16>
    %f = arith.extf %h : f16 to f32
    memref.store %f, %x[%c0] : memref<?xf32>
    gpu.return
  }
}
