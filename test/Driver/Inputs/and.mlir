module @and attributes {tapml.version = 1 : i64} {
  func.func @forward(%a: tensor<?x?xi1> {tapml.name = "a", tapml.dims = ["n", "m"]}, %b: tensor<?x1xi1> {tapml.name = "b", tapml.dims = ["n",""]}) -> (tensor<?x?xi1> {tapml.name = "y"}) {
    %0 = tapml.bitwise_and %a, %b {instance = ["mask.and"]} : tensor<?x?xi1>, tensor<?x1xi1> -> tensor<?x?xi1>
    return %0 : tensor<?x?xi1>
  }
}
