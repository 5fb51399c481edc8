// What version 1 of the dialect wrote must load as long as there is a TapML:
// Inputs/1.mlirbc is never written again. This is the same module in today's
// syntax. An op that is new, or has new attributes, gets a fixture of its own:
//
//   tapml-opt NAME.mlir --emit-bytecode -o Inputs/NAME.mlirbc

// RUN: tapml-opt %s -o %t.text
// RUN: tapml-opt %S/Inputs/1.mlirbc -o %t.bytecode
// RUN: diff %t.text %t.bytecode

module {
  tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 2, workgroup = [64, 1, 1]>] [3, 2, 35, 7]
  tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3" features ["avx2"] entries [#tapml.entry_point<"k", access = ["readwrite"], sizes = 0>] [127, -128]
  func.func @functions_of_one_number(%arg0: tensor<?x384xf32>) {
    %0 = tapml.tanh %arg0 : tensor<?x384xf32>
    %1 = tapml.exp %arg0 : tensor<?x384xf32>
    %2 = tapml.log %arg0 : tensor<?x384xf32>
    %3 = tapml.sqrt %arg0 : tensor<?x384xf32>
    %4 = tapml.rsqrt %arg0 : tensor<?x384xf32>
    %5 = tapml.sin %arg0 : tensor<?x384xf32>
    %6 = tapml.cos %arg0 : tensor<?x384xf32>
    %7 = tapml.erf %arg0 : tensor<?x384xf32>
    %8 = tapml.sigmoid %arg0 : tensor<?x384xf32>
    %9 = tapml.silu %arg0 : tensor<?x384xf32>
    %10 = tapml.relu %arg0 : tensor<?x384xf32>
    %11 = tapml.neg %arg0 : tensor<?x384xf32>
    %12 = tapml.abs %arg0 : tensor<?x384xf32>
    return
  }
  func.func @gelu(%arg0: tensor<?x1536xf32>) {
    %0 = tapml.gelu %arg0 : tensor<?x1536xf32>
    %1 = tapml.gelu %arg0 {approximate = "tanh"} : tensor<?x1536xf32>
    return
  }
  func.func @identity_of_an_operator(%arg0: tensor<?x1536xf32>) {
    %0 = tapml.gelu %arg0 {instance = ["layer.0.act", "layer.1.act"]} : tensor<?x1536xf32>
    return
  }
  func.func @integers_and_booleans(%arg0: tensor<?xi64>, %arg1: tensor<?xi32>, %arg2: tensor<?xi1>) {
    %0 = tapml.neg %arg0 : tensor<?xi64>
    %1 = tapml.abs %arg1 : tensor<?xi32>
    %2 = tapml.logical_not %arg2 : tensor<?xi1>
    return
  }
  func.func @functions_of_two_numbers(%arg0: tensor<?x?x384xf32>, %arg1: tensor<384xf32>) {
    %0 = tapml.add %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %1 = tapml.sub %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %2 = tapml.mul %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %3 = tapml.div %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %4 = tapml.pow %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %5 = tapml.maximum %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    %6 = tapml.minimum %arg0, %arg1 : tensor<?x?x384xf32>, tensor<384xf32> -> tensor<?x?x384xf32>
    return
  }
  func.func @broadcasting(%arg0: tensor<?x1xi1>, %arg1: tensor<1x?xi1>, %arg2: tensor<i1>) {
    %0 = tapml.bitwise_and %arg0, %arg1 : tensor<?x1xi1>, tensor<1x?xi1> -> tensor<?x?xi1>
    %1 = tapml.bitwise_or %arg2, %arg1 : tensor<i1>, tensor<1x?xi1> -> tensor<1x?xi1>
    return
  }
  func.func @comparisons(%arg0: tensor<?xi64>, %arg1: tensor<i64>) {
    %0 = tapml.eq %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %1 = tapml.ne %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %2 = tapml.lt %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %3 = tapml.le %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %4 = tapml.gt %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    %5 = tapml.ge %arg0, %arg1 : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    return
  }
  func.func @where(%arg0: tensor<?x1xi1>, %arg1: tensor<?x8xf32>, %arg2: tensor<f32>) {
    %0 = tapml.where %arg0, %arg1, %arg2 : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
    return
  }
  func.func @cast(%arg0: tensor<?x4xi64>) {
    %0 = tapml.cast %arg0 : tensor<?x4xi64> -> tensor<?x4xi1>
    return
  }
  tapml.global @encoder.query.weight : tensor<384x384xf32>
  tapml.global @bias key "encoder.query.bias" : tensor<384xf32>
  tapml.executable @linear_384x384 {
    tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, ["int64"]>) {
      func.func @body(%arg0: tensor<?x384xf32>, %arg1: tensor<384x384xf32> {tapml.constant}) -> tensor<?x384xf32> {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %dim = tensor.dim %arg0, %c0 : tensor<?x384xf32>
        %0 = tensor.empty(%dim) : tensor<?x384xf32>
        %1 = tapml.kernel "matmul" lowering(<<matmul, tile = [8, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x384xf32> {
          %3 = linalg.matmul ins(%arg0, %arg1 : tensor<?x384xf32>, tensor<384x384xf32>) outs(%0 : tensor<?x384xf32>) -> tensor<?x384xf32>
          tapml.yield %3 : tensor<?x384xf32>
        }
        %2 = tapml.launch [@kernels::@large, @kernels::@any] guards(%dim) grids(%dim, %c1, %c1, %c1, %c1, %c1) sizes(%dim) ins(%1, %arg1 : tensor<?x384xf32>, tensor<384x384xf32>) outs(%0 : tensor<?x384xf32>) -> tensor<?x384xf32>
        return %2 : tensor<?x384xf32>
      }
      tapml.binary @spirv "spirv" [3, 2, 35, 7]
    }
  }
  func.func @forward(%arg0: tensor<?x384xf32> {tapml.dims = ["rows", ""], tapml.name = "x"}) -> tensor<?x384xf32> attributes {tapml.dim_ranges = {rows = array<i64: 1, 128>}} {
    %c0 = arith.constant 0 : index
    %0 = tapml.get_global @encoder.query.weight : tensor<384x384xf32>
    %1 = tapml.transfer %arg0 to @vulkan : tensor<?x384xf32> -> tensor<?x384xf32>
    %dim = tensor.dim %arg0, %c0 : tensor<?x384xf32>
    %2 = tensor.empty(%dim) : tensor<?x384xf32>
    %3 = tapml.dispatch @linear_384x384 on @vulkan ins(%1, %0 : tensor<?x384xf32>, tensor<384x384xf32>) outs(%2 : tensor<?x384xf32>) {instances = ["encoder.query"]} -> tensor<?x384xf32>
    return %3 : tensor<?x384xf32>
  }
  func.func @embedding(%arg0: tensor<100x8xf32>, %arg1: tensor<?x?xi64>) {
    %0 = tapml.embedding %arg0, %arg1 : tensor<100x8xf32>, tensor<?x?xi64> -> tensor<?x?x8xf32>
    return
  }
  func.func @gather(%arg0: tensor<?x8xf32>, %arg1: tensor<?x2xi32>) {
    %0 = tapml.gather %arg0, %arg1 dim 1 : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
    return
  }
  func.func @index(%arg0: tensor<?x?xi1>, %arg1: tensor<?x1xi64>, %arg2: tensor<1x?xi64>) {
    %0 = tapml.index %arg0[%arg1, %arg2] dims [0, 1] : (tensor<?x?xi1>, tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
    return
  }
  func.func @options() attributes {a = #tapml.config<elementwise, tile = [1, 1], workgroup = [1, 1, 1]>, b = #tapml.config<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [8]>, c = #tapml.config<row_reduction, tile = [1, 1], workgroup = [64, 1, 1], at_least = [0, 33]>, d = #tapml.config<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], subgroup = 8>} {
    return
  }
  func.func @reductions(%arg0: tensor<?x?x384xf32>) {
    %0 = tapml.sum %arg0 dims [1] : tensor<?x?x384xf32> -> tensor<?x384xf32>
    %1 = tapml.mean %arg0 dims [1, 2] {keepdim = true} : tensor<?x?x384xf32> -> tensor<?x1x1xf32>
    %2 = tapml.amax %arg0 dims [2, 0] : tensor<?x?x384xf32> -> tensor<?xf32>
    return
  }
  func.func @softmax(%arg0: tensor<?x12x?x?xf32>) {
    %0 = tapml.softmax %arg0 dim 3 : tensor<?x12x?x?xf32>
    return
  }
  func.func @layer_norm(%arg0: tensor<?x4x8xf32>, %arg1: tensor<8xf32>, %arg2: tensor<8xf32>) {
    %0 = tapml.layer_norm %arg0 weight %arg1 bias %arg2 {epsilon = 1.000000e-05 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
    %1 = tapml.layer_norm %arg0 bias %arg2 {epsilon = 1.000000e-05 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
    %2 = tapml.layer_norm %arg0 {epsilon = 1.000000e-05 : f64, normalized_rank = 2 : i64} : (tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
    return
  }
  func.func @linear(%arg0: tensor<?x?x8xf32>, %arg1: tensor<16x8xf32>, %arg2: tensor<16xf32>) {
    %0 = tapml.linear %arg0, %arg1 bias %arg2 {instance = ["query"]} : (tensor<?x?x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
    %1 = tapml.linear %arg0, %arg1 : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
    return
  }
  func.func @matmul(%arg0: tensor<?x4x8xf32>, %arg1: tensor<8x?xf32>) {
    %0 = tapml.matmul %arg0, %arg1 : tensor<?x4x8xf32>, tensor<8x?xf32> -> tensor<?x4x?xf32>
    return
  }
  func.func @attention(%arg0: tensor<?x12x?x32xf32>, %arg1: tensor<?x1x?x?xi1>) {
    %0 = tapml.scaled_dot_product_attention %arg0, %arg0, %arg0 mask %arg1 {scale = 2.500000e-01 : f64} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x?x?xi1>) -> tensor<?x12x?x32xf32>
    %1 = tapml.scaled_dot_product_attention %arg0, %arg0, %arg0 {is_causal = true, scale = 2.500000e-01 : f64} : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
    return
  }
  func.func @generic_form(%arg0: tensor<?x4x8xf32>, %arg1: tensor<8xf32>) {
    %0 = tapml.layer_norm %arg0 weight %arg1 {epsilon = 1.000000e-05 : f64, normalized_rank = 1 : i64} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
    return
  }
  func.func @constant() {
    %0 = tapml.constant dense<5.000000e-01> : tensor<f32>
    %1 = tapml.constant dense<[1, 2]> : tensor<2xi64> {instance = ["positions"]}
    return
  }
  func.func @full(%arg0: index) {
    %0 = tapml.full true sizes(%arg0) : tensor<?x16xi1>
    %1 = tapml.full 1.500000e+00 : f32 : tensor<4xf32>
    return
  }
  func.func @arange(%arg0: index, %arg1: index, %arg2: index) {
    %0 = tapml.arange %arg0 to %arg1 step %arg2 : tensor<?xi64>
    return
  }
  func.func @reshape(%arg0: tensor<?x?x384xf32>, %arg1: tensor<2x6xf32>, %arg2: index, %arg3: index) {
    %0 = tapml.reshape %arg0 sizes(%arg2, %arg3) : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
    %1 = tapml.reshape %arg1 : tensor<2x6xf32> -> tensor<3x4xf32>
    return
  }
  func.func @permute(%arg0: tensor<?x?x12x32xf32>) {
    %0 = tapml.permute %arg0 [0, 2, 1, 3] : tensor<?x?x12x32xf32> -> tensor<?x12x?x32xf32>
    return
  }
  func.func @unsqueeze_and_squeeze(%arg0: tensor<?x?xi1>) {
    %0 = tapml.unsqueeze %arg0 dim 1 : tensor<?x?xi1> -> tensor<?x1x?xi1>
    %1 = tapml.squeeze %0 dims [1] : tensor<?x1x?xi1> -> tensor<?x?xi1>
    return
  }
  func.func @expand(%arg0: tensor<1x16xi64>, %arg1: index) {
    %0 = tapml.expand %arg0 sizes(%arg1) : tensor<1x16xi64> -> tensor<?x16xi64>
    %1 = tapml.expand %arg0 : tensor<1x16xi64> -> tensor<3x4x16xi64>
    return
  }
  func.func @slice(%arg0: tensor<1x512xi64>, %arg1: index, %arg2: index) {
    %0 = tapml.slice %arg0 dim 1 from %arg1 to %arg2 : tensor<1x512xi64> -> tensor<1x?xi64>
    %1 = tapml.slice %arg0 dim 1 from %arg1 to %arg2 step 2 : tensor<1x512xi64> -> tensor<1x?xi64>
    return
  }
  func.func @select(%arg0: tensor<?x?x384xf32>, %arg1: index) {
    %0 = tapml.select %arg0 dim 1 at %arg1 : tensor<?x?x384xf32> -> tensor<?x384xf32>
    return
  }
  func.func @concat(%arg0: tensor<?x3xf32>, %arg1: tensor<?x?xf32>) {
    %0 = tapml.concat %arg0, %arg1 dim 1 : tensor<?x3xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
    return
  }
}

