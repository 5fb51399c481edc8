// The plugin brings the dialect, its passes and its pipelines to a stock tool.

// RUN: mlir-opt %s --load-dialect-plugin=%plugin --load-pass-plugin=%plugin --pass-pipeline='builtin.module(tapml-partition{targets=vulkan})' | FileCheck %s --check-prefix=PARTITION
// RUN: mlir-opt %s --load-dialect-plugin=%plugin --load-pass-plugin=%plugin --pass-pipeline='builtin.module(tapml-compile{targets=vulkan})' | FileCheck %s --check-prefix=BINARY
// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=WITHOUT

// PARTITION: tapml.executable @gelu_nx20
// PARTITION: tapml.gelu
// PARTITION: tapml.dispatch @gelu_nx20 on @vulkan

// BINARY: tapml.binary @spirv "spirv" entries [#tapml.entry_point<"gelu_20"
// BINARY: tapml.dispatch @gelu_nx20 on @vulkan

// WITHOUT: Dialect `tapml' not found
module attributes {tapml.version = 1 : i64} {
  func.func @forward(%x: tensor<?x20xf32> {tapml.name = "x", tapml.dims = ["n", ""]}) -> (tensor<?x20xf32> {tapml.name = "y"}) {
    %0 = tapml.gelu %x {instance = ["act"]} : tensor<?x20xf32>
    return %0 : tensor<?x20xf32>
  }
}
