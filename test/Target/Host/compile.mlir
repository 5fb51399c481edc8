// RUN: tapml-opt %s --tapml-compile-host=host-triple=x86_64-unknown-linux-gnu | FileCheck %s
// RUN: tapml-opt %s --tapml-compile-host="host-triple=x86_64-unknown-linux-gnu host-cpus=x86-64-v2" | FileCheck %s --check-prefix=V2
// RUN: tapml-opt %s --tapml-compile-host=host-triple=aarch64-unknown-linux-gnu | FileCheck %s --check-prefix=ARM

// All executables' kernels end up in one binary per CPU, the most capable first.

#host = #tapml.profile<host, "host", {}, []>

// CHECK-LABEL: tapml.executable @first
// CHECK: tapml.launch [@scale] grids
// CHECK-NOT: tapml.host_kernel
tapml.executable @first {
  tapml.variant @host target(#host) {
    func.func @body(%x: tensor<?xf32>) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?xf32>
      %init = tensor.empty(%n) : tensor<?xf32>
      %y = tapml.launch [@scale] grids(%n, %c1, %c1) sizes(%n) ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    func.func @scale(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
      %c1 = arith.constant 1 : index
      %two = arith.constant 2.0 : f32
      scf.for %i = %begin to %end step %c1 {
        %0 = memref.load %x[%i] : memref<?xf32>
        %1 = arith.mulf %0, %two : f32
        memref.store %1, %y[%i] : memref<?xf32>
      }
      return
    }
  }
}

// A second kernel of the same name gets its executable's name before it.
// CHECK-LABEL: tapml.executable @second
// CHECK: tapml.launch [@second.scale] grids
tapml.executable @second {
  tapml.variant @host target(#host) {
    func.func @body(%x: tensor<?xf32>) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?xf32>
      %init = tensor.empty(%n) : tensor<?xf32>
      %y = tapml.launch [@scale] grids(%n, %c1, %c1) ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    func.func @scale(%x: memref<?xf32>, %y: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
      return
    }
  }
}

// CHECK: tapml.binary @host_x86_64_v3 "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3"
// CHECK-SAME: features [{{.*}}"avx2", {{.*}}"fma"
// CHECK-SAME: entries [#tapml.entry_point<"scale", access = ["read", "write"], sizes = 1>, #tapml.entry_point<"second.scale", access = ["read", "write"], sizes = 0>]
// CHECK-SAME: [127, 69, 76, 70,
// CHECK: tapml.binary @host_x86_64 "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" features [] entries
// CHECK-NOT: tapml.binary
// CHECK-NOT: builtin.module

// V2: tapml.binary @host_x86_64_v2 "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v2"
// V2-NOT: tapml.binary

// ARM: tapml.binary @host_generic "elf" triple "aarch64-unknown-linux-gnu" cpu "generic" features [] entries
// ARM-NOT: tapml.binary
