// RUN: tapml-opt %s --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s

// CHECK-DAG: OpCapability GroupNonUniform{{$}}
// CHECK-DAG: OpCapability GroupNonUniformArithmetic
// CHECK-DAG: OpCapability GroupNonUniformShuffle
// CHECK: BuiltIn SubgroupLocalInvocationId
// CHECK: OpGroupNonUniformShuffleXor
// CHECK: OpGroupNonUniformFAdd
// CHECK: OpGroupNonUniformBitwiseXor

// The dialect has no broadcast of the first lane, and profiles do not promise
// shuffles to a relative one.
// CHECK: %[[LANES:.*]] = OpGroupNonUniformBallot %v4uint %uint_3 %true
// CHECK: %[[FIRST:.*]] = OpGroupNonUniformBallotFindLSB %uint %uint_3 %[[LANES]]
// CHECK: %[[V:.*]] = OpGroupNonUniformShuffle %float %uint_3 %{{.*}} %[[FIRST]]
// CHECK: %[[SOURCE:.*]] = OpISub %uint %[[LANE:.*]] %uint_1
// CHECK: %[[THERE:.*]] = OpUGreaterThanEqual %bool %[[LANE]] %uint_1
// CHECK: %[[W:.*]] = OpGroupNonUniformShuffle %float %uint_3 %[[V]] %[[SOURCE]]
// CHECK: OpSelect %float %[[THERE]] %[[W]] %[[V]]
tapml.executable @rows {
  tapml.variant @vulkan target(<vulkan, "four lanes", {subgroup_size = 4 : i64}, ["subgroup_arithmetic", "subgroup_ballot", "subgroup_shuffle"]>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @sum(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>, tapml.access = ["read", "write"]} {
        %i = gpu.lane_id
        %c1 = arith.constant 1 : i32
        %c4 = arith.constant 4 : i32
        %v = memref.load %x[%i] : memref<?xf32>
        %w, %valid = gpu.shuffle xor %v, %c1, %c4 : f32
        %s = arith.addf %v, %w : f32
        %t = gpu.subgroup_reduce add %s : (f32) -> f32
        // Vulkan has no operations for uniform control flow alone.
        %bits = arith.bitcast %t : f32 to i32
        %p = gpu.subgroup_reduce xor %bits uniform : (i32) -> i32
        %z = arith.bitcast %p : i32 to f32
        memref.store %z, %y[%i] : memref<?xf32>
        gpu.return
      }
      gpu.func @others(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>, tapml.access = ["read", "write"]} {
        %i = gpu.lane_id
        %c1 = arith.constant 1 : i32
        %c4 = arith.constant 4 : i32
        %v = memref.load %x[%i] : memref<?xf32>
        %first = gpu.subgroup_broadcast %v, first_active_lane : f32
        %w, %valid = gpu.shuffle up %first, %c1, %c4 : f32
        %s = arith.select %valid, %w, %first : f32
        memref.store %s, %y[%i] : memref<?xf32>
        gpu.return
      }
    }
  }
}
