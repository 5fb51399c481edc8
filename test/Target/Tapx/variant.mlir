// RUN: tapml-translate --tapml-to-manifest %s | FileCheck %s

// One device variant: arguments, size tables, slots, launches, checks.

#gpu = #tapml.profile<vulkan, "gpu", {max_storage_buffer_bytes = 1024 : i64}, []>

tapml.executable @twice {
  tapml.variant @gpu target(#gpu) {
    func.func @body(%x: tensor<?x8xf32>, %w: tensor<8xf32> {tapml.constant}, %k: index) -> tensor<?x8xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c64 = arith.constant 64 : index
      %n = tensor.dim %x, %c0 : tensor<?x8xf32>
      %small = arith.cmpi slt, %n, %c64 : index
      %guard = arith.index_castui %small : i1 to index
      %groups = arith.ceildivui %n, %c64 : index
      %e0 = tensor.empty() : tensor<8xf32>
      %p = tapml.launch [@kernels::@prepare] grids(%c1, %c1, %c1) ins(%w : tensor<8xf32>) outs(%e0 : tensor<8xf32>) {tapml.init} -> tensor<8xf32>
      %e1 = tensor.empty(%n) : tensor<?x8xf32>
      %y = tapml.launch [@kernels::@one, @kernels::@many] guards(%guard) grids(%c1, %c1, %c1, %groups, %c1, %c1) sizes(%n, %k) ins(%x, %p : tensor<?x8xf32>, tensor<8xf32>) outs(%e1 : tensor<?x8xf32>) {tapml.slots = array<i64: 0>, instances = ["a", "b"]} -> tensor<?x8xf32>
      %e2 = tensor.empty(%n) : tensor<?x8xf32>
      %z = tapml.launch [@kernels::@many] grids(%groups, %c1, %c1) sizes(%n, %k) ins(%y, %w : tensor<?x8xf32>, tensor<8xf32>) outs(%e2 : tensor<?x8xf32>) {instances = ["c"]} -> tensor<?x8xf32>
      return %z : tensor<?x8xf32>
    }
    tapml.binary @kernels "spirv" entries [
      #tapml.entry_point<"prepare", access = ["read", "write"], sizes = 0, workgroup = [8, 1, 1]>,
      #tapml.entry_point<"one", access = ["read", "read", "write"], sizes = 2, workgroup = [64, 1, 1]>,
      #tapml.entry_point<"many", access = ["read", "read", "write"], sizes = 2, workgroup = [64, 1, 1]>] [3, 2, 35, 7]
  }
}

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// CHECK: "executables": [
// CHECK: "name": "twice",
// CHECK: "args": [
// CHECK-NEXT: {"constant":false,"dtype":"f32","shape":[-1,8]},
// CHECK-NEXT: {"constant":true,"dtype":"f32","shape":[8]}
// CHECK: "checks": [
// CHECK-NEXT: {"expr":[[#N:]],"max":2147483647,"what":"number of elements of argument 0"},
// CHECK-NEXT: {"expr":[[#B:]],"max":1024,"what":"number of bytes of argument 0"},
// CHECK-NEXT: {"expr":[[#GUARDED:]],"max":65535,"what":"number of workgroups in x of kernel 'many'"},
// CHECK-NEXT: {"expr":[[#G:]],"max":65535,"what":"number of workgroups in x of kernel 'many'"}
// CHECK: "exprs": [
// CHECK-NEXT: ["dim",0,0],
// CHECK-NEXT: ["const",8],
// CHECK-NEXT: ["const",1],
// CHECK-NEXT: ["mul",0,1],
// CHECK-NEXT: ["const",4],
// CHECK: ["mul",3,4],
// CHECK-NEXT: ["size",0],
// CHECK-NEXT: ["const",64],
// CHECK-NEXT: ["lt",0,[[#]]],
// CHECK-NEXT: ["ceildiv",0,[[#]]],
// CHECK: ["const",256],
// CHECK-NEXT: ["ceildiv",[[#B]],[[#]]],
// CHECK-NEXT: ["mul",[[#]],[[#]]]
// CHECK: "init": [
// CHECK-NEXT: {"buffers":[{"arg":1},{"prepared":0}],"cases":[{"grid":[2,2,2],"kernel":0}],"sizes":[]}
// CHECK: "place": 1,
// CHECK: "prepared": [{"dtype":"f32","shape":[1]}],
// CHECK: "results": [{"dtype":"f32","shape":[0,1]}],
// CHECK: "size_args": 1,
// CHECK: "slots": [{{[0-9]+}}],
// CHECK: "steps": [
// CHECK-NEXT: {
// CHECK-NEXT: "buffers": [{"arg":0},{"prepared":0},{"slot":0}],
// CHECK-NEXT: "cases": [{"grid":[{{.*}}],"kernel":1,"when":{{[0-9]+}}},{"grid":[{{.*}}],"kernel":2}],
// CHECK-NEXT: "sizes": [0,{{[0-9]+}}]
// CHECK: "buffers": [{"slot":0},{"arg":1},{"result":0}],
// CHECK: "cases": [{"grid":{{.*}},"kernel":2}],

// CHECK: "kernels": [
// CHECK-NEXT: {
// CHECK-NEXT: "access": ["read","write"],
// CHECK-NEXT: "entry": "prepare",
// CHECK-NEXT: "name": "prepare",
// CHECK-NEXT: "place": 1,
// CHECK-NEXT: "section": "spirv.0",
// CHECK-NEXT: "sizes": 0,
// CHECK-NEXT: "workgroup": [8,1,1]
// CHECK: "entry": "one",
// CHECK-NEXT: "instances": ["a","b"],
// CHECK: "entry": "many",
// CHECK-NEXT: "instances": ["a","b","c"],

// CHECK: "places": [
// CHECK-NEXT: {"kind":"host","name":"host"},
// CHECK: "kind": "vulkan",
// CHECK-NEXT: "name": "gpu",
// CHECK-NEXT: "profile": {"features":[],"limits":{"max_storage_buffer_bytes":1024},"name":"gpu"}
