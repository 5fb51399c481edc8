// RUN: split-file %s %t
// RUN: %python %S/Inputs/make-weights.py %t/package/w.safetensors
// RUN: tapml-translate --tapml-to-manifest %t/main.mlir --tapx-weights=%t/package/w.safetensors --tapx-samples=%t/package/samples --tapx-location=%t/bin/x.tapx | FileCheck %t/main.mlir

//--- main.mlir

// The main function: inputs with symbols, weights at the places that use them,
// transfers, dispatches, slots, outputs; and where the files are.

#gpu = #tapml.profile<vulkan, "gpu", {}, []>
#host = #tapml.profile<host, "host", {}, []>

module @tiny {
  tapml.global @w key "layer.weight" : tensor<8xf32>

  tapml.executable @add {
    tapml.variant @host target(#host) {
      func.func @body(%x: tensor<?x8xf32>, %w: tensor<8xf32> {tapml.constant}) -> tensor<?x8xf32> {
        %c0 = arith.constant 0 : index
        %n = tensor.dim %x, %c0 : tensor<?x8xf32>
        %e = tensor.empty(%n) : tensor<?x8xf32>
        %y = tapml.launch [@add] grids(%n, %n, %n) ins(%x, %w : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
        return %y : tensor<?x8xf32>
      }
    }
    tapml.variant @gpu target(#gpu) {
      func.func @body(%x: tensor<?x8xf32>, %w: tensor<8xf32> {tapml.constant}) -> tensor<?x8xf32> {
        %c0 = arith.constant 0 : index
        %n = tensor.dim %x, %c0 : tensor<?x8xf32>
        %e = tensor.empty(%n) : tensor<?x8xf32>
        %y = tapml.launch [@add] grids(%n, %n, %n) ins(%x, %w : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
        return %y : tensor<?x8xf32>
      }
      tapml.binary @code "spirv" entries [#tapml.entry_point<"add", access = ["read", "read", "write"], sizes = 0, workgroup = [64, 1, 1]>] [3, 2, 35, 7]
    }
  }

  func.func @forward(%x: tensor<?x8xf32> {tapml.name = "x", tapml.dims = ["rows", ""]},
                     %ids: tensor<2x?xi64> {tapml.name = "ids", tapml.dims = ["", "seq"]})
      -> (tensor<?x8xf32> {tapml.name = "y"}, tensor<2x?xi64>)
      attributes {tapml.dim_ranges = {rows = array<i64: 1, 16>}} {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    %w = tapml.get_global @w : tensor<8xf32>
    %wg = tapml.transfer %w to @gpu : tensor<8xf32> -> tensor<8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %0 = tapml.dispatch @add on @host ins(%x, %w : tensor<?x8xf32>, tensor<8xf32>) outs(%e0 : tensor<?x8xf32>) {tapml.slots = array<i64: 0>, instances = ["first"]} -> tensor<?x8xf32>
    %1 = tapml.transfer %0 to @gpu {tapml.slots = array<i64: 1>} : tensor<?x8xf32> -> tensor<?x8xf32>
    %e1 = tensor.empty(%n) : tensor<?x8xf32>
    %2 = tapml.dispatch @add on @gpu ins(%1, %wg : tensor<?x8xf32>, tensor<8xf32>) outs(%e1 : tensor<?x8xf32>) {tapml.slots = array<i64: 2>, instances = ["second"]} -> tensor<?x8xf32>
    %3 = tapml.transfer %2 to @host {tapml.slots = array<i64: 0>} : tensor<?x8xf32> -> tensor<?x8xf32>
    // A check on the way: token ids to 32 bits.
    %4 = tapml.transfer %ids to @gpu {tapml.slots = array<i64: 3>} : tensor<2x?xi64> -> tensor<2x?xi32>
    return %3, %ids : tensor<?x8xf32>, tensor<2x?xi64>
  }

  tapml.binary @host_v3 "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3" features ["avx2", "fma"] entries [#tapml.entry_point<"add", access = ["read", "read", "write"], sizes = 0>] [127, 69]
  tapml.binary @host_v1 "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" features [] entries [#tapml.entry_point<"add", access = ["read", "read", "write"], sizes = 0>] [127, 70]
}

// CHECK: "host": {
// CHECK-NEXT: "payloads": [
// CHECK-NEXT: {"cpu":"x86-64-v3","features":["avx2","fma"],"section":"host.x86-64-v3"},
// CHECK-NEXT: {"cpu":"x86-64","features":[],"section":"host.x86-64"}
// CHECK-NEXT: ],
// CHECK-NEXT: "triple": "x86_64-unknown-linux-gnu"
// CHECK: "inputs": [
// CHECK-NEXT: {"dtype":"f32","name":"x","shape":["rows",8]},
// CHECK-NEXT: {"dtype":"i64","name":"ids","shape":[2,"seq"]}
// CHECK: "kernels": [
// CHECK-NEXT: {"access":["read","read","write"],"entry":"add","name":"add","place":0,"sizes":0},
// CHECK: "section": "spirv.0",
// CHECK: "exprs": [
// CHECK-NEXT: ["dim",0,0],
// CHECK-NEXT: ["const",8],
// CHECK-NEXT: ["const",2],
// CHECK-NEXT: ["dim",1,1],
// CHECK: ["const",256],
// CHECK-NEXT: ["ceildiv",7,10],
// CHECK-NEXT: ["mul",10,11],
// CHECK: "slots": [
// CHECK-NEXT: {"bytes":12,"place":0},
// CHECK-NEXT: {"bytes":12,"place":1},
// CHECK-NEXT: {"bytes":12,"place":1},
// CHECK-NEXT: {"bytes":14,"place":1}
// CHECK: "steps": [
// CHECK-NEXT: {
// CHECK-NEXT: "executable": 0,
// CHECK-NEXT: "instances": ["first"],
// CHECK-NEXT: "op": "dispatch",
// CHECK-NEXT: "operands": [0,2],
// CHECK-NEXT: "results": [3],
// CHECK-NEXT: "sizes": [],
// CHECK-NEXT: "variant": 0
// CHECK: {"from":3,"op":"transfer","to":4},
// CHECK: "operands": [4,5],
// CHECK-NEXT: "results": [6],
// CHECK-NEXT: "sizes": [],
// CHECK-NEXT: "variant": 1
// CHECK: {"from":6,"op":"transfer","to":7},
// CHECK-NEXT: {"from":1,"op":"transfer","to":8}
// CHECK: "values": [
// CHECK-NEXT: {"dtype":"f32","index":0,"kind":"input","place":0,"shape":[0,1]},
// CHECK-NEXT: {"dtype":"i64","index":1,"kind":"input","place":0,"shape":[2,3]},
// CHECK-NEXT: {"dtype":"f32","index":0,"kind":"weight","place":0,"shape":[1]},
// CHECK-NEXT: {"dtype":"f32","kind":"slot","place":0,"shape":[0,1],"slot":0},
// CHECK-NEXT: {"dtype":"f32","kind":"slot","place":1,"shape":[0,1],"slot":1},
// CHECK-NEXT: {"dtype":"f32","index":0,"kind":"weight","place":1,"shape":[1]},
// CHECK-NEXT: {"dtype":"f32","kind":"slot","place":1,"shape":[0,1],"slot":2},
// CHECK-NEXT: {"dtype":"f32","kind":"slot","place":0,"shape":[0,1],"slot":0},
// CHECK-NEXT: {"dtype":"i32","kind":"slot","place":1,"shape":[2,3],"slot":3}
// CHECK: "model": "tiny",
// CHECK-NEXT: "outputs": [{"name":"y","value":7},{"name":"output1","value":1}],
// CHECK: "samples": "../package/samples",
// CHECK-NEXT: "weights": "../package/w.safetensors",
// CHECK-NEXT: "weights_bytes": {{[0-9]+}},
// CHECK-NEXT: "weights_header_sha256": "{{[0-9a-f]+}}"
// CHECK: "symbols": [{"max":16,"min":1,"name":"rows"},{"max":2147483647,"min":0,"name":"seq"}],
// CHECK-NEXT: "weights": [{"dtype":"f32","key":"layer.weight","shape":[8]}]
