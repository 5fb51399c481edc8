// RUN: not tapml-opt %s --tapml-form-kernels=profile=gpu 2>&1 | FileCheck %s

// CHECK: error: unknown profile 'gpu', expected one of: host, vulkan
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
