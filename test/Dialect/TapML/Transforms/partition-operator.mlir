// With granularity=operator each operator is a dispatch, in the order of the
// graph; values cross between places once per destination.
//
// RUN: tapml-opt %s --tapml-partition='plan-json={"version":1,"rules":[{"match":{"op":["gelu","exp"]},"place":"vulkan"}]} targets=vulkan granularity=operator summary=false' | FileCheck %s

// CHECK-LABEL: tapml.executable @gelu_nx8 {
// CHECK-NEXT:    tapml.variant @vulkan target(<vulkan, "vulkan", {{.*}}>) {
// CHECK-NEXT:      func.func @body(%[[X:.*]]: tensor<?x8xf32>) -> tensor<?x8xf32> {
// CHECK-NEXT:        %[[Y:.*]] = tapml.gelu %[[X]] {instance = ["gelu"]} : tensor<?x8xf32>
// CHECK-NEXT:        return %[[Y]] : tensor<?x8xf32>
// CHECK-LABEL: tapml.executable @exp_nx8 {
// CHECK-LABEL: tapml.executable @add_nx8 {
// CHECK-NEXT:    tapml.variant @host target(<host, "host", {{.*}}>) {

// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
func.func @forward(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: %[[ROWS:.*]] = tensor.dim %[[X]], %{{.*}}
  // CHECK-NEXT: %[[XV:.*]] = tapml.transfer %[[X]] to @vulkan : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK-NEXT: %[[OUT0:.*]] = tensor.empty(%[[ROWS]]) : tensor<?x8xf32>
  // CHECK-NEXT: %[[G:.*]] = tapml.dispatch @gelu_nx8 on @vulkan ins(%[[XV]] : tensor<?x8xf32>) outs(%[[OUT0]] : tensor<?x8xf32>) {instances = ["gelu"]} -> tensor<?x8xf32>
  %g = tapml.gelu %x {instance = ["gelu"]} : tensor<?x8xf32>
  // The input is there already, and the value before stays there.
  // CHECK-NEXT: %[[OUT1:.*]] = tensor.empty
  // CHECK-NEXT: %[[E:.*]] = tapml.dispatch @exp_nx8 on @vulkan ins(%[[G]] : {{.*}}) outs(%[[OUT1]] :
  %e = tapml.exp %g {instance = ["exp"]} : tensor<?x8xf32>
  // CHECK-NEXT: %[[EH:.*]] = tapml.transfer %[[E]] to @host
  // CHECK-NEXT: %[[OUT2:.*]] = tensor.empty
  // CHECK-NEXT: %[[A:.*]] = tapml.dispatch @add_nx8 on @host ins(%[[EH]], %[[X]] : {{.*}}) outs(%[[OUT2]] :
  %a = tapml.add %e, %x {instance = ["add"]} : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  // Outputs of the model are on the host.
  // CHECK-NEXT: return %[[A]], %[[EH]]
  return %a, %e : tensor<?x8xf32>, tensor<?x8xf32>
}
