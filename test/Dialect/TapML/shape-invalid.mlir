// RUN: tapml-opt %s --split-input-file --verify-diagnostics

func.func @constant_type() {
  // expected-error @+1 {{result #0 must be ranked tensor}}
  %0 = tapml.constant dense<1> : vector<2xi64>
  return
}

// -----

func.func @full_value() {
  // expected-error @+1 {{'tapml.full' op value 1 : i64 does not have the element type of the result 'tensor<4xf32>'}}
  %0 = tapml.full 1 : i64 : tensor<4xf32>
  return
}

// -----

func.func @full_sizes() {
  // expected-error @+1 {{'tapml.full' op needs one size for each dynamic dimension of its result 'tensor<?xf32>': 1, got 0}}
  %0 = tapml.full 1.0 : f32 : tensor<?xf32>
  return
}

// -----

func.func @arange_rank(%n: index) {
  // expected-error @+1 {{'tapml.arange' op result must have rank 1, got 'tensor<?x2xi64>'}}
  %0 = tapml.arange %n to %n step %n : tensor<?x2xi64>
  return
}

// -----

func.func @arange_step(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'tapml.arange' op step must not be 0}}
  %0 = tapml.arange %n to %n step %c0 : tensor<?xi64>
  return
}

// -----

func.func @arange_size() {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  // expected-error @+1 {{'tapml.arange' op result has type 'tensor<3xi64>', but the operands give shape [4]}}
  %0 = tapml.arange %c0 to %c7 step %c2 : tensor<3xi64>
  return
}

// -----

func.func @arange_extreme_step() {
  %c0 = arith.constant 0 : index
  %smallest = arith.constant -9223372036854775808 : index
  // expected-error @+1 {{'tapml.arange' op result has type 'tensor<3xi64>', but the operands give shape [1]}}
  %0 = tapml.arange %c0 to %smallest step %smallest : tensor<3xi64>
  return
}

// -----

func.func @reshape_sizes(%x: tensor<?x4xf32>, %n: index) {
  // expected-error @+1 {{'tapml.reshape' op needs one size for each dynamic dimension of its result 'tensor<?x?xf32>': 2, got 1}}
  %0 = tapml.reshape %x sizes(%n) : tensor<?x4xf32> -> tensor<?x?xf32>
  return
}

// -----

func.func @reshape_static_count(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.reshape' op operand 'x' of type 'tensor<3x4xf32>' cannot have as many elements as the result 'tensor<5x2xf32>'}}
  %0 = tapml.reshape %x : tensor<3x4xf32> -> tensor<5x2xf32>
  return
}

// -----

func.func @reshape_dynamic_count(%x: tensor<3x4xf32>, %n: index) {
  // expected-error @+1 {{'tapml.reshape' op operand 'x' of type 'tensor<3x4xf32>' cannot have as many elements as the result 'tensor<?x5xf32>'}}
  %0 = tapml.reshape %x sizes(%n) : tensor<3x4xf32> -> tensor<?x5xf32>
  return
}

// -----

func.func @reshape_element_type(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{failed to verify that all of {x, result} have same element type}}
  %0 = tapml.reshape %x : tensor<3x4xf32> -> tensor<12xi32>
  return
}

// -----

func.func @permute_repeats(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.permute' op permutation [0, 0] is not one of the dimensions of operand 'x' of type 'tensor<3x4xf32>'}}
  %0 = tapml.permute %x [0, 0] : tensor<3x4xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @permute_rank(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.permute' op permutation [0] is not one of the dimensions of operand 'x' of type 'tensor<3x4xf32>'}}
  %0 = tapml.permute %x [0] : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @permute_result(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.permute' op result has type 'tensor<3x4xf32>', but the operands give shape [4, 3]}}
  %0 = tapml.permute %x [1, 0] : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @unsqueeze_dim(%x: tensor<3xf32>) {
  // expected-error @+1 {{'tapml.unsqueeze' op dimension 2 cannot be added to operand 'x' of type 'tensor<3xf32>'}}
  %0 = tapml.unsqueeze %x dim 2 : tensor<3xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @unsqueeze_negative_dim(%x: tensor<3xf32>) {
  // expected-error @+1 {{attribute 'dim' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %0 = tapml.unsqueeze %x dim -1 : tensor<3xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @unsqueeze_result(%x: tensor<3xf32>) {
  // expected-error @+1 {{'tapml.unsqueeze' op result has type 'tensor<3x1xf32>', but the operands give shape [1, 3]}}
  %0 = tapml.unsqueeze %x dim 0 : tensor<3xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @squeeze_size(%x: tensor<3x1xf32>) {
  // expected-error @+1 {{'tapml.squeeze' op dimension 0 of operand 'x' of type 'tensor<3x1xf32>' does not have size 1}}
  %0 = tapml.squeeze %x dims [0] : tensor<3x1xf32> -> tensor<1xf32>
  return
}

// -----

func.func @squeeze_nothing(%x: tensor<3x1xf32>) {
  // expected-error @+1 {{'tapml.squeeze' op needs at least one dimension in 'dims'}}
  %0 = tapml.squeeze %x dims [] : tensor<3x1xf32> -> tensor<3x1xf32>
  return
}

// -----

func.func @squeeze_twice(%x: tensor<3x1xf32>) {
  // expected-error @+1 {{'tapml.squeeze' op names dimension 1 twice in 'dims'}}
  %0 = tapml.squeeze %x dims [1, 1] : tensor<3x1xf32> -> tensor<3xf32>
  return
}

// -----

func.func @squeeze_result(%x: tensor<3x1xf32>) {
  // expected-error @+1 {{'tapml.squeeze' op result has type 'tensor<1xf32>', but the operands give shape [3]}}
  %0 = tapml.squeeze %x dims [1] : tensor<3x1xf32> -> tensor<1xf32>
  return
}

// -----

func.func @expand_size(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.expand' op operand 'x' of type 'tensor<3x4xf32>' does not broadcast to the result 'tensor<6x4xf32>'}}
  %0 = tapml.expand %x : tensor<3x4xf32> -> tensor<6x4xf32>
  return
}

// -----

func.func @expand_rank(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'tapml.expand' op operand 'x' of type 'tensor<3x4xf32>' does not broadcast to the result 'tensor<4xf32>'}}
  %0 = tapml.expand %x : tensor<3x4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @expand_sizes(%x: tensor<1x4xf32>, %n: index) {
  // expected-error @+1 {{'tapml.expand' op needs one size for each dynamic dimension of its result 'tensor<3x4xf32>': 0, got 1}}
  %0 = tapml.expand %x sizes(%n) : tensor<1x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @slice_dim(%x: tensor<4xf32>, %n: index) {
  // expected-error @+1 {{'tapml.slice' op dimension 1 is not one of operand 'x' of type 'tensor<4xf32>'}}
  %0 = tapml.slice %x dim 1 from %n to %n : tensor<4xf32> -> tensor<?xf32>
  return
}

// -----

func.func @slice_step(%x: tensor<4xf32>, %n: index) {
  // expected-error @+1 {{attribute 'step' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = tapml.slice %x dim 0 from %n to %n step 0 : tensor<4xf32> -> tensor<?xf32>
  return
}

// -----

func.func @slice_end(%x: tensor<4xf32>, %n: index) {
  %c5 = arith.constant 5 : index
  // expected-error @+1 {{'tapml.slice' op bound 5 is outside dimension 0 of operand 'x' of type 'tensor<4xf32>'}}
  %0 = tapml.slice %x dim 0 from %n to %c5 : tensor<4xf32> -> tensor<?xf32>
  return
}

// -----

func.func @slice_start(%x: tensor<?xf32>, %n: index) {
  %c = arith.constant -1 : index
  // expected-error @+1 {{'tapml.slice' op bound -1 is outside dimension 0 of operand 'x' of type 'tensor<?xf32>'}}
  %0 = tapml.slice %x dim 0 from %c to %n : tensor<?xf32> -> tensor<?xf32>
  return
}

// -----

func.func @slice_result(%x: tensor<8xf32>) {
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  // expected-error @+1 {{'tapml.slice' op result has type 'tensor<6xf32>', but the operands give shape [3]}}
  %0 = tapml.slice %x dim 0 from %c1 to %c7 step 2 : tensor<8xf32> -> tensor<6xf32>
  return
}

// -----

func.func @select_index(%x: tensor<4x2xf32>) {
  %c4 = arith.constant 4 : index
  // expected-error @+1 {{'tapml.select' op index 4 is outside dimension 0 of operand 'x' of type 'tensor<4x2xf32>'}}
  %0 = tapml.select %x dim 0 at %c4 : tensor<4x2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @select_result(%x: tensor<4x2xf32>, %i: index) {
  // expected-error @+1 {{'tapml.select' op result has type 'tensor<4xf32>', but the operands give shape [2]}}
  %0 = tapml.select %x dim 0 at %i : tensor<4x2xf32> -> tensor<4xf32>
  return
}

// -----

func.func @concat_nothing() {
  // expected-error @+1 {{'tapml.concat' op needs at least one operand}}
  %0 = "tapml.concat"() <{dim = 0 : i64}> : () -> tensor<4xf32>
  return
}

// -----

func.func @concat_dim(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.concat' op dimension 1 is not one of operand 'inputs' of type 'tensor<4xf32>'}}
  %0 = tapml.concat %x, %x dim 1 : tensor<4xf32>, tensor<4xf32> -> tensor<8xf32>
  return
}

// -----

func.func @concat_other_sizes(%x: tensor<4x3xf32>, %y: tensor<4x2xf32>) {
  // expected-error @+1 {{'tapml.concat' op operand 1 of type 'tensor<4x2xf32>' cannot be joined along dimension 0 with operands like 'tensor<4x3xf32>'}}
  %0 = tapml.concat %x, %y dim 0 : tensor<4x3xf32>, tensor<4x2xf32> -> tensor<8x3xf32>
  return
}

// -----

func.func @concat_element_types(%x: tensor<4xf32>, %y: tensor<4xi32>) {
  // expected-error @+1 {{'tapml.concat' op operand 1 of type 'tensor<4xi32>' cannot be joined along dimension 0 with operands like 'tensor<4xf32>'}}
  %0 = tapml.concat %x, %y dim 0 : tensor<4xf32>, tensor<4xi32> -> tensor<8xf32>
  return
}

// -----

func.func @concat_result_type(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.concat' op operand 0 of type 'tensor<4xf32>' does not have the element type of the result 'tensor<8xi32>'}}
  %0 = tapml.concat %x, %x dim 0 : tensor<4xf32>, tensor<4xf32> -> tensor<8xi32>
  return
}

// -----

func.func @concat_result(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.concat' op result has type 'tensor<7xf32>', but the operands give shape [8]}}
  %0 = tapml.concat %x, %x dim 0 : tensor<4xf32>, tensor<4xf32> -> tensor<7xf32>
  return
}
