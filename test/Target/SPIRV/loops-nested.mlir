// RUN: tapml-opt %s --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s

// The inner loop's result is the outer loop's next value: the phi in front names
// an instruction that follows.

// CHECK: %[[OUTER:.*]] = OpPhi %float %[[NEXT:.*]] %{{.*}} %float_0 %{{.*}}
// CHECK: OpLoopMerge
// CHECK: %[[INNER:.*]] = OpPhi %float %{{.*}} %{{.*}} %[[OUTER]] %{{.*}}
// CHECK: OpLoopMerge
// CHECK: %[[PAIR:.*]] = OpCompositeConstruct %v2float %[[INNER]] %[[INNER]]
// CHECK: %[[NEXT]] = OpCompositeExtract %float %[[PAIR]] 0

// A loop in the header of another takes its first values from the block before.
// CHECK: OpLoopMerge
// CHECK-NEXT: OpBranch %[[BEFORE:.*]]
// CHECK: %[[BEFORE]] = OpLabel
// CHECK: OpPhi %float %{{.*}} %{{.*}} %{{.*}} %[[BEFORE]]
tapml.executable @sums {
  tapml.variant @vulkan target(<vulkan, "vulkan", {}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @sum(%x: memref<?xf32>, %y: memref<?xf32>, %m: index, %n: index) kernel attributes {known_block_size = array<i32: 1, 1, 1>, tapml.access = ["read", "write"]} {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %zero = arith.constant 0.0 : f32
        %sum = scf.for %i = %c0 to %m step %c1 iter_args(%s = %zero) -> (f32) {
          %row = arith.muli %i, %n : index
          %inner = scf.for %j = %c0 to %n step %c1 iter_args(%t = %s) -> (f32) {
            %at = arith.addi %row, %j : index
            %v = memref.load %x[%at] : memref<?xf32>
            %u = arith.addf %t, %v : f32
            scf.yield %u : f32
          }
          scf.yield %inner : f32
        }
        memref.store %sum, %y[%c0] : memref<?xf32>
        gpu.return
      }
      gpu.func @until(%x: memref<?xf32>, %y: memref<?xf32>, %m: index, %n: index) kernel attributes {known_block_size = array<i32: 1, 1, 1>, tapml.access = ["read", "write"]} {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %zero = arith.constant 0.0 : f32
        %sum, %rows = scf.while (%s = %zero, %i = %c0) : (f32, index) -> (f32, index) {
          %inner = scf.for %j = %c0 to %n step %c1 iter_args(%t = %s) -> (f32) {
            %v = memref.load %x[%j] : memref<?xf32>
            %u = arith.addf %t, %v : f32
            scf.yield %u : f32
          }
          %more = arith.cmpi ult, %i, %m : index
          scf.condition(%more) %inner, %i : f32, index
        } do {
        ^bb0(%s: f32, %i: index):
          %next = arith.addi %i, %c1 : index
          scf.yield %s, %next : f32, index
        }
        memref.store %sum, %y[%c0] : memref<?xf32>
        gpu.return
      }
    }
  }
}
