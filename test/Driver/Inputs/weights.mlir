module @weights attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  tapml.global @w : tensor<4x3xf32>
  func.func @forward(%x: tensor<2x3xf32> {tapml.name = "x"}) -> (tensor<2x4xf32> {tapml.name = "y"}) {
    %0 = tapml.get_global @w : tensor<4x3xf32>
    %1 = tapml.linear %x, %0 {instance = ["fc"]} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
    return %1 : tensor<2x4xf32>
  }
}
