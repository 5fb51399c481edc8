// RUN: sed 's/FEATURES/"prefers_subgroup_shuffle", "subgroup_ballot", "subgroup_shuffle"/' %s > %t.both.mlir
// RUN: sed 's/FEATURES/"subgroup_ballot", "subgroup_shuffle"/' %s > %t.ballot.mlir
// RUN: sed 's/FEATURES/"subgroup_shuffle"/' %s > %t.shuffle.mlir
// RUN: sed 's/FEATURES//' %s > %t.none.mlir

// RUN: tapml-opt %t.both.mlir --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.both.spv
// RUN: spirv-val --target-env vulkan1.1 %t.both.spv
// RUN: spirv-dis %t.both.spv | FileCheck %s --check-prefix=SHUFFLE
// RUN: tapml-opt %t.shuffle.mlir --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.shuffle.spv
// RUN: spirv-val --target-env vulkan1.1 %t.shuffle.spv
// RUN: spirv-dis %t.shuffle.spv | FileCheck %s --check-prefix=SHUFFLE
// RUN: tapml-opt %t.ballot.mlir --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.ballot.spv
// RUN: spirv-val --target-env vulkan1.1 %t.ballot.spv
// RUN: spirv-dis %t.ballot.spv | FileCheck %s --check-prefix=BALLOT
// RUN: not tapml-opt %t.none.mlir --tapml-gpu-to-spirv 2>&1 | FileCheck %s --check-prefix=NONE

// SHUFFLE: OpCapability GroupNonUniformShuffle
// SHUFFLE: OpGroupNonUniformShuffle %v4float
// BALLOT: OpCapability GroupNonUniformBallot
// BALLOT: OpGroupNonUniformBroadcast %v4float
// NONE: 'gpu.subgroup_broadcast' uses operation 'gpu.subgroup_broadcast', which needs feature 'subgroup_ballot' that profile 'four lanes' lacks
tapml.executable @rows {
  tapml.variant @vulkan target(<vulkan, "four lanes", {subgroup_size = 4 : i64}, [FEATURES]>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @spread(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>, tapml.access = ["read", "write"]} {
        %i = gpu.lane_id
        %c4 = arith.constant 4 : index
        %c2 = arith.constant 2 : i32
        %at = arith.muli %i, %c4 : index
        %v = vector.load %x[%at] : memref<?xf32>, vector<4xf32>
        %w = gpu.subgroup_broadcast %v, specific_lane %c2 : vector<4xf32>
        vector.store %w, %y[%at] : memref<?xf32>, vector<4xf32>
        gpu.return
      }
    }
  }
}
