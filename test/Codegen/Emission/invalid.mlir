// RUN: tapml-opt %s --tapml-emit-kernels --split-input-file --verify-diagnostics

func.func @no_lowering(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has no lowering; run tapml-select-lowering first}}
  %y = tapml.kernel "k" -> tensor<4xf32> {
    tapml.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @unsupported(%x: tensor<4xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<8xf32> {
    // expected-error @below {{cannot be part of a kernel}}
    %0 = tensor.pad %x low[2] high[2] {
    ^bb0(%i: index):
      tensor.yield %zero : f32
    } : tensor<4xf32> to tensor<8xf32>
    tapml.yield %0 : tensor<8xf32>
  }
  return %y : tensor<8xf32>
}

// -----

func.func @unsupported_in_body(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%a: f32, %o: f32):
      // expected-error @below {{cannot be part of a kernel's body}}
      %1 = func.call @f(%a) : (f32) -> f32
      linalg.yield %1 : f32
    } -> tensor<4xf32>
    tapml.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
func.func private @f(f32) -> f32

// -----

func.func @scalar(%x: tensor<4xf32>, %s: f32) -> tensor<4xf32> {
  // expected-error @below {{captures a scalar of type 'f32'; a kernel takes tensors and sizes (index) from outside}}
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.fill ins(%s : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    tapml.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @no_reduction(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has a row_reduction lowering but no reduction in it}}
  %y = tapml.kernel "k" lowering(<<row_reduction, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    tapml.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @no_contraction(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has a matmul lowering but no contraction (a sum of products of two tensors) in it}}
  %y = tapml.kernel "k" lowering(<<matmul, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<4xf32> {
    tapml.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @leading_rows(%x: tensor<?x8xf32>) -> tensor<8xf32> {
  // expected-note @below {{kernel is here}}
  %y = tapml.kernel "k" lowering(<<row_reduction, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<8xf32> {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty(%n) : tensor<?xf32>
    %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    // expected-error @below {{does not reduce trailing dimensions of the kernel's result}}
    %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<?x8xf32>) outs(%i : tensor<?xf32>) {
    ^bb0(%a: f32, %o: f32):
      %1 = arith.addf %a, %o : f32
      linalg.yield %1 : f32
    } -> tensor<?xf32>
    %2 = tensor.extract_slice %0[0] [8] [1] : tensor<?xf32> to tensor<8xf32>
    tapml.yield %2 : tensor<8xf32>
  }
  return %y : tensor<8xf32>
}

// -----

func.func @after_matmul(%a: tensor<8x4xf32>, %b: tensor<4x8xf32>) -> tensor<8x8xf32> {
  %y = tapml.kernel "k" lowering(<<matmul, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<8x8xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<8x8xf32>
    %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
    // expected-error @below {{is used at indices other than those of the kernel's result: what follows a matmul must be elementwise}}
    %0 = linalg.matmul ins(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = linalg.transpose ins(%0 : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) permutation = [1, 0]
    tapml.yield %1 : tensor<8x8xf32>
  }
  return %y : tensor<8x8xf32>
}

// -----

func.func @guards(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @below {{has a lowering whose at_least has 2 sizes; its iteration space has 1}}
  %y = tapml.kernel "k" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [1, 1]>, <elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>) -> tensor<?xf32> {
    tapml.yield %x : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
