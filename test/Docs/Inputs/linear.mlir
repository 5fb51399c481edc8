module @linear attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  tapml.global @"query.weight" : tensor<384x384xf32>
  tapml.global @"query.bias" : tensor<384xf32>
  func.func @forward(%x: tensor<?x384xf32> {tapml.name = "x", tapml.dims = ["rows", ""]})
      -> (tensor<?x384xf32> {tapml.name = "y", tapml.dims = ["rows", ""]})
      attributes {tapml.dim_ranges = {rows = array<i64: 1, 1024>}} {
    %weight = tapml.get_global @"query.weight" : tensor<384x384xf32>
    %bias = tapml.get_global @"query.bias" : tensor<384xf32>
    %y = tapml.linear %x, %weight bias %bias {instance = ["query"]}
         : (tensor<?x384xf32>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
    return %y : tensor<?x384xf32>
  }
}
