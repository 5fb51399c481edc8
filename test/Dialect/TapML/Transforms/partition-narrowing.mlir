// Without 64-bit integers i64 values cross as i32: the transfer, the body's
// argument and constants change their type, the graph does not.
//
// RUN: tapml-opt %s --tapml-partition='targets=vulkan summary=false' | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: tapml-opt %s --tapml-partition='targets=vulkan=lavapipe summary=false' | FileCheck %s --check-prefixes=CHECK,WIDE

// CHECK-LABEL: tapml.executable
// NARROW:      func.func @body(%[[W:.*]]: tensor<100x8xf32> {tapml.constant}, %[[IDS:.*]]: tensor<?xi32>)
// NARROW:        tapml.embedding %[[W]], %[[IDS]] {{.*}} : tensor<100x8xf32>, tensor<?xi32> -> tensor<?x8xf32>
// NARROW:        %[[C:.*]] = arith.constant dense<-7> : tensor<i32>
// NARROW:        tapml.eq %[[IDS]], %[[C]] {{.*}} : tensor<?xi32>, tensor<i32> -> tensor<?xi1>
// WIDE:        func.func @body(%[[W:.*]]: tensor<100x8xf32> {tapml.constant}, %[[IDS:.*]]: tensor<?xi64>)
// WIDE:          %[[C:.*]] = tapml.constant dense<-7> : tensor<i64>
// WIDE:          tapml.eq %[[IDS]], %[[C]] {{.*}} : tensor<?xi64>, tensor<i64> -> tensor<?xi1>

// CHECK-LABEL: func.func @forward
tapml.global @w : tensor<100x8xf32>
func.func @forward(%ids: tensor<?xi64>) -> (tensor<?x8xf32>, tensor<?xi1>) {
  // NARROW: tapml.transfer %{{.*}} to @vulkan : tensor<?xi64> -> tensor<?xi32>
  // WIDE: tapml.transfer %{{.*}} to @vulkan : tensor<?xi64> -> tensor<?xi64>
  %w = tapml.get_global @w : tensor<100x8xf32>
  %c = tapml.constant dense<-7> : tensor<i64>
  %e = tapml.embedding %w, %ids {instance = ["embedding"]} : tensor<100x8xf32>, tensor<?xi64> -> tensor<?x8xf32>
  %q = tapml.eq %ids, %c {instance = ["eq"]} : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  return %e, %q : tensor<?x8xf32>, tensor<?xi1>
}
