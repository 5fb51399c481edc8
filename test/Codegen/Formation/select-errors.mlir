// RUN: tapml-opt %s --split-input-file --tapml-select-lowering=profile=vulkan --verify-diagnostics

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @too_many_invocations(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{workgroup has 2048 invocations, profile 'vulkan' allows 128}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 4], workgroup = [128, 16, 1], vector = 4>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @too_many_in_one_dimension(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{workgroup has 128 invocations in dimension 2, profile 'vulkan' allows 64}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 4], workgroup = [1, 1, 128], vector = 4>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @vector_too_wide(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has vector = 8, profile 'vulkan' has vectors of at most 4}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 8], workgroup = [64, 1, 1], vector = 8>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @matmul_without_contraction(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has strategy 'matmul', but the kernel holds no contraction}}
  %k = tapml.kernel "neg" lowering(<<matmul, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @rows_without_reduction(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has strategy 'row_reduction', but the kernel reduces no rows}}
  %k = tapml.kernel "neg" lowering(<<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @elementwise_with_rows(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has strategy 'elementwise', but the kernel reduces rows}}
  %k = tapml.kernel "rows" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<4x8xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty() : tensor<4xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<4xf32>) -> tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%fill : tensor<4xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<4xf32>
    %init = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<4x8xf32>, tensor<4xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<4x8xf32>
    tapml.yield %1 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @guard_too_long(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has at_least with 2 sizes, strategy 'elementwise' has 1: elements}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [1, 1]>, <elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @no_subgroups(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has subgroup = 8, profile 'vulkan' lacks 'subgroup_shuffle'}}
  %k = tapml.kernel "rows" lowering(<<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, subgroup = 8>>) -> tensor<4x8xf32> {
    %zero = arith.constant 0.0 : f32
    %init1 = tensor.empty() : tensor<4xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init1 : tensor<4xf32>) -> tensor<4xf32>
    %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<4x8xf32>) outs(%fill : tensor<4xf32>) {
    ^bb0(%a: f32, %out: f32):
      %2 = arith.addf %a, %out : f32
      linalg.yield %2 : f32
    } -> tensor<4xf32>
    %init = tensor.empty() : tensor<4x8xf32>
    %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %0 : tensor<4x8xf32>, tensor<4xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %2 = arith.divf %a, %b : f32
      linalg.yield %2 : f32
    } -> tensor<4x8xf32>
    tapml.yield %1 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @subgroups_elsewhere(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{lowering has subgroup = 8, strategy 'elementwise' uses no subgroups}}
  %k = tapml.kernel "neg" lowering(<<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, subgroup = 8>>) -> tensor<4x8xf32> {
    %init = tensor.empty() : tensor<4x8xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%a: f32, %out: f32):
      %1 = arith.negf %a : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    tapml.yield %0 : tensor<4x8xf32>
  }
  return %k : tensor<4x8xf32>
}

// -----

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @nothing_to_share_with(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // expected-error @below {{lowering has subgroup = 8, profile 'vulkan' lacks 'subgroup_shuffle' and 'subgroup_ballot'}}
  %k = tapml.kernel "product" lowering(<<matmul, tile = [8, 4], workgroup = [8, 1, 1], vector = 4, subgroup = 8>>) -> tensor<8x8xf32> {
    %zero = arith.constant 0.0 : f32
    %init = tensor.empty() : tensor<8x8xf32>
    %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<8x8xf32>) -> tensor<8x8xf32>
    %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %x : tensor<8x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<8x8xf32>) {
    ^bb0(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<8x8xf32>
    tapml.yield %0 : tensor<8x8xf32>
  }
  return %k : tensor<8x8xf32>
}

// -----

func.func @two_results(%x: tensor<4xf32>) {
  // expected-error @below {{'tapml.kernel' op must have one result to be compiled, has 2}}
  %k:2 = tapml.kernel "two" -> tensor<4xf32>, tensor<4xf32> {
    tapml.yield %x, %x : tensor<4xf32>, tensor<4xf32>
  }
  return
}

// -----

func.func @yields_input(%x: tensor<4xf32>) {
  // expected-error @below {{'tapml.kernel' op must yield the result of a 'linalg.generic' or 'linalg.fill' in its region}}
  %k = tapml.kernel "nothing" -> tensor<4xf32> {
    tapml.yield %x : tensor<4xf32>
  }
  return
}
