// RUN: tapml-opt %s --tapml-convert-to-spirv | FileCheck %s

// Sizes that the profile's push constants cannot hold are members of a uniform
// buffer behind the kernel's buffers; kernels with the same interface share it.
tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "tiny", {max_push_constant_bytes = 4 : i64}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      // CHECK-DAG: spirv.GlobalVariable @__sizes_1 : !spirv.ptr<!spirv.struct<(i32 [0])>, PushConstant>
      // CHECK-DAG: spirv.GlobalVariable @__sizes_2_at_1 bind(0, 1) : !spirv.ptr<!spirv.struct<(i32 [0], i32 [4])>, Uniform>
      // CHECK-DAG: spirv.GlobalVariable @__sizes_2_at_2 bind(0, 2) : !spirv.ptr<!spirv.struct<(i32 [0], i32 [4])>, Uniform>
      // CHECK-NOT: spirv.GlobalVariable @__sizes

      // CHECK: spirv.func @few() {{.*}} sizes = 1, workgroup
      // CHECK: spirv.mlir.addressof @__sizes_1 :
      gpu.func @few(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["write"]} {
        %c = arith.constant 1.0 : f32
        memref.store %c, %x[%n] : memref<?xf32>
        gpu.return
      }
      // CHECK: spirv.func @many() {{.*}} sizes = 2 in uniform_buffer, workgroup
      // CHECK: spirv.mlir.addressof @__sizes_2_at_1 :
      gpu.func @many(%x: memref<?xf32>, %n: index, %m: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["write"]} {
        %c = arith.constant 1.0 : f32
        %i = arith.addi %n, %m : index
        memref.store %c, %x[%i] : memref<?xf32>
        gpu.return
      }
      // CHECK: spirv.func @more() {{.*}} sizes = 2 in uniform_buffer, workgroup
      // CHECK: spirv.mlir.addressof @__sizes_2_at_1 :
      gpu.func @more(%x: memref<?xf32>, %n: index, %m: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["write"]} {
        %c = arith.constant 2.0 : f32
        %i = arith.muli %n, %m : index
        memref.store %c, %x[%i] : memref<?xf32>
        gpu.return
      }
      // CHECK: spirv.func @behind() {{.*}} sizes = 2 in uniform_buffer, workgroup
      // CHECK: spirv.mlir.addressof @__sizes_2_at_2 :
      gpu.func @behind(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %m: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"]} {
        %v = memref.load %x[%n] : memref<?xf32>
        memref.store %v, %y[%m] : memref<?xf32>
        gpu.return
      }
    }
  }
}
