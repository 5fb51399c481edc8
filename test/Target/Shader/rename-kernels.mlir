// RUN: tapml-opt %s --tapml-legalize-shader | FileCheck %s

// `select` is a function of WGSL, which a kernel of that name would hide.

tapml.executable @choose {
  tapml.variant @webgpu target(<webgpu, "webgpu", {}, []>) {
    // CHECK: tapml.launch [@kernels::@select_kernel]
    func.func @body(%x: tensor<8xf32>) -> tensor<8xf32> {
      %c1 = arith.constant 1 : index
      %y = tensor.empty() : tensor<8xf32>
      %r = tapml.launch [@kernels::@select] grids(%c1, %c1, %c1) ins(%x : tensor<8xf32>) outs(%y : tensor<8xf32>) -> tensor<8xf32>
      return %r : tensor<8xf32>
    }
    gpu.module @kernels {
      // CHECK: gpu.func @select_kernel
      gpu.func @select(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 8, 1, 1>, tapml.access = ["read", "write"]} {
        gpu.return
      }
    }
  }
}
