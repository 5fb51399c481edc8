// RUN: tapml-opt %s --tapml-plan-memory --split-input-file --verify-diagnostics

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

tapml.executable @in_place {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<8xf32>) -> tensor<8xf32> {
      %c1 = arith.constant 1 : index
      // expected-error @+1 {{'tapml.launch' op output 0 must be a 'tensor.empty': results are new tensors}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<8xf32>) outs(%x : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
  }
}

// -----

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

tapml.executable @slice {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<8xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %s = tensor.extract_slice %x[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{reads a tensor that is in no buffer of its own, of type 'tensor<4xf32>'; only reshapes and casts may stand between launches}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%s : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
  }
}

// -----

// expected-error @+1 {{'func.func' op must be one block to plan its memory}}
func.func @forward(%x: tensor<8xf32>) -> tensor<8xf32> {
  cf.br ^next
^next:
  return %x : tensor<8xf32>
}
