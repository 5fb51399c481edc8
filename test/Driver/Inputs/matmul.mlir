module attributes {tapml.version = 1 : i64} {
  func.func @forward(%a: tensor<1024x1024xf32> {tapml.name = "a"}) -> (tensor<1024x1024xf32> {tapml.name = "y"}) {
    %0 = tapml.matmul %a, %a {instance = ["product"]} : tensor<1024x1024xf32>, tensor<1024x1024xf32> -> tensor<1024x1024xf32>
    return %0 : tensor<1024x1024xf32>
  }
}
