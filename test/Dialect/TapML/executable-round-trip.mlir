// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: tapml.global @encoder.query.weight : tensor<384x384xf32>
tapml.global @"encoder.query.weight" : tensor<384x384xf32>
// CHECK: tapml.global @bias key "encoder.query.bias" : tensor<384xf32>
tapml.global @bias key "encoder.query.bias" : tensor<384xf32>

// CHECK: tapml.executable @linear {
// CHECK: tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, ["int64"]>) {
tapml.executable @linear {
  tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, ["int64"]>) {
    func.func @body(%x: tensor<?x384xf32>, %w: tensor<384x384xf32> {tapml.constant}) -> tensor<?x384xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %rows = tensor.dim %x, %c0 : tensor<?x384xf32>
      %init = tensor.empty(%rows) : tensor<?x384xf32>
      // CHECK: tapml.kernel "matmul" lowering(<<matmul, tile = [8, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x384xf32> {
      %k = tapml.kernel "matmul" lowering(<<matmul, tile = [8, 4], workgroup = [64, 1, 1], vector = 4>>) -> tensor<?x384xf32> {
        %0 = linalg.matmul ins(%x, %w : tensor<?x384xf32>, tensor<384x384xf32>) outs(%init : tensor<?x384xf32>) -> tensor<?x384xf32>
        tapml.yield %0 : tensor<?x384xf32>
      }
      // CHECK: tapml.launch [@kernels::@large, @kernels::@any] guards(%{{.*}}) grids
      %y = tapml.launch [@kernels::@large, @kernels::@any] guards(%rows) grids(%rows, %c1, %c1, %c1, %c1, %c1) sizes(%rows) ins(%k, %w : tensor<?x384xf32>, tensor<384x384xf32>) outs(%init : tensor<?x384xf32>) -> tensor<?x384xf32>
      return %y : tensor<?x384xf32>
    }
    // CHECK: tapml.binary @spirv "spirv" [3, 2, 35, 7]
    tapml.binary @spirv "spirv" [3, 2, 35, 7]
  }
}

// CHECK-LABEL: func.func @forward
func.func @forward(%x: tensor<?x384xf32> {tapml.name = "x", tapml.dims = ["rows", ""]}) -> tensor<?x384xf32>
    attributes {tapml.dim_ranges = {rows = array<i64: 1, 128>}} {
  %c0 = arith.constant 0 : index
  %w = tapml.get_global @"encoder.query.weight" : tensor<384x384xf32>
  // CHECK: tapml.transfer %{{.*}} to @vulkan : tensor<?x384xf32> -> tensor<?x384xf32>
  %0 = tapml.transfer %x to @vulkan : tensor<?x384xf32> -> tensor<?x384xf32>
  %rows = tensor.dim %x, %c0 : tensor<?x384xf32>
  %init = tensor.empty(%rows) : tensor<?x384xf32>
  // CHECK: tapml.dispatch @linear on @vulkan ins({{.*}}) outs({{.*}}) {instances = ["encoder.query"]} -> tensor<?x384xf32>
  %1 = tapml.dispatch @linear on @vulkan ins(%0, %w : tensor<?x384xf32>, tensor<384x384xf32>) outs(%init : tensor<?x384xf32>) {instances = ["encoder.query"]} -> tensor<?x384xf32>
  return %1 : tensor<?x384xf32>
}
