// RUN: tapml-opt %s --tapml-legalize-spirv | FileCheck %s
// RUN: tapml-opt %s --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s --check-prefix=DIS

// A view holds 1024 texels, and a kernel has one view. Only a buffer that never
// has more is read as texels, as far as views are left.

// CHECK: gpu.func @copy(
// CHECK-SAME: %{{.*}}: memref<?xf32>, %{{.*}}: memref<1025xf32>, %{{.*}}: memref<1024xf32, #spirv.storage_class<Image>>, %{{.*}}: memref<16xf32>,
// CHECK-SAME: tapml.access = ["read", "read", "texels f32", "read", "write"]
// DIS: OpCapability SampledBuffer
// DIS: OpTypeImage %float Buffer 0 0 0 1 Unknown
// DIS: OpImageFetch
tapml.executable @copies {
  tapml.variant @vulkan target(<vulkan, "small views", {max_texel_buffer_elements = 1024 : i64, max_texel_buffers = 1 : i64, max_storage_buffers = 8 : i64}, ["prefers_texel_reads"]>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @copy(%a: memref<?xf32>, %b: memref<1025xf32>, %c: memref<1024xf32>, %d: memref<16xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>, tapml.access = ["read", "read", "read", "read", "write"]} {
        %t = gpu.thread_id x
        %0 = memref.load %a[%t] : memref<?xf32>
        %1 = memref.load %b[%t] : memref<1025xf32>
        %2 = memref.load %c[%t] : memref<1024xf32>
        %3 = memref.load %d[%t] : memref<16xf32>
        %4 = arith.addf %0, %1 : f32
        %5 = arith.addf %2, %3 : f32
        %6 = arith.addf %4, %5 : f32
        memref.store %6, %y[%t] : memref<?xf32>
        gpu.return
      }
    }
  }
}
