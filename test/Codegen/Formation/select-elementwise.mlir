// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=vulkan | FileCheck %s --check-prefix=GPU
// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=host | FileCheck %s --check-prefix=HOST

#id = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>

// GPU-LABEL:  func.func @innermost_multiple_of_four
// GPU:          lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>)
// HOST-LABEL: func.func @innermost_multiple_of_four
// HOST:         lowering(<<elementwise, tile = [1, 1024], workgroup = [1, 1, 1], vector = 8>>)
func.func @innermost_multiple_of_four(%x: tensor<?x384xf32>, %b: tensor<384xf32>) -> tensor<?x384xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x384xf32>
  %k = tapml.kernel "add" -> tensor<?x384xf32> {
    %init = tensor.empty(%n) : tensor<?x384xf32>
    %0 = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %b : tensor<?x384xf32>, tensor<384xf32>) outs(%init : tensor<?x384xf32>) {
    ^bb0(%a: f32, %c: f32, %out: f32):
      %1 = arith.addf %a, %c : f32
      linalg.yield %1 : f32
    } -> tensor<?x384xf32>
    tapml.yield %0 : tensor<?x384xf32>
  }
  return %k : tensor<?x384xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>

// GPU-LABEL: func.func @innermost_odd
// GPU:         lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>)
func.func @innermost_odd(%x: tensor<8x7xf32>, %b: tensor<7xf32>) -> tensor<8x7xf32> {
  %k = tapml.kernel "add" -> tensor<8x7xf32> {
    %init = tensor.empty() : tensor<8x7xf32>
    %0 = linalg.generic {indexing_maps = [#id, #last, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %b : tensor<8x7xf32>, tensor<7xf32>) outs(%init : tensor<8x7xf32>) {
    ^bb0(%a: f32, %c: f32, %out: f32):
      %1 = arith.addf %a, %c : f32
      linalg.yield %1 : f32
    } -> tensor<8x7xf32>
    tapml.yield %0 : tensor<8x7xf32>
  }
  return %k : tensor<8x7xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Laid out like its input, the result is one row, whatever its sizes.
// GPU-LABEL: func.func @linearisable_dynamic
// GPU:         lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>)
func.func @linearisable_dynamic(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %k = tapml.kernel "neg" -> tensor<?x?xf32> {
    %init = tensor.empty(%n, %m) : tensor<?x?xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<?x?xf32>) outs(%init : tensor<?x?xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<?x?xf32>
    tapml.yield %0 : tensor<?x?xf32>
  }
  return %k : tensor<?x?xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

// A word of booleans is stored at once.
// GPU-LABEL: func.func @boolean_result
// GPU:         lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>)
func.func @boolean_result(%x: tensor<7x8xi1>) -> tensor<8x7xi1> {
  %k = tapml.kernel "transpose" -> tensor<8x7xi1> {
    %init = tensor.empty() : tensor<8x7xi1>
    %0 = linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<7x8xi1>) outs(%init : tensor<8x7xi1>) {
    ^bb0(%a: i1, %out: i1):
      linalg.yield %a : i1
    } -> tensor<8x7xi1>
    tapml.yield %0 : tensor<8x7xi1>
  }
  return %k : tensor<8x7xi1>
}

// -----

// GPU-LABEL: func.func @rank_zero
// GPU:         lowering(<<elementwise, tile = [1, 1], workgroup = [64, 1, 1]>>)
func.func @rank_zero() -> tensor<i64> {
  %k = tapml.kernel "fill" -> tensor<i64> {
    %c = arith.constant 1 : i64
    %init = tensor.empty() : tensor<i64>
    %0 = linalg.fill ins(%c : i64) outs(%init : tensor<i64>) -> tensor<i64>
    tapml.yield %0 : tensor<i64>
  }
  return %k : tensor<i64>
}
