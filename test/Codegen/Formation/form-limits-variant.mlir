// RUN: tapml-opt %s --pass-pipeline='builtin.module(tapml.executable(tapml.variant(func.func(tapml-form-kernels))))' | FileCheck %s

// The limits are those of the variant's target: without one, this is one
// kernel.
tapml.executable @sum {
  // CHECK:         tapml.variant @small
  // CHECK-COUNT-2:   tapml.kernel
  tapml.variant @small target(<vulkan, "small", {max_storage_buffers = 3 : i64}, []>) {
    func.func @body(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
      %init = tensor.empty() : tensor<4xf32>
      %0 = linalg.add ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      %1 = linalg.mul ins(%0, %z : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
  }
  // CHECK:         tapml.variant @host
  // CHECK:           tapml.kernel
  // CHECK-NOT:       tapml.kernel
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
      %init = tensor.empty() : tensor<4xf32>
      %0 = linalg.add ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      %1 = linalg.mul ins(%0, %z : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
  }
}
