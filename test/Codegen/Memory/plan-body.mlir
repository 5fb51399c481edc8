// RUN: tapml-opt %s --tapml-plan-memory --split-input-file | FileCheck %s

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

// A chain: each intermediate is alive with its neighbours only, so that the
// third takes the slot of the first. The result has none.
// CHECK-LABEL: tapml.executable @chain
tapml.executable @chain {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      %e = tensor.empty(%n) : tensor<?x64xf32>
      // CHECK: %[[A:.*]] = tapml.launch {{.*}} {tapml.slots = array<i64: 0>}
      %a = tapml.launch [@k] grids(%n, %c1, %c1) ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
      // CHECK: %[[B:.*]] = tapml.launch {{.*}} {tapml.slots = array<i64: 1>}
      %b = tapml.launch [@k] grids(%n, %c1, %c1) ins(%a : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
      // CHECK: %[[C:.*]] = tapml.launch {{.*}} {tapml.slots = array<i64: 0>}
      %c = tapml.launch [@k] grids(%n, %c1, %c1) ins(%b : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
      // CHECK: %[[D:.*]] = tapml.launch
      // CHECK-NOT: tapml.slots
      %d = tapml.launch [@k] grids(%n, %c1, %c1) ins(%c : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
      // CHECK: return %[[D]]
      return %d : tensor<?x64xf32>
    }
  }
}

// -----

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

// A tensor that is used again later keeps its slot, and a reshape is the same
// tensor.
// CHECK-LABEL: tapml.executable @skip_connection
tapml.executable @skip_connection {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<8x64xf32>) -> tensor<512xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<8x64xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 0>} -> tensor<8x64xf32>
      %a = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) -> tensor<8x64xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 1>} -> tensor<8x64xf32>
      %b = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%a : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) -> tensor<8x64xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 2>} -> tensor<8x64xf32>
      %c = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%b : tensor<8x64xf32>) outs(%e : tensor<8x64xf32>) -> tensor<8x64xf32>
      %flat = tensor.collapse_shape %a [[0, 1]] : tensor<8x64xf32> into tensor<512xf32>
      // CHECK-NOT: tapml.slots
      %r = tensor.empty() : tensor<512xf32>
      %d = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%c, %flat : tensor<8x64xf32>, tensor<512xf32>) outs(%r : tensor<512xf32>) -> tensor<512xf32>
      return %d : tensor<512xf32>
    }
  }
}

// -----

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

// The largest tensors come first, and a small one goes into the smallest slot
// that is free, not into the first.
// CHECK-LABEL: tapml.executable @by_size
tapml.executable @by_size {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<1024xf32>) -> tensor<1xf32> {
      %c1 = arith.constant 1 : index
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 0>} -> tensor<1024xf32>
      %e0 = tensor.empty() : tensor<1024xf32>
      %a = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<1024xf32>) outs(%e0 : tensor<1024xf32>) -> tensor<1024xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 1>} -> tensor<128xf32>
      %e1 = tensor.empty() : tensor<128xf32>
      %b = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%a : tensor<1024xf32>) outs(%e1 : tensor<128xf32>) -> tensor<128xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 0>} -> tensor<512xf32>
      %e2 = tensor.empty() : tensor<512xf32>
      %c = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%b : tensor<128xf32>) outs(%e2 : tensor<512xf32>) -> tensor<512xf32>
      // CHECK: tapml.launch {{.*}} {tapml.slots = array<i64: 1>} -> tensor<100xf32>
      %e3 = tensor.empty() : tensor<100xf32>
      %d = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%c : tensor<512xf32>) outs(%e3 : tensor<100xf32>) -> tensor<100xf32>
      %r = tensor.empty() : tensor<1xf32>
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%d : tensor<100xf32>) outs(%r : tensor<1xf32>) -> tensor<1xf32>
      return %y : tensor<1xf32>
    }
  }
}

// -----

#gpu = #tapml.profile<vulkan, "vulkan", {}, []>

// Work on weights runs once: %t is prepared, as the last launch needs it at
// every call; %u only on the way to it, so that it has a slot.
// CHECK-LABEL: tapml.executable @weights
tapml.executable @weights {
  tapml.variant @vulkan target(#gpu) {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64x32xf32> {tapml.constant}) -> (tensor<?x64xf32>, tensor<64x32xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %k = tensor.dim %w, %c1 : tensor<64x32xf32>
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      // CHECK: tapml.launch [@u] {{.*}} {tapml.init, tapml.slots = array<i64: 0>}
      %eu = tensor.empty() : tensor<64x32xf32>
      %u = tapml.launch [@u] grids(%k, %c1, %c1) ins(%w : tensor<64x32xf32>) outs(%eu : tensor<64x32xf32>) -> tensor<64x32xf32>
      // CHECK: tapml.launch [@t] {{.*}} {tapml.init}
      %et = tensor.empty() : tensor<32x64xf32>
      %t = tapml.launch [@t] grids(%k, %c1, %c1) ins(%u : tensor<64x32xf32>) outs(%et : tensor<32x64xf32>) -> tensor<32x64xf32>
      // Depends on a size that is known at calls only.
      // CHECK: tapml.launch [@v] {{.*}} {tapml.slots = array<i64: 1>}
      // CHECK-NOT: tapml.init
      %ev = tensor.empty() : tensor<64x32xf32>
      %v = tapml.launch [@v] grids(%n, %c1, %c1) ins(%w : tensor<64x32xf32>) outs(%ev : tensor<64x32xf32>) -> tensor<64x32xf32>
      %ey = tensor.empty(%n) : tensor<?x64xf32>
      %y = tapml.launch [@y] grids(%n, %c1, %c1) ins(%x, %t, %v : tensor<?x64xf32>, tensor<32x64xf32>, tensor<64x32xf32>) outs(%ey : tensor<?x64xf32>) -> tensor<?x64xf32>
      // A result is written at every call.
      %ez = tensor.empty() : tensor<64x32xf32>
      %z = tapml.launch [@z] grids(%k, %c1, %c1) ins(%w : tensor<64x32xf32>) outs(%ez : tensor<64x32xf32>) -> tensor<64x32xf32>
      // CHECK: return
      return %y, %z : tensor<?x64xf32>, tensor<64x32xf32>
    }
  }
}
