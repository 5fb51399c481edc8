// RUN: tapml-opt %s --tapml-outline-math=profile=webgpu | FileCheck %s
// RUN: tapml-opt %s --tapml-outline-math=profile=vulkan | FileCheck %s --check-prefix=VULKAN

// CHECK: func.func private @exp_f32x4(%[[X:.*]]: vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT: %[[E:.*]] = math.exp %[[X]]
// CHECK-NEXT: return %[[E]]
// CHECK: func.func private @exp_f32(%{{.*}}: f32) -> f32
// VULKAN-NOT: func.func
gpu.module @kernels {
  // CHECK: gpu.func @exps
  gpu.func @exps(%x: memref<?xf32>, %y: memref<?xvector<4xf32>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %v = memref.load %y[%i] : memref<?xvector<4xf32>>
    // CHECK: func.call @exp_f32(%{{.*}})
    // CHECK: func.call @exp_f32(%{{.*}})
    %b = math.exp %a : f32
    %c = math.exp %b : f32
    // CHECK: func.call @exp_f32x4(%{{.*}})
    %w = math.exp %v : vector<4xf32>
    // Cheap ones stay.
    // CHECK: math.sqrt
    %s = math.sqrt %c : f32
    memref.store %s, %x[%i] : memref<?xf32>
    memref.store %w, %y[%i] : memref<?xvector<4xf32>>
    gpu.return
  }
}

gpu.module @halves {
  // CHECK: func.func private @exp_f16(%{{.*}}: f16) -> f16
  // CHECK: gpu.func @half
  // CHECK: func.call @exp_f16(%{{.*}})
  gpu.func @half(%x: memref<?xf16>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf16>
    %b = math.exp %a : f16
    memref.store %b, %x[%i] : memref<?xf16>
    gpu.return
  }
}

// The first call is with one value for both operands, the second is not.
gpu.module @powers {
  // CHECK: func.func private @powf_f32(%[[X:.*]]: f32, %[[Y:.*]]: f32) -> f32
  // CHECK-NEXT: math.powf %[[X]], %[[Y]]
  // CHECK: gpu.func @powers
  // CHECK: func.call @powf_f32(%[[A:.*]], %[[A]])
  // CHECK: func.call @powf_f32(%{{.*}}, %[[A]])
  gpu.func @powers(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %b = math.powf %a, %a : f32
    %c = math.powf %b, %a : f32
    memref.store %c, %x[%i] : memref<?xf32>
    gpu.return
  }
}
