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
// Formation
//===----------------------------------------------------------------------===//

def FormKernelsPass : Pass<"tapml-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "group linalg ops into kernels";
  let description = [{
    Takes linalg, tensor, arith and math ops on tensors and puts those that are
    computed together into `tapml.kernel` ops of one result each.

    First the function is normalised: named ops become generics, constant
    tensors become fills or selections by index, sizes are computed from the
    sizes of the arguments, contractions accumulate from zero. An op that cannot
    become part of a kernel is an error.

    Then the ops are visited last to first. An op joins the kernel of its users,
    so that it is computed where it is needed, or becomes the result of a kernel
    of its own. It becomes the result of its own kernel if
    - it is returned;
    - it computes something from weights alone (arguments with the attribute
      `tapml.constant`) and its user does not, so that it can be done once per
      load; repeating elements and renaming indices do not count;
    - it is used by several kernels, unless it is cheap: no reduction, no
      transcendental function, and at most one operand of its own size;
    - it is the end of a contraction's epilogue (a chain of elementwise ops at
      the contraction's indices) and its user cannot be part of it;
    - it is a contraction whose user reads it at other indices than the
      kernel's result, or whose user's kernel holds a reduction or another
      contraction;
    - it is a reduction, and the user neither reads it once at the indices of
      the kernel's result, nor by rows of the kernel's result with all of the
      trailing indices reduced (as in softmax and layer norm);
    - it calls a transcendental function and would be computed several times for
      one element, such as on the input of a contraction, unless it depends on a
      reduction of the same rows;
    - the kernel would read more tensors than the profile allows buffers.

    ```mlir
    %0 = linalg.matmul ...
    %1 = linalg.generic ... ins(%0, %bias) { arith.addf }
    %2 = linalg.generic ... ins(%1) { math.erf }
    // becomes
    %2 = tapml.kernel "linear_384x1536_gelu" -> tensor<?x1536xf32> {
      %0 = linalg.generic ...
      %1 = linalg.generic ...
      %2 = linalg.generic ...
      tapml.yield %2 : tensor<?x1536xf32>
    }
    ```

    Kernels carry the union of the discardable attributes `tapml.instances` of
    their ops, and are named after `tapml.operator`.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "the preset whose limits hold, instead of the variant's target">
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "kernels formed">,
    Statistic<"numCloned", "cloned", "ops computed in several kernels">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect",
    "::tapml::TapMLDialect"
  ];
}

def SelectLoweringPass : Pass<"tapml-select-lowering", "::mlir::func::FuncOp"> {
  let summary = "choose how each kernel is structured";
  let description = [{
    Attaches `#tapml.lowering` to every `tapml.kernel`: strategy, tile,
    workgroup, vector width, chosen from the kernel's shape and the profile of
    the enclosing `tapml.variant`. One function per class of kernels chooses;
    the preferred numbers are a table per family of devices.

    A lowering that is there already is kept. Kept or chosen, a lowering that
    the profile cannot run is an error.

    The sizes that `at_least` guards are elementwise [elements], row_reduction
    [rows, row length], matmul [M, N, K], each the product of the loops of that
    kind. `tile` is [1, adjacent elements], [rows, elements per step] and
    [rows, columns].
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "the preset to choose for, instead of the variant's target">
  ];
  let statistics = [
    Statistic<"numKept", "kept", "kernels whose lowering was given">
  ];
  let dependentDialects = ["::tapml::TapMLDialect"];
}

#endif // TAPML_CODEGEN_PASSES_TD
