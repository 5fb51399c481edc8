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

def PlanMemoryPass : Pass<"tapml-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Assign intermediate tensors to slots that are used again";
  let description = [{
    In the body of every variant and in the module's functions, tensors that
    live only between two launches or dispatches are given a slot each, so that
    those that are never alive at the same time share one:

    - an intermediate result's `tensor.empty`, of which each launch or dispatch
      gets its own, carries `tapml.slot = N`; so does a transfer;
    - a launch that depends on weights alone carries `tapml.init`: it runs once
      when the executable is loaded. Its result has a slot only if no other
      launch uses it later on;
    - results of a variant's body have no slot: the caller provides them.

    The largest tensors are placed first, each into the smallest slot that is
    free. Sizes that are not known are estimated with the largest sizes that
    `tapml.dim_ranges` allows, or `default-dim`. A slot takes the most bytes of
    the tensors that it holds, which is computed for the real sizes.

    `tapml.memory` on each function says how good the plan is, in estimated
    bytes: `planned` those of all slots, `live` the most that are alive at once
    (summed over the places), which no plan goes below.
  }];
  let options = [
    Option<"defaultDim", "default-dim", "int64_t", /*default=*/"128",
           "Estimate for a dimension that has no range">
  ];
}

#endif // TAPML_CODEGEN_PASSES_TD
