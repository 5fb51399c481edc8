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
    }
  }
}
