//===- Pipelines.cpp - From a captured graph to binaries ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Pipelines/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Conversion/Passes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Transforms/Passes.h"
#include "tapml/Pipelines/ExecutableMemo.h"
#include "tapml/Target/Host/Passes.h"
#include "tapml/Target/SPIRV/Passes.h"
#include "tapml/Target/Shader/Passes.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace tapml;

ArrayRef<StringRef> tapml::getStageNames() {
  static constexpr StringRef names[] = {"graph",   "partition",  "linalg",
                                        "kernels", "structured", "binary"};
  return names;
}

ArrayRef<StringRef> tapml::getExtensionPoints() {
  static constexpr StringRef points[] = {
      "after-capture",  "before-partition",   "after-partition",
      "before-codegen", "after-legalisation", "after-planning"};
  return points;
}

/// Adds the hooks of an extension point.
static LogicalResult addHooks(OpPassManager &pm, StringRef point,
                              const CompileOptions &options) {
  auto [begin, end] = options.hooks.equal_range(point.str());
  for (auto it = begin; it != end; ++it) {
    // The pipeline may name its anchor, as those of opt tools do: it runs on
    // this module, not on one inside it.
    StringRef pipeline = StringRef(it->second).trim();
    if (pipeline.ends_with(")"))
      if (pipeline.consume_front("builtin.module("))
        pipeline = pipeline.drop_back();
    if (failed(parsePassPipeline(pipeline, pm)))
      return failure();
  }
  return success();
}

static void addPartition(OpPassManager &pm, const CompileOptions &options) {
  TapMLPartitionPassOptions partition;
  partition.plan = options.plan;
  partition.planJSON = options.planJSON;
  partition.targets.assign(options.targets.begin(), options.targets.end());
  partition.granularity = options.granularity == "operator"
                              ? Granularity::Operator
                              : Granularity::Largest;
  partition.effectivePlan = options.effectivePlan;
  partition.explanation = options.explanation;
  partition.summary = false;
  pm.addPass(createTapMLPartitionPass(std::move(partition)));
}

/// Adds a part of the pipeline that runs on each executable by itself. `part`
/// is its name. No hook is inside it.
static void addPart(OpPassManager &pm, StringRef part,
                    const CompileOptions &options,
                    llvm::function_ref<void(OpPassManager &)> build) {
  OpPassManager &executables = pm.nest<ExecutableOp>();
  if (!options.executables)
    return build(executables);
  OpPassManager pipeline(ExecutableOp::getOperationName());
  build(pipeline);
  executables.addPass(
      createMemoizedPartPass(part, std::move(pipeline), *options.executables));
}

LogicalResult tapml::buildStagePipeline(OpPassManager &pm, Stage stage,
                                        const CompileOptions &options) {
  switch (stage) {
  case Stage::Graph:
    return addHooks(pm, "after-capture", options);
  case Stage::Partition:
    if (failed(addHooks(pm, "before-partition", options)))
      return failure();
    addPartition(pm, options);
    return addHooks(pm, "after-partition", options);
  case Stage::Linalg:
    addPart(pm, "linalg", options, [](OpPassManager &executables) {
      OpPassManager &bodies =
          executables.nest<VariantOp>().nest<func::FuncOp>();
      bodies.addPass(createLowerToLinalgPass());
      bodies.addPass(createCanonicalizerPass());
      bodies.addPass(createCSEPass());
    });
    return success();
  case Stage::Kernels:
    addPart(pm, "kernels", options, [](OpPassManager &executables) {
      OpPassManager &bodies =
          executables.nest<VariantOp>().nest<func::FuncOp>();
      bodies.addPass(createFormKernelsPass());
      bodies.addPass(createSelectLoweringPass());
    });
    return success();
  case Stage::Structured:
    if (failed(addHooks(pm, "before-codegen", options)))
      return failure();
    addPart(pm, "structured", options, [](OpPassManager &executables) {
      OpPassManager &variants = executables.nest<VariantOp>();
      variants.addPass(createEmitKernelsPass());
      variants.addPass(createCanonicalizerPass());
      variants.addPass(createCSEPass());
      variants.addPass(createTapMLNarrowFloatsPass());
      variants.addPass(createLoopInvariantCodeMotionPass());
      variants.addPass(createCSEPass());
    });
    return success();
  case Stage::Binary: {
    addPart(pm, "legal", options, [](OpPassManager &executables) {
      // Texts have functions; SPIR-V has the expansion in the place of each
      // use.
      executables.addPass(createTapMLOutlineMathPass());
      buildLegalizeSPIRVPipeline(executables, SPIRVOptions());
      buildLegalizeShaderPipeline(executables, ShaderOptions());
    });
    if (failed(addHooks(pm, "after-legalisation", options)))
      return failure();
    addPart(pm, "binary", options, [](OpPassManager &executables) {
      buildSerializeSPIRVPipeline(executables, SPIRVOptions());
      buildSerializeShaderPipeline(executables, ShaderOptions());
    });
    // Last, as CSE merges the buffers that it has just told apart.
    pm.addPass(createPlanMemoryPass());
    if (failed(addHooks(pm, "after-planning", options)))
      return failure();
    CompileHostPassOptions host;
    host.hostTriple = options.hostTriple;
    host.hostCPUs.assign(options.hostCpus.begin(), options.hostCpus.end());
    pm.addPass(createCompileHostPass(std::move(host), options.hostObjects));
    return success();
  }
  }
  llvm_unreachable("covered switch");
}

LogicalResult tapml::buildCompilePipeline(OpPassManager &pm,
                                          const CompileOptions &options) {
  for (unsigned i = 0, e = getStageNames().size(); i < e; ++i)
    if (failed(buildStagePipeline(pm, static_cast<Stage>(i), options)))
      return failure();
  return success();
}

namespace {
/// `tapml-compile` on the command line of tapml-opt.
struct TextualOptions : PassPipelineOptions<TextualOptions> {
  Option<std::string> plan{*this, "plan", llvm::cl::desc("Plan file")};
  ListOption<std::string> targets{*this, "targets",
                                  llvm::cl::desc("Places beside the host")};
  Option<std::string> granularity{*this, "granularity",
                                  llvm::cl::desc("operator or largest"),
                                  llvm::cl::init("largest")};

  CompileOptions get() const {
    CompileOptions options;
    options.plan = plan;
    options.targets.assign(targets.begin(), targets.end());
    options.granularity = granularity;
    return options;
  }
};
} // namespace

void tapml::registerPipelines() {
  PassPipelineRegistration<TextualOptions>(
      "tapml-compile", "Compile a captured graph down to binaries",
      [](OpPassManager &pm, const TextualOptions &options) {
        // Without hooks nothing is parsed, so that this cannot fail.
        (void)buildCompilePipeline(pm, options.get());
      });
  for (unsigned i = 1, e = getStageNames().size(); i < e; ++i) {
    static std::vector<std::string> names(e);
    auto stage = static_cast<Stage>(i);
    names[i] = ("tapml-to-" + getStageNames()[i]).str();
    PassPipelineRegistration<TextualOptions>(
        names[i], "From the stage before it to one stage of the compilation",
        [stage](OpPassManager &pm, const TextualOptions &options) {
          (void)buildStagePipeline(pm, stage, options.get());
        });
  }
}
