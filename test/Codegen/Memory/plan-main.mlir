// RUN: tapml-opt %s --tapml-plan-memory | FileCheck %s
// RUN: tapml-opt %s --tapml-plan-memory --tapml-plan-memory | FileCheck %s

// In the main function, slots belong to places. Sizes are estimated with the
// upper ends of the ranges: 8 rows of 64 columns, 2048 bytes.

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

tapml.global @w : tensor<64xf32>

tapml.executable @e {
  tapml.variant @vulkan target(#gpu) {
    func.func private @body(%x: tensor<?x64xf32>, %w: tensor<64xf32> {tapml.constant}) -> tensor<?x64xf32>
  }
}

// CHECK-LABEL: func.func @forward
// CHECK-SAME: tapml.memory = {live = 6144 : i64, planned = 6144 : i64, slots = 3 : i64}
func.func @forward(%x: tensor<?x64xf32> {tapml.name = "x", tapml.dims = ["rows", ""]}) -> tensor<?x64xf32>
    attributes {tapml.dim_ranges = {rows = array<i64: 1, 8>}} {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%rows) : tensor<?x64xf32>
  %w = tapml.get_global @w : tensor<64xf32>
  // A weight that is put to a place is not a copy.
  // CHECK: tapml.transfer %{{.*}} to @vulkan : tensor<64xf32>
  %wv = tapml.transfer %w to @vulkan : tensor<64xf32> -> tensor<64xf32>
  // CHECK: tapml.transfer %{{.*}} to @vulkan {tapml.slots = array<i64: 0>}
  %xv = tapml.transfer %x to @vulkan : tensor<?x64xf32> -> tensor<?x64xf32>
  // CHECK: tapml.dispatch {{.*}} {tapml.slots = array<i64: 1>}
  %a = tapml.dispatch @e on @vulkan ins(%xv, %wv : tensor<?x64xf32>, tensor<64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: tapml.dispatch {{.*}} {tapml.slots = array<i64: 0>}
  %b = tapml.dispatch @e on @vulkan ins(%a, %wv : tensor<?x64xf32>, tensor<64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: tapml.transfer %{{.*}} to @host {tapml.slots = array<i64: 2>}
  %y = tapml.transfer %b to @host : tensor<?x64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
