//===- Passes.td - From linalg to kernels -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_PASSES_TD
#define TAPML_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

def EmitKernelsPass : Pass<"tapml-emit-kernels"> {
  let summary = "Emit kernels as flat loops and replace them by launches";
  let description = [{
    Replaces every `tapml.kernel` by a `tensor.empty` and a `tapml.launch`, and
    emits what it computes as a function: a `gpu.func` in `gpu.module @kernels`
    for a target, a `func.func` over a range of workgroups for the host. Each
    configuration of the kernel's lowering becomes an entry point. Kernels that
    come out equal are emitted once.

    The functions work on flat buffers (`memref<?xT>`, booleans as `i8`) and
    `index` sizes: first the tensors that are read, then the one that is
    written, then the sizes that differ from input to input. The host side
    computes the sizes, guards and grids; a grid that could be larger than the
    profile allows in one dimension is spread over the others.

    ```mlir
    %y = tapml.kernel "scale" lowering(<<elementwise, tile = [1, 4],
             workgroup = [64, 1, 1], vector = 4>>) -> tensor<?xf32> { ... }
    // becomes
    %0 = tensor.empty(%n) : tensor<?xf32>
    %y = tapml.launch [@kernels::@scale] grids(%x, %y, %c1) sizes(%n)
             ins(%x : tensor<?xf32>) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
    ```

    A kernel's region may hold structured operations (`linalg`) whose bodies use
    `arith`, `math`, `linalg.index` and `tensor.extract`; `tensor.empty`,
    `collapse_shape`, `expand_shape`, `extract_slice`, `cast`, `splat`, `dim`;
    constants and arithmetic on sizes. Anything else is an error.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"
  ];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"vulkan\"",
           "Preset to emit for where kernels are not in a tapml.variant">
  ];
  let statistics = [
    Statistic<"emitted", "num-emitted", "Number of entry points emitted">,
    Statistic<"shared", "num-shared",
              "Number of entry points that an earlier one serves">
  ];
}

#endif // TAPML_CODEGEN_PASSES_TD
