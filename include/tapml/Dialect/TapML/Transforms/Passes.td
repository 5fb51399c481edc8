//===- Passes.td - Passes inside the tapml dialect ---------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD
#define TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TapMLPartitionPass : Pass<"tapml-partition", "::mlir::ModuleOp"> {
  let summary = "Places operators by a plan and cuts the graph into regions";
  let description = [{
    Decides for every operator where it runs, clusters operators of one place
    into regions, and turns each region into an executable that the graph
    dispatches. Values that cross from one place to another do so through
    `tapml.transfer`, once per value and destination.

    Placement: the first rule of the plan that matches an operator names its
    place, else the plan's default. An operator that its place cannot run is an
    error or goes to the host, as the plan says; the reason is in the effective
    plan and the number in the summary. Without a plan everything goes to the
    first target, and what it cannot run to the host. Constants without
    dimensions are not placed but cloned into the regions that use them.

    Regions: with `granularity=operator` each operator is a region. With
    `granularity=largest` operators of one place are merged if they have the
    same level, the largest number of changes of place on a path to them:

      level(op) = max over producers p of level(p) + (place differs ? 1 : 0)

    Levels do not fall along a path and rise where the place changes, so that no
    path leaves a region and comes back: regions are convex and can be run in
    the order of their levels. An operator that only operators of its own place
    at higher levels use joins the lowest of them.

    Executables: a region's body takes tensors first and then sizes. Sizes that
    are sizes of its tensors, and arithmetic on them, are computed inside.
    Weights carry `tapml.constant`, and only their shapes are part of the body:
    regions that compute the same share one executable, with the union of their
    instances. i64 tensors are i32 on places without 64-bit integers.

    Every size in the graph is computed from the sizes of its inputs; no
    `tensor.dim` of a computed tensor is left.

    ```mlir
    %w = tapml.get_global @w : tensor<8x4xf32>
    %y = tapml.linear %x, %w {instance = ["query"]}
           : (tensor<?x4xf32>, tensor<8x4xf32>) -> tensor<?x8xf32>
    ```
    becomes
    ```mlir
    %w = tapml.get_global @w : tensor<8x4xf32>
    %n = tensor.dim %x, %c0 : tensor<?x4xf32>
    %0 = tapml.transfer %x to @vulkan : tensor<?x4xf32> -> tensor<?x4xf32>
    %1 = tapml.transfer %w to @vulkan : tensor<8x4xf32> -> tensor<8x4xf32>
    %2 = tensor.empty(%n) : tensor<?x8xf32>
    %3 = tapml.dispatch @linear_8x4 on @vulkan
           ins(%0, %1 : tensor<?x4xf32>, tensor<8x4xf32>)
           outs(%2 : tensor<?x8xf32>) {instances = ["query"]}
           -> tensor<?x8xf32>
    %y = tapml.transfer %3 to @host : tensor<?x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let options = [
    Option<"plan", "plan", "std::string", "",
           "File of the plan; see Plan.h for the format">,
    Option<"planJSON", "plan-json", "std::string", "",
           "The plan itself, in place of a file">,
    ListOption<"targets", "targets", "std::string",
               "Places beside the host: NAME (a preset), NAME=PRESET or "
               "NAME=PROFILE.json">,
    Option<"granularity", "granularity", "::tapml::Granularity",
           "::tapml::Granularity::Largest", "What becomes one region",
           [{::llvm::cl::values(
             clEnumValN(::tapml::Granularity::Operator, "operator",
                        "each operator by itself, for migration"),
             clEnumValN(::tapml::Granularity::Largest, "largest",
                        "largest convex regions, for deployment"))}]>,
    Option<"effectivePlan", "effective-plan", "std::string", "",
           "File to write the effective plan to">,
    Option<"explanation", "explanation", "std::string", "",
           "File to write a table of the placements and their reasons to, '-' "
           "for the standard output">,
    Option<"summary", "summary", "bool", "true",
           "Report what was placed where in a remark">
  ];
  let statistics = [
    Statistic<"numOperators", "operators", "Operators placed">,
    Statistic<"numOnHost", "operators-on-host", "Operators placed on the host">,
    Statistic<"numUnsupported", "operators-unsupported",
              "Operators on the host because their place cannot run them">,
    Statistic<"numRegions", "regions", "Regions, each a dispatch">,
    Statistic<"numExecutables", "executables", "Executables created">,
    Statistic<"numTransfers", "transfers", "Transfers per run">,
    Statistic<"numWeightTransfers", "weight-transfers", "Transfers per load">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::tensor::TensorDialect", "::tapml::TapMLDialect"
  ];
}

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD
