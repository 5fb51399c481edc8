// Two layers of a small model: integers, weights, dynamic sizes.
module @two_layers attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  tapml.global @"embed.weight" : tensor<100x8xf32>
  tapml.global @"layer.0.dense.weight" : tensor<8x8xf32>
  tapml.global @"layer.0.dense.bias" : tensor<8xf32>
  tapml.global @"layer.1.dense.weight" : tensor<8x8xf32>
  tapml.global @"layer.1.dense.bias" : tensor<8xf32>
  func.func @forward(%ids: tensor<?x?xi64> {tapml.name = "ids", tapml.dims = ["batch", "seq"]},
                     %mask: tensor<?x?xi64> {tapml.name = "mask", tapml.dims = ["batch", "seq"]})
      -> (tensor<?x?x8xf32> {tapml.name = "y"})
      attributes {tapml.dim_ranges = {batch = array<i64: 1, 8>, seq = array<i64: 1, 128>}} {
    %embed = tapml.get_global @"embed.weight" : tensor<100x8xf32>
    %w0 = tapml.get_global @"layer.0.dense.weight" : tensor<8x8xf32>
    %b0 = tapml.get_global @"layer.0.dense.bias" : tensor<8xf32>
    %w1 = tapml.get_global @"layer.1.dense.weight" : tensor<8x8xf32>
    %b1 = tapml.get_global @"layer.1.dense.bias" : tensor<8xf32>
    %zero = tapml.constant dense<0> : tensor<i64>
    %keep = tapml.ne %mask, %zero {instance = ["mask.ne"]} : tensor<?x?xi64>, tensor<i64> -> tensor<?x?xi1>
    %cast = tapml.cast %keep {instance = ["mask.cast"]} : tensor<?x?xi1> -> tensor<?x?xf32>
    %scale = tapml.unsqueeze %cast dim 2 {instance = ["mask.unsqueeze"]} : tensor<?x?xf32> -> tensor<?x?x1xf32>
    %x0 = tapml.embedding %embed, %ids {instance = ["embed"]} : tensor<100x8xf32>, tensor<?x?xi64> -> tensor<?x?x8xf32>
    %d0 = tapml.linear %x0, %w0 bias %b0 {instance = ["layer.0.dense"]} : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
    %g0 = tapml.gelu %d0 {instance = ["layer.0.gelu"]} : tensor<?x?x8xf32>
    %x1 = tapml.mul %g0, %scale {instance = ["layer.0.mul"]} : tensor<?x?x8xf32>, tensor<?x?x1xf32> -> tensor<?x?x8xf32>
    %d1 = tapml.linear %x1, %w1 bias %b1 {instance = ["layer.1.dense"]} : (tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
    %g1 = tapml.gelu %d1 {instance = ["layer.1.gelu"]} : tensor<?x?x8xf32>
    %x2 = tapml.mul %g1, %scale {instance = ["layer.1.mul"]} : tensor<?x?x8xf32>, tensor<?x?x1xf32> -> tensor<?x?x8xf32>
    return %x2 : tensor<?x?x8xf32>
  }
}
