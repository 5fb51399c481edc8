// RUN: tapml-opt %s --tapml-gpu-to-spirv -o %t.mlir
// RUN: tapml-translate %t.mlir --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s

// What modules hold that did not come from TapML, for the profile that promises
// least: memory attributions, constant tables, calls, arithmetic on bytes,
// bitwise reductions and every atomic update of integers.

// CHECK-DAG: OpEntryPoint GLCompute %mixed "mixed"
// CHECK-DAG: OpVariable %{{.*}} Workgroup
// CHECK: OpAtomicXor
// CHECK: OpBitCount
// CHECK-NOT: OpFunctionCall
tapml.executable @foreign {
  tapml.variant @vulkan target(<vulkan, "vulkan", {}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      memref.global "private" constant @bytes : memref<4xi8> = dense<[1, 2, -3, 4]>
      func.func private @twice(%x: i8) -> i8 {
        %0 = arith.addi %x, %x : i8
        return %0 : i8
      }
      gpu.func @mixed(%a: memref<?xi32>) workgroup(%shared: memref<32xi32, #gpu.address_space<workgroup>>)
          kernel attributes {known_block_size = array<i32: 32, 1, 1>, tapml.access = ["readwrite"]} {
        %t = gpu.thread_id x
        %c0 = arith.constant 0 : index
        %c4 = arith.constant 4 : index
        %at = arith.remui %t, %c4 : index
        %table = memref.get_global @bytes : memref<4xi8>
        %0 = memref.load %table[%at] : memref<4xi8>
        %1 = func.call @twice(%0) : (i8) -> i8
        %2 = arith.extsi %1 : i8 to i32
        memref.store %2, %shared[%t] : memref<32xi32, #gpu.address_space<workgroup>>
        gpu.barrier
        %v = vector.load %a[%c0] : memref<?xi32>, vector<4xi32>
        %r = vector.reduction <xor>, %v : vector<4xi32> into i32
        %3 = memref.atomic_rmw xori %r, %shared[%c0] : (i32, memref<32xi32, #gpu.address_space<workgroup>>) -> i32
        gpu.barrier
        %ones = math.ctpop %r : i32
        memref.store %ones, %shared[%t] : memref<32xi32, #gpu.address_space<workgroup>>
        %4 = memref.load %shared[%at] : memref<32xi32, #gpu.address_space<workgroup>>
        memref.store %4, %a[%t] : memref<?xi32>
        gpu.return
      }
    }
  }
}
