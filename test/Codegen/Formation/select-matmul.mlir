// RUN: tapml-opt %s --tapml-select-lowering=profile=vulkan | FileCheck %s --check-prefix=GPU
// RUN: tapml-opt %s --tapml-select-lowering=profile=host | FileCheck %s --check-prefix=HOST
// RUN: tapml-opt %s --tapml-select-lowering=profile=lavapipe | FileCheck %s --check-prefix=LVP
// RUN: tapml-opt %s --tapml-select-lowering=profile=swiftshader | FileCheck %s --check-prefix=SW

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>

// Where the number of rows is not known, tall tiles are guarded by it. Small
// subgroups share tiles of 32 columns, as far as their sums fit in registers.
// LVP-LABEL:  func.func @dynamic_rows
// LVP:          lowering(<<matmul, tile = [16, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8, at_least = [9]>, <matmul, tile = [8, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8, at_least = [3]>, <matmul, tile = [1, 4], workgroup = [32, 1, 1], vector = 4>>)
// SW-LABEL:   func.func @dynamic_rows
// SW:           lowering(<<matmul, tile = [16, 8], workgroup = [4, 1, 1], vector = 4, subgroup = 4, at_least = [9]>, <matmul, tile = [8, 8], workgroup = [4, 1, 1], vector = 4, subgroup = 4, at_least = [3]>, <matmul, tile = [1, 4], workgroup = [32, 1, 1], vector = 4>>)
// GPU-LABEL:  func.func @dynamic_rows
// GPU:          lowering(<<matmul, tile = [8, 4], workgroup = [64, 1, 1], vector = 4, at_least = [8]>, <matmul, tile = [1, 4], workgroup = [32, 1, 1], vector = 4>>)
// HOST-LABEL: func.func @dynamic_rows
// HOST:         lowering(<<matmul, tile = [4, 16], workgroup = [1, 1, 1], vector = 8, at_least = [4]>, <matmul, tile = [1, 32], workgroup = [1, 1, 1], vector = 8>>)
func.func @dynamic_rows(%x: tensor<?x384xf32>, %w: tensor<384x1536xf32>, %m: index) -> tensor<?x1536xf32> {
  %k = tapml.kernel "matmul" -> tensor<?x1536xf32> {
    %zero = arith.constant 0.0 : f32
    %init = tensor.empty(%m) : tensor<?x1536xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<?x1536xf32>) -> tensor<?x1536xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<?x384xf32>, tensor<384x1536xf32>) outs(%fill : tensor<?x1536xf32>) {
    ^bb0(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<?x1536xf32>
    tapml.yield %0 : tensor<?x1536xf32>
  }
  return %k : tensor<?x1536xf32>
}

// Workgroups are small enough that there are 12 of them.
// LVP-LABEL:  func.func @many_rows
// LVP:          lowering(<<matmul, tile = [16, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8>>)
// SW-LABEL:   func.func @many_rows
// SW:           lowering(<<matmul, tile = [16, 8], workgroup = [4, 1, 1], vector = 4, subgroup = 4>>)
// GPU-LABEL:  func.func @many_rows
// GPU:          lowering(<<matmul, tile = [8, 4], workgroup = [32, 1, 1], vector = 4>>)
// HOST-LABEL: func.func @many_rows
// HOST:         lowering(<<matmul, tile = [4, 16], workgroup = [1, 1, 1], vector = 8>>)
func.func @many_rows(%x: tensor<32x384xf32>, %w: tensor<384x384xf32>) -> tensor<32x384xf32> {
  %k = tapml.kernel "matmul" -> tensor<32x384xf32> {
    %zero = arith.constant 0.0 : f32
    %init = tensor.empty() : tensor<32x384xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<32x384xf32>) -> tensor<32x384xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<32x384xf32>, tensor<384x384xf32>) outs(%fill : tensor<32x384xf32>) {
    ^bb0(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<32x384xf32>
    tapml.yield %0 : tensor<32x384xf32>
  }
  return %k : tensor<32x384xf32>
}

// LVP-LABEL:  func.func @one_row
// LVP:          lowering(<<matmul, tile = [1, 4], workgroup = [8, 1, 1], vector = 4>>)
// GPU-LABEL:  func.func @one_row
// GPU:          lowering(<<matmul, tile = [1, 4], workgroup = [8, 1, 1], vector = 4>>)
// HOST-LABEL: func.func @one_row
// HOST:         lowering(<<matmul, tile = [1, 32], workgroup = [1, 1, 1], vector = 8>>)
func.func @one_row(%x: tensor<1x384xf32>, %w: tensor<384x384xf32>) -> tensor<1x384xf32> {
  %k = tapml.kernel "matmul" -> tensor<1x384xf32> {
    %zero = arith.constant 0.0 : f32
    %init = tensor.empty() : tensor<1x384xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<1x384xf32>) -> tensor<1x384xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<1x384xf32>, tensor<384x384xf32>) outs(%fill : tensor<1x384xf32>) {
    ^bb0(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<1x384xf32>
    tapml.yield %0 : tensor<1x384xf32>
  }
  return %k : tensor<1x384xf32>
}

// A result with few columns gets no wider a tile than vectors need.
// LVP-LABEL:  func.func @odd_columns
// LVP:          lowering(<<matmul, tile = [8, 4], workgroup = [32, 1, 1], vector = 4>>)
// GPU-LABEL:  func.func @odd_columns
// GPU:          lowering(<<matmul, tile = [8, 4], workgroup = [32, 1, 1], vector = 4>>)
// HOST-LABEL: func.func @odd_columns
// HOST:         lowering(<<matmul, tile = [4, 8], workgroup = [1, 1, 1], vector = 8>>)
func.func @odd_columns(%x: tensor<37x5xf32>, %w: tensor<5x7xf32>) -> tensor<37x7xf32> {
  %k = tapml.kernel "matmul" -> tensor<37x7xf32> {
    %zero = arith.constant 0.0 : f32
    %init = tensor.empty() : tensor<37x7xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<37x7xf32>) -> tensor<37x7xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<37x5xf32>, tensor<5x7xf32>) outs(%fill : tensor<37x7xf32>) {
    ^bb0(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<37x7xf32>
    tapml.yield %0 : tensor<37x7xf32>
  }
  return %k : tensor<37x7xf32>
}
