//===- Passes.td - Conversions between dialects -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CONVERSION_PASSES_TD
#define TAPML_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerToLinalgPass : Pass<"tapml-lower-to-linalg"> {
  let summary = "Replaces the model's operators by linalg on tensors";
  let description = [{
    Replaces every operator (interface `TapMLOperator`) by its decomposition:
    operations of linalg, tensor, arith and math on tensors. Sizes are
    computed from those of the function's arguments wherever the IR shows how,
    so that no size depends on a tensor that a kernel computes. Locations are
    kept, and what an operator became carries its identity as
    `tapml.instances`.

    Afterwards no operator is left; an operator that cannot be decomposed is an
    error. Structure (`tapml.dispatch`, `tapml.transfer`, weights) stays.

    ```mlir
    %y = tapml.tanh %x {instance = ["pooler.activation"]} : tensor<?xf32>
    ```

    becomes

    ```mlir
    %c0 = arith.constant 0 : index
    %d0 = tensor.dim %x, %c0 : tensor<?xf32>
    %init = tensor.empty(%d0) : tensor<?xf32>
    %y = linalg.generic {indexing_maps = [#id, #id],
                         iterator_types = ["parallel"]}
        ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>)
        attrs = {tapml.instances = ["pooler.activation"]} {
    ^bb0(%in: f32, %out: f32):
      %0 = math.tanh %in : f32
      linalg.yield %0 : f32
    } -> tensor<?xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"
  ];
  let statistics = [
    Statistic<"numOperators", "operators", "Number of operators replaced">
  ];
}

#endif // TAPML_CONVERSION_PASSES_TD
