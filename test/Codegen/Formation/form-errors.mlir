// RUN: tapml-opt %s --split-input-file --tapml-form-kernels --verify-diagnostics

func.func @control_flow(%x: tensor<4xf32>, %p: i1) -> tensor<4xf32> {
  // expected-error @below {{'scf.if' op cannot be part of a kernel: expected linalg and tensor ops, and arithmetic on sizes}}
  %0 = scf.if %p -> tensor<4xf32> {
    scf.yield %x : tensor<4xf32>
  } else {
    %init = tensor.empty() : tensor<4xf32>
    scf.yield %init : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @control_flow_in_body(%x: tensor<4xf32>, %p: i1) -> tensor<4xf32> {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
    iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    // expected-error @below {{'scf.if' op cannot be part of a kernel: the region of a 'linalg.generic' may hold arith and math ops, 'linalg.index' and 'tensor.extract'}}
    %1 = scf.if %p -> f32 {
      %2 = math.exp %a : f32
      scf.yield %2 : f32
    } else {
      scf.yield %a : f32
    }
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @unsupported_tensor_op(%x: tensor<4xf32>, %zero: f32) -> tensor<6xf32> {
  // expected-error @below {{'tensor.pad' op cannot be part of a kernel}}
  %0 = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

func.func @scalar_argument(%x: tensor<4xf32>, %s: f32) -> tensor<4xf32> {
  %init = tensor.empty() : tensor<4xf32>
  // expected-error @below {{'linalg.fill' op uses a value of type 'f32' from outside of the kernels; pass a tensor of rank 0}}
  %0 = linalg.fill ins(%s : f32) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @size_depends_on_data(%x: tensor<i64>) -> tensor<?xf32> {
  // expected-error @below {{'tensor.extract' op cannot be part of a kernel}}
  %n = tensor.extract %x[] : tensor<i64>
  %i = arith.index_cast %n : i64 to index
  %zero = arith.constant 0.0 : f32
  %init = tensor.empty(%i) : tensor<?xf32>
  %0 = linalg.fill ins(%zero : f32) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @dependent_results(%x: tensor<4xf32>) -> (tensor<f32>, tensor<i64>) {
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %init0 = tensor.empty() : tensor<f32>
  %init1 = tensor.empty() : tensor<i64>
  %fill0 = linalg.fill ins(%lowest : f32) outs(%init0 : tensor<f32>) -> tensor<f32>
  %fill1 = linalg.fill ins(%zero : i64) outs(%init1 : tensor<i64>) -> tensor<i64>
  // expected-error @below {{'linalg.generic' op has 2 results that depend on each other; a kernel computes one}}
  %0:2 = linalg.generic {
    indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>, affine_map<(d0) -> ()>],
    iterator_types = ["reduction"]} ins(%x : tensor<4xf32>) outs(%fill0, %fill1 : tensor<f32>, tensor<i64>) {
  ^bb0(%a: f32, %best: f32, %at: i64):
    %index = linalg.index 0 : index
    %i = arith.index_cast %index : index to i64
    %larger = arith.cmpf ogt, %a, %best : f32
    %1 = arith.select %larger, %a, %best : f32
    %2 = arith.select %larger, %i, %at : i64
    linalg.yield %1, %2 : f32, i64
  } -> (tensor<f32>, tensor<i64>)
  return %0#0, %0#1 : tensor<f32>, tensor<i64>
}

// -----

// expected-error @below {{'func.func' op must have one block to be split into kernels}}
func.func @several_blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

func.func @large_constant() -> tensor<65xi64> {
  // expected-error @below {{'arith.constant' op holds a constant of 65 elements, at most 64 become code; make it a 'tapml.global'}}
  %0 = arith.constant dense<"0x000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F0001020304050607"> : tensor<65xi64>
  return %0 : tensor<65xi64>
}

// -----

// expected-error @below {{'func.func' op argument 0 must be a number or a ranked tensor of numbers, got 'memref<4xf32>'}}
func.func @memref_argument(%x: memref<4xf32>) {
  return
}

// -----

func.func @unranked_result(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tensor.cast' op cannot be part of a kernel: results must be numbers or ranked tensors of numbers, got 'tensor<*xf32>'}}
  %0 = tensor.cast %x : tensor<4xf32> to tensor<*xf32>
  %1 = tensor.cast %0 : tensor<*xf32> to tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @complex_constant() -> tensor<2xcomplex<f32>> {
  // expected-error @below {{'arith.constant' op cannot be part of a kernel: results must be numbers or ranked tensors of numbers, got 'tensor<2xcomplex<f32>>'}}
  %0 = arith.constant dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>
  return %0 : tensor<2xcomplex<f32>>
}
