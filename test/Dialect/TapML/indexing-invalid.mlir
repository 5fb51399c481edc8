// RUN: tapml-opt %s --split-input-file --verify-diagnostics

func.func @embedding_table(%w: tensor<100xf32>, %ids: tensor<4xi64>) {
  // expected-error @+1 {{'tapml.embedding' op operand 'weight' must have rank 2, got 'tensor<100xf32>'}}
  %0 = tapml.embedding %w, %ids : tensor<100xf32>, tensor<4xi64> -> tensor<4xf32>
  return
}

// -----

func.func @embedding_ids(%w: tensor<100x8xf32>, %ids: tensor<4xf32>) {
  // expected-error @+1 {{operand #1 must be ranked tensor of 32-bit signless integer or 64-bit signless integer values}}
  %0 = tapml.embedding %w, %ids : tensor<100x8xf32>, tensor<4xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @embedding_result(%w: tensor<100x8xf32>, %ids: tensor<?x4xi64>) {
  // expected-error @+1 {{'tapml.embedding' op result has type 'tensor<?x8xf32>', but the operands give shape [?, 4, 8]}}
  %0 = tapml.embedding %w, %ids : tensor<100x8xf32>, tensor<?x4xi64> -> tensor<?x8xf32>
  return
}

// -----

func.func @gather_dim(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'tapml.gather' op dimension 1 is not one of operand 'x' of type 'tensor<4xf32>'}}
  %0 = tapml.gather %x, %i dim 1 : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_rank(%x: tensor<4x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'tapml.gather' op operand 'index' of type 'tensor<2xi64>' must have the rank of operand 'x' of type 'tensor<4x3xf32>'}}
  %0 = tapml.gather %x, %i dim 1 : tensor<4x3xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_larger_index(%x: tensor<4x3xf32>, %i: tensor<5x2xi64>) {
  // expected-error @+1 {{'tapml.gather' op operand 'index' of type 'tensor<5x2xi64>' is larger in dimension 0 than operand 'x' of type 'tensor<4x3xf32>'}}
  %0 = tapml.gather %x, %i dim 1 : tensor<4x3xf32>, tensor<5x2xi64> -> tensor<5x2xf32>
  return
}

// -----

func.func @gather_result(%x: tensor<4x3xf32>, %i: tensor<4x2xi64>) {
  // expected-error @+1 {{'tapml.gather' op result has type 'tensor<4x3xf32>', but the operands give shape [4, 2]}}
  %0 = tapml.gather %x, %i dim 1 : tensor<4x3xf32>, tensor<4x2xi64> -> tensor<4x3xf32>
  return
}

// -----

func.func @index_count(%x: tensor<4x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'tapml.index' op needs one dimension in 'dims' for each index tensor: 1, got 2}}
  %0 = tapml.index %x[%i] dims [0, 1] : (tensor<4x3xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @index_nothing(%x: tensor<4x3xf32>) {
  // expected-error @+1 {{'tapml.index' op needs at least one dimension in 'dims'}}
  %0 = tapml.index %x[] dims [] : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @index_dims_apart(%x: tensor<4x3x2xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'tapml.index' op dimensions in 'dims' must be adjacent and in order, got [0, 2]}}
  %0 = tapml.index %x[%i, %i] dims [0, 2] : (tensor<4x3x2xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @index_dim(%x: tensor<4x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'tapml.index' op dimension 2 is not one of operand 'x' of type 'tensor<4x3xf32>'}}
  %0 = tapml.index %x[%i] dims [2] : (tensor<4x3xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @index_broadcast(%x: tensor<4x3xf32>, %i: tensor<2xi64>, %j: tensor<3xi64>) {
  // expected-error @+1 {{'tapml.index' op operand 'indices' of type 'tensor<3xi64>' has size 3 in dimension 0, which does not broadcast with the size 2}}
  %0 = tapml.index %x[%i, %j] dims [0, 1] : (tensor<4x3xf32>, tensor<2xi64>, tensor<3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @index_result(%x: tensor<4x3x2xf32>, %i: tensor<5x6xi64>) {
  // expected-error @+1 {{'tapml.index' op result has type 'tensor<5x6x2xf32>', but the operands give shape [4, 5, 6, 2]}}
  %0 = tapml.index %x[%i] dims [1] : (tensor<4x3x2xf32>, tensor<5x6xi64>) -> tensor<5x6x2xf32>
  return
}
