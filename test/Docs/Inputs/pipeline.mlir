module @tiny attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  tapml.global @"dense.weight" : tensor<6x4xf32>
  tapml.global @"dense.bias" : tensor<6xf32>
  func.func @forward(%x: tensor<?x4xf32> {tapml.name = "x", tapml.dims = ["rows", ""]})
      -> (tensor<?x6xf32> {tapml.name = "y", tapml.dims = ["rows", ""]})
      attributes {tapml.dim_ranges = {rows = array<i64: 1, 64>}} {
    %weight = tapml.get_global @"dense.weight" : tensor<6x4xf32>
    %bias = tapml.get_global @"dense.bias" : tensor<6xf32>
    %0 = tapml.linear %x, %weight bias %bias {instance = ["dense"]}
           : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
    %y = tapml.gelu %0 {instance = ["activation"]} : tensor<?x6xf32>
    return %y : tensor<?x6xf32>
  }
}
