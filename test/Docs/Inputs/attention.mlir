module @attention attributes {tapml.version = 1 : i64, tapml.weights = "weights.safetensors"} {
  func.func @forward(%query: tensor<?x12x?x32xf32> {tapml.name = "query", tapml.dims = ["batch", "", "rows", ""]},
                     %key: tensor<?x12x?x32xf32> {tapml.name = "key", tapml.dims = ["batch", "", "rows", ""]},
                     %value: tensor<?x12x?x32xf32> {tapml.name = "value", tapml.dims = ["batch", "", "rows", ""]})
      -> (tensor<?x12x?x32xf32> {tapml.name = "y", tapml.dims = ["batch", "", "rows", ""]})
      attributes {tapml.dim_ranges = {batch = array<i64: 1, 8>, rows = array<i64: 1, 128>}} {
    %y = tapml.scaled_dot_product_attention %query, %key, %value {instance = ["attention"], scale = 0.17677669529663687 : f64}
         : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
    return %y : tensor<?x12x?x32xf32>
  }
}
