// RUN: tapml-opt %s --tapml-split-buffers --split-input-file --verify-diagnostics | FileCheck %s

// 300 floats are 1200 bytes: two parts of 1024. The kernel's copy takes them as
// buffers of its own; the launch of a small tensor keeps the kernel.

// CHECK-LABEL: tapml.executable @copy
tapml.executable @copy {
  tapml.variant @gpu target(<vulkan, "small", {max_storage_buffer_bytes = 1100 : i64}, []>) {
    // CHECK: func.func @body
    func.func @body(%x: tensor<300xf32>, %s: tensor<20xf32>) -> (tensor<300xf32>, tensor<20xf32>) {
      %c1 = arith.constant 1 : index
      %0 = tensor.empty() : tensor<300xf32>
      // CHECK: tapml.launch [@kernels::@copy_split] {{.*}} {tapml.parts = array<i64: 2, 2>}
      %1 = tapml.launch [@kernels::@copy] grids(%c1, %c1, %c1) ins(%x : tensor<300xf32>) outs(%0 : tensor<300xf32>) -> tensor<300xf32>
      %2 = tensor.empty() : tensor<20xf32>
      // CHECK: tapml.launch [@kernels::@copy] grids
      // CHECK-NOT: tapml.parts
      %3 = tapml.launch [@kernels::@copy] grids(%c1, %c1, %c1) ins(%s : tensor<20xf32>) outs(%2 : tensor<20xf32>) -> tensor<20xf32>
      // CHECK: return
      return %1, %3 : tensor<300xf32>, tensor<20xf32>
    }
    gpu.module @kernels {
      // CHECK: gpu.func @copy(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>) kernel
      gpu.func @copy(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"]} {
        %i = gpu.global_id x
        %v = memref.load %x[%i] : memref<?xf32>
        memref.store %v, %y[%i] : memref<?xf32>
        gpu.return
      }
      // CHECK: gpu.func @copy_split(%[[X0:.*]]: memref<?xf32>, %[[X1:.*]]: memref<?xf32>, %[[Y0:.*]]: memref<?xf32>, %[[Y1:.*]]: memref<?xf32>) kernel
      // CHECK-SAME: tapml.access = ["read", "read", "write", "write"]
      // CHECK: %[[I:.*]] = gpu.global_id x
      // CHECK: %[[SHIFT:.*]] = arith.constant 8 : index
      // CHECK: %[[MASK:.*]] = arith.constant 255 : index
      // CHECK: %[[PART:.*]] = arith.shrui %[[I]], %[[SHIFT]] : index
      // CHECK: %[[OFFSET:.*]] = arith.andi %[[I]], %[[MASK]] : index
      // CHECK: %[[ISLAST:.*]] = arith.cmpi eq, %[[PART]], %{{.*}} : index
      // CHECK: %[[V:.*]] = scf.if %[[ISLAST]] -> (f32) {
      // CHECK:   memref.load %[[X1]][%[[OFFSET]]]
      // CHECK: } else {
      // CHECK:   memref.load %[[X0]][%[[OFFSET]]]
      // CHECK: scf.if
      // CHECK:   memref.store %[[V]], %[[Y1]][
      // CHECK: } else {
      // CHECK:   memref.store %[[V]], %[[Y0]][
    }
  }
}

// -----

// A vector that is provably aligned lies in one part; others may lie in two. A
// kernel that is launched in parts alone has no other form left.

// CHECK-LABEL: tapml.executable @vectors
tapml.executable @vectors {
  tapml.variant @gpu target(<vulkan, "small", {max_storage_buffer_bytes = 1024 : i64}, []>) {
    func.func @body(%x: tensor<1000xf32>, %n: index) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %0 = tensor.empty() : tensor<4xf32>
      // CHECK: tapml.launch [@kernels::@sum_split] {{.*}} {tapml.parts = array<i64: 4, 1>}
      %1 = tapml.launch [@kernels::@sum] grids(%c1, %c1, %c1) sizes(%n) ins(%x : tensor<1000xf32>) outs(%0 : tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
    gpu.module @kernels {
      // CHECK-NOT: gpu.func @sum(
      // CHECK: gpu.func @sum_split(
      // CHECK-COUNT-4: vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
      // CHECK-NOT: vector.load
      // CHECK: vector.from_elements
      gpu.func @sum(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"]} {
        %c0 = arith.constant 0 : index
        %c4 = arith.constant 4 : index
        %i = gpu.thread_id x
        %aligned = arith.muli %i, %c4 : index
        %a = vector.load %x[%aligned] : memref<?xf32>, vector<4xf32>
        %b = vector.load %x[%n] : memref<?xf32>, vector<4xf32>
        %s = arith.addf %a, %b : vector<4xf32>
        vector.store %s, %y[%c0] : memref<?xf32>, vector<4xf32>
        gpu.return
      }
    }
  }
}

// -----

tapml.executable @other {
  tapml.variant @gpu target(<vulkan, "small", {max_storage_buffer_bytes = 1024 : i64}, []>) {
    func.func @body(%x: tensor<1000xf32>) -> tensor<1000xf32> {
      %c1 = arith.constant 1 : index
      %0 = tensor.empty() : tensor<1000xf32>
      %1 = tapml.launch [@kernels::@atomic] grids(%c1, %c1, %c1) ins(%x : tensor<1000xf32>) outs(%0 : tensor<1000xf32>) -> tensor<1000xf32>
      return %1 : tensor<1000xf32>
    }
    gpu.module @kernels {
      gpu.func @atomic(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"]} {
        %c0 = arith.constant 0 : index
        %v = memref.load %x[%c0] : memref<?xf32>
        // expected-error @+1 {{uses a buffer that has to be split, in another way than to load or store}}
        %0 = memref.atomic_rmw addf %v, %y[%c0] : (f32, memref<?xf32>) -> f32
        gpu.return
      }
    }
  }
}

// -----

tapml.executable @missing {
  tapml.variant @gpu target(<vulkan, "small", {max_storage_buffer_bytes = 1024 : i64}, []>) {
    func.func @body(%x: tensor<1000xf32>) -> tensor<1000xf32> {
      %c1 = arith.constant 1 : index
      %0 = tensor.empty() : tensor<1000xf32>
      // expected-error @+1 {{names @kernels::@gone, which is no kernel that can be split}}
      %1 = tapml.launch [@kernels::@gone] grids(%c1, %c1, %c1) ins(%x : tensor<1000xf32>) outs(%0 : tensor<1000xf32>) -> tensor<1000xf32>
      return %1 : tensor<1000xf32>
    }
  }
}
