// RUN: tapml-opt %s --tapml-emit-kernels=profile=host --split-input-file --verify-diagnostics

func.func @invocations(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has a lowering with 64 invocations per workgroup; on the host a workgroup is one invocation}}
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    tapml.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
