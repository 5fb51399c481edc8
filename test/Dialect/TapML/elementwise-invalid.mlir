// RUN: tapml-opt %s --split-input-file --verify-diagnostics

func.func @element_type_of_function(%x: tensor<4xi64>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 16-bit float or 32-bit float values, but got 'tensor<4xi64>'}}
  %0 = tapml.tanh %x : tensor<4xi64>
  return
}

// -----

func.func @unranked(%x: tensor<*xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor}}
  %0 = "tapml.tanh"(%x) : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @unary_result_type(%x: tensor<4xf32>) {
  // expected-error @+1 {{failed to verify that all of {x, result} have same type}}
  %0 = "tapml.tanh"(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @logical_not_of_numbers(%x: tensor<4xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %0 = tapml.logical_not %x : tensor<4xf32>
  return
}

// -----

func.func @gelu_approximation(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.gelu' op 'approximate' must be "none" or "tanh", got "sigmoid"}}
  %0 = tapml.gelu %x {approximate = "sigmoid"} : tensor<4xf32>
  return
}

// -----

func.func @instance_is_no_list_of_strings(%x: tensor<4xf32>) {
  // expected-error @+1 {{attribute 'instance' failed to satisfy constraint: string array attribute}}
  %0 = "tapml.tanh"(%x) <{instance = [0]}> : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @mixed_element_types(%a: tensor<4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{failed to verify that all of {lhs, rhs, result} have same element type}}
  %0 = tapml.add %a, %b : tensor<4xf32>, tensor<4xi64> -> tensor<4xf32>
  return
}

// -----

func.func @arithmetic_on_booleans(%a: tensor<4xi1>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 16-bit float or 32-bit float or 32-bit signless integer or 64-bit signless integer values}}
  %0 = tapml.add %a, %a : tensor<4xi1>, tensor<4xi1> -> tensor<4xi1>
  return
}

// -----

func.func @sizes_do_not_broadcast(%a: tensor<2x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.add' op operand 'rhs' of type 'tensor<4xf32>' has size 4 in dimension 0, which does not broadcast with the size 3 of the operands before it}}
  %0 = tapml.add %a, %b : tensor<2x3xf32>, tensor<4xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @broadcast_result(%a: tensor<?x3xf32>, %b: tensor<4x1xf32>) {
  // expected-error @+1 {{'tapml.add' op result has type 'tensor<?x5xf32>', but the operands give shape [4, 3]}}
  %0 = tapml.add %a, %b : tensor<?x3xf32>, tensor<4x1xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @broadcast_rank(%a: tensor<?x3xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{'tapml.mul' op result has type 'tensor<3xf32>', but the operands give shape [?, 3]}}
  %0 = tapml.mul %a, %b : tensor<?x3xf32>, tensor<f32> -> tensor<3xf32>
  return
}

// -----

func.func @comparison_result(%a: tensor<4xf32>) {
  // expected-error @+1 {{result #0 must be ranked tensor of 1-bit signless integer values}}
  %0 = tapml.ge %a, %a : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @comparison_shapes(%a: tensor<4xf32>, %b: tensor<5xf32>) {
  // expected-error @+1 {{'tapml.ge' op operand 'rhs' of type 'tensor<5xf32>' has size 5 in dimension 0}}
  %0 = tapml.ge %a, %b : tensor<4xf32>, tensor<5xf32> -> tensor<4xi1>
  return
}

// -----

func.func @where_condition(%c: tensor<4xf32>, %a: tensor<4xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %0 = tapml.where %c, %a, %a : tensor<4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @where_shapes(%c: tensor<3xi1>, %a: tensor<1xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.where' op operand 'b' of type 'tensor<4xf32>' has size 4 in dimension 0, which does not broadcast with the size 3}}
  %0 = tapml.where %c, %a, %b : tensor<3xi1>, tensor<1xf32>, tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @cast_shape(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.cast' op result has type 'tensor<5xi64>', but the operands give shape [4]}}
  %0 = tapml.cast %x : tensor<4xf32> -> tensor<5xi64>
  return
}
