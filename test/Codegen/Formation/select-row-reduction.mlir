// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=vulkan | FileCheck %s --check-prefix=PLAIN
// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=lavapipe | FileCheck %s --check-prefix=SUBGROUP
// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=host | FileCheck %s --check-prefix=HOST

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// PLAIN-LABEL:    func.func @long_rows
// PLAIN:            lowering(<<row_reduction, tile = [1, 4], workgroup = [32, 1, 1], vector = 4>>)
// SUBGROUP-LABEL: func.func @long_rows
// SUBGROUP:         lowering(<<row_reduction, tile = [1, 4], workgroup = [32, 1, 1], vector = 4, subgroup = 8>>)
// HOST-LABEL:     func.func @long_rows
// HOST:             lowering(<<row_reduction, tile = [8, 8], workgroup = [1, 1, 1], vector = 8>>)
func.func @long_rows(%x: tensor<?x384xf32>, %n: index) -> tensor<?x384xf32> {
  %k = tapml.kernel "rows" -> tensor<?x384xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty(%n) : tensor<?xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<?xf32>) -> tensor<?xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<?x384xf32>) outs(%fill : tensor<?xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<?xf32>
    %init = tensor.empty(%n) : tensor<?x384xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<?x384xf32>, tensor<?xf32>) outs(%init : tensor<?x384xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<?x384xf32>
    tapml.yield %1 : tensor<?x384xf32>
  }
  return %k : tensor<?x384xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Where the length is not known, rows longer than 32 are shared.
// PLAIN-LABEL:    func.func @dynamic_rows
// PLAIN:            lowering(<<row_reduction, tile = [1, 1], workgroup = [32, 1, 1]>>)
// SUBGROUP-LABEL: func.func @dynamic_rows
// SUBGROUP:         lowering(<<row_reduction, tile = [1, 1], workgroup = [32, 1, 1], subgroup = 8, at_least = [0, 33]>, <row_reduction, tile = [1, 1], workgroup = [32, 1, 1]>>)
func.func @dynamic_rows(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %k = tapml.kernel "rows" -> tensor<?x?xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty(%n) : tensor<?xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<?xf32>) -> tensor<?xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<?x?xf32>) outs(%fill : tensor<?xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<?xf32>
    %init = tensor.empty(%n, %m) : tensor<?x?xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<?x?xf32>, tensor<?xf32>) outs(%init : tensor<?x?xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<?x?xf32>
    tapml.yield %1 : tensor<?x?xf32>
  }
  return %k : tensor<?x?xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// SUBGROUP-LABEL: func.func @short_rows
// SUBGROUP:         lowering(<<row_reduction, tile = [1, 4], workgroup = [32, 1, 1], vector = 4>>)
func.func @short_rows(%x: tensor<5x32xf32>) -> tensor<5x32xf32> {
  %k = tapml.kernel "rows" -> tensor<5x32xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty() : tensor<5xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<5xf32>) -> tensor<5xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<5x32xf32>) outs(%fill : tensor<5xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<5xf32>
    %init = tensor.empty() : tensor<5x32xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<5x32xf32>, tensor<5xf32>) outs(%init : tensor<5x32xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<5x32xf32>
    tapml.yield %1 : tensor<5x32xf32>
  }
  return %k : tensor<5x32xf32>
}
