// RUN: tapml-opt %s --split-input-file --verify-diagnostics

func.func @reduction_without_dims(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.sum' op needs at least one dimension in 'dims'}}
  %0 = tapml.sum %x dims [] : tensor<4x3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @reduction_dim(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.mean' op dimension 2 is not one of operand 'x' of type 'tensor<4x3xf32>'}}
  %0 = tapml.mean %x dims [2] : tensor<4x3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduction_result(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.amax' op result has type 'tensor<4xf32>', but the operands give shape [4, 1]}}
  %0 = tapml.amax %x dims [1] {keepdim = true} : tensor<4x3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @mean_of_integers(%x: tensor<4x3xi64>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 16-bit float or 32-bit float values}}
  %0 = tapml.mean %x dims [1] : tensor<4x3xi64> -> tensor<4xi64>
  return
}

// -----

func.func @softmax_dim(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.softmax' op dimension 2 is not one of operand 'x' of type 'tensor<4x3xf32>'}}
  %0 = tapml.softmax %x dim 2 : tensor<4x3xf32>
  return
}

// -----

func.func @layer_norm_rank(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.layer_norm' op normalises 3 dimensions, but operand 'x' of type 'tensor<4x3xf32>' has only 2}}
  %0 = tapml.layer_norm %x {epsilon = 1.0e-5 : f64, normalized_rank = 3 : i64} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @layer_norm_weight(%x: tensor<4x3xf32>, %g: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.layer_norm' op operand 'weight' of type 'tensor<4xf32>' must have the shape of the normalised dimensions of operand 'x', [3]}}
  %0 = tapml.layer_norm %x weight %g {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @layer_norm_bias(%x: tensor<?x4x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'tapml.layer_norm' op operand 'bias' of type 'tensor<3xf32>' must have the shape of the normalised dimensions of operand 'x', [4, 3]}}
  %0 = tapml.layer_norm %x bias %b {epsilon = 1.0e-5 : f64, normalized_rank = 2 : i64} : (tensor<?x4x3xf32>, tensor<3xf32>) -> tensor<?x4x3xf32>
  return
}

// -----

func.func @layer_norm_nothing(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{attribute 'normalized_rank' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = tapml.layer_norm %x {epsilon = 1.0e-5 : f64, normalized_rank = 0 : i64} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @layer_norm_result(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{failed to verify that all of {x, result} have same type}}
  %0 = tapml.layer_norm %x {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<4x3xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @linear_weight_rank(%x: tensor<4x3xf32>, %w: tensor<3xf32>) {
  // expected-error @+1 {{'tapml.linear' op operand 'weight' must have rank 2, got 'tensor<3xf32>'}}
  %0 = tapml.linear %x, %w : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @linear_x_rank(%x: tensor<f32>, %w: tensor<2x3xf32>) {
  // expected-error @+1 {{'tapml.linear' op operand 'x' must have at least rank 1, got 'tensor<f32>'}}
  %0 = tapml.linear %x, %w : (tensor<f32>, tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @linear_features(%x: tensor<?x4xf32>, %w: tensor<2x3xf32>) {
  // expected-error @+1 {{'tapml.linear' op operand 'weight' of type 'tensor<2x3xf32>' takes 3 features, but the last dimension of operand 'x' of type 'tensor<?x4xf32>' has 4}}
  %0 = tapml.linear %x, %w : (tensor<?x4xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @linear_bias(%x: tensor<?x3xf32>, %w: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'tapml.linear' op operand 'bias' of type 'tensor<3xf32>' must have shape [2], one element for each row of operand 'weight' of type 'tensor<2x3xf32>'}}
  %0 = tapml.linear %x, %w bias %b : (tensor<?x3xf32>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @linear_result(%x: tensor<?x3xf32>, %w: tensor<2x3xf32>) {
  // expected-error @+1 {{'tapml.linear' op result has type 'tensor<?x3xf32>', but the operands give shape [?, 2]}}
  %0 = tapml.linear %x, %w : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @matmul_rank(%a: tensor<3xf32>, %b: tensor<3x2xf32>) {
  // expected-error @+1 {{'tapml.matmul' op operand 'a' must have at least rank 2, got 'tensor<3xf32>'}}
  %0 = tapml.matmul %a, %b : tensor<3xf32>, tensor<3x2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @matmul_inner(%a: tensor<4x3xf32>, %b: tensor<5x2xf32>) {
  // expected-error @+1 {{'tapml.matmul' op operand 'a' of type 'tensor<4x3xf32>' has 3 columns, but operand 'b' of type 'tensor<5x2xf32>' has 5 rows}}
  %0 = tapml.matmul %a, %b : tensor<4x3xf32>, tensor<5x2xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x4x3xf32>, %b: tensor<3x3x2xf32>) {
  // expected-error @+1 {{'tapml.matmul' op operand 'b' of type 'tensor<3x3x2xf32>' has size 3 in dimension 0, which does not broadcast with the size 2}}
  %0 = tapml.matmul %a, %b : tensor<2x4x3xf32>, tensor<3x3x2xf32> -> tensor<2x4x2xf32>
  return
}

// -----

func.func @matmul_result(%a: tensor<4x3xf32>, %b: tensor<3x2xf32>) {
  // expected-error @+1 {{'tapml.matmul' op result has type 'tensor<2x4xf32>', but the operands give shape [4, 2]}}
  %0 = tapml.matmul %a, %b : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @attention_rank(%q: tensor<8xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operand 'query' must have at least rank 2, got 'tensor<8xf32>'}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %q {scale = 1.0 : f64} : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @attention_features(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operands 'query' of type 'tensor<?x8xf32>' and 'key' of type 'tensor<?x4xf32>' differ in the last dimension}}
  %0 = tapml.scaled_dot_product_attention %q, %k, %k {scale = 1.0 : f64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @attention_rows(%q: tensor<?x8xf32>, %k: tensor<4x8xf32>, %v: tensor<5x8xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operands 'key' of type 'tensor<4x8xf32>' and 'value' of type 'tensor<5x8xf32>' differ in the number of rows}}
  %0 = tapml.scaled_dot_product_attention %q, %k, %v {scale = 1.0 : f64} : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<5x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @attention_batch(%q: tensor<2x?x8xf32>, %k: tensor<3x?x8xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operand 'key' of type 'tensor<3x?x8xf32>' has size 3 in dimension 0, which does not broadcast with the size 2}}
  %0 = tapml.scaled_dot_product_attention %q, %k, %k {scale = 1.0 : f64} : (tensor<2x?x8xf32>, tensor<3x?x8xf32>, tensor<3x?x8xf32>) -> tensor<2x?x8xf32>
  return
}

// -----

func.func @attention_mask(%q: tensor<2x5x8xf32>, %m: tensor<2x5x6xi1>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operand 'mask' of type 'tensor<2x5x6xi1>' does not broadcast to the shape [2, 5, 5] of the scores}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 1.0 : f64} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x6xi1>) -> tensor<2x5x8xf32>
  return
}

// -----

func.func @attention_mask_rank(%q: tensor<5x8xf32>, %m: tensor<1x5x5xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op operand 'mask' of type 'tensor<1x5x5xf32>' does not broadcast to the shape [5, 5] of the scores}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 1.0 : f64} : (tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<1x5x5xf32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @attention_mask_type(%q: tensor<5x8xf32>, %m: tensor<5x5xi64>) {
  // expected-error @+1 {{operand #3 must be ranked tensor of 16-bit float or 32-bit float or 1-bit signless integer values}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 1.0 : f64} : (tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x5xi64>) -> tensor<5x8xf32>
  return
}

// -----

func.func @attention_result(%q: tensor<5x8xf32>, %v: tensor<5x4xf32>) {
  // expected-error @+1 {{'tapml.scaled_dot_product_attention' op result has type 'tensor<5x8xf32>', but the operands give shape [5, 4]}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %v {scale = 1.0 : f64} : (tensor<5x8xf32>, tensor<5x8xf32>, tensor<5x4xf32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @mixed_linear(%x: tensor<4x3xf16>, %w: tensor<5x3xf32>) -> tensor<4x5xf16> {
  // expected-error @+1 {{operand 'weight' of type 'tensor<5x3xf32>' must have the element type of the result, 'f16'; 'tapml.cast' gives it another}}
  %0 = tapml.linear %x, %w : (tensor<4x3xf16>, tensor<5x3xf32>) -> tensor<4x5xf16>
  return %0 : tensor<4x5xf16>
}

// -----

func.func @mixed_matmul(%a: tensor<4x3xf16>, %b: tensor<3x5xf16>) -> tensor<4x5xf32> {
  // expected-error @+1 {{operand 'a' of type 'tensor<4x3xf16>' must have the element type of the result, 'f32'}}
  %0 = tapml.matmul %a, %b : tensor<4x3xf16>, tensor<3x5xf16> -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// -----

// Both parameters may be wider than the input, one may not.
func.func @mixed_norm(%x: tensor<4x3xf16>, %w: tensor<3xf32>, %b: tensor<3xf16>) -> tensor<4x3xf16> {
  // expected-error @+1 {{operand 'weight' of type 'tensor<3xf32>' must have the element type of the result, 'f16'}}
  %0 = tapml.layer_norm %x weight %w bias %b {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<4x3xf16>, tensor<3xf32>, tensor<3xf16>) -> tensor<4x3xf16>
  return %0 : tensor<4x3xf16>
}

// -----

func.func @narrow_norm(%x: tensor<4x3xf32>, %w: tensor<3xf16>) -> tensor<4x3xf32> {
  // expected-error @+1 {{operand 'weight' of type 'tensor<3xf16>' must have the element type of the result, 'f32'}}
  %0 = tapml.layer_norm %x weight %w {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64} : (tensor<4x3xf32>, tensor<3xf16>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

func.func @mixed_mask(%q: tensor<4x3xf16>, %m: tensor<4x4xf32>) -> tensor<4x3xf16> {
  // expected-error @+1 {{operand 'mask' of type 'tensor<4x4xf32>' must have the element type of the result, 'f16'}}
  %0 = tapml.scaled_dot_product_attention %q, %q, %q mask %m {scale = 1.0 : f64} : (tensor<4x3xf16>, tensor<4x3xf16>, tensor<4x3xf16>, tensor<4x4xf32>) -> tensor<4x3xf16>
  return %0 : tensor<4x3xf16>
}
