//===- LegalizeSPIRV.cpp - What SPIR-V can express ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Utils.h"
#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlow/Utils.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Target/SPIRV/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLLEGALIZESPIRVPASS
#include "tapml/Target/SPIRV/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Returns whether a value or argument in `kernel` satisfies `predicate`.
static bool anyType(gpu::GPUFuncOp kernel, function_ref<bool(Type)> predicate) {
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    if (llvm::any_of(op->getResultTypes(), predicate) ||
        llvm::any_of(op->getOperandTypes(), predicate))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

LogicalResult tapml::narrowIntegers(gpu::GPUFuncOp kernel) {
  if (!anyType(kernel, [](Type type) {
        return getElementTypeOrSelf(type).isInteger(64);
      }))
    return success();
  DataFlowSolver solver;
  dataflow::loadBaselineAnalyses(solver);
  solver.load<dataflow::IntegerRangeAnalysis>();
  if (failed(solver.initializeAndRun(kernel)))
    return kernel.emitError("integer range analysis failed");
  RewritePatternSet patterns(kernel.getContext());
  arith::populateIntRangeNarrowingPatterns(patterns, solver, {32});
  // index_cast of an extended integer becomes the index_cast of that integer.
  arith::IndexCastOp::getCanonicalizationPatterns(patterns,
                                                  kernel.getContext());
  arith::ExtSIOp::getCanonicalizationPatterns(patterns, kernel.getContext());
  arith::TruncIOp::getCanonicalizationPatterns(patterns, kernel.getContext());
  return applyPatternsGreedily(kernel, std::move(patterns));
}

LogicalResult tapml::legalizeVectors(gpu::GPUFuncOp kernel) {
  if (!anyType(kernel, [](Type type) {
        auto vector = dyn_cast<VectorType>(type);
        return vector && (vector.getRank() != 1 || vector.getNumElements() > 4);
      }))
    return success();
  return spirv::unrollVectorsInFuncBodies(kernel);
}

namespace {
struct LegalizeSPIRVPass final
    : tapml::impl::TapMLLegalizeSPIRVPassBase<LegalizeSPIRVPass> {
  using TapMLLegalizeSPIRVPassBase::TapMLLegalizeSPIRVPassBase;

  void runOnOperation() override {
    RewritePatternSet expansions(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(expansions);
    FrozenRewritePatternSet frozen(std::move(expansions));
    auto legalize = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        if (!profile.hasFeature("int64") && failed(narrowIntegers(kernel)))
          return failure();
        if (failed(legalizeVectors(kernel)) ||
            failed(legalizeBuffers(kernel, profile)) ||
            failed(applyPatternsGreedily(kernel, frozen)))
          return failure();
      }
      return success();
    };
    if (failed(forEachKernelModule(getOperation(), profile, legalize)))
      signalPassFailure();
  }
};
} // namespace
