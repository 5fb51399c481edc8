//===- LegalizeShader.cpp - What WGSL and MSL can express -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../MSL/ReservedWords.h"
#include "../WGSL/ReservedWords.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Target/Shader/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_LEGALIZESHADERPASS
#include "tapml/Target/Shader/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Renames kernels that the language keeps the name of, and what refers to
/// them.
static LogicalResult renameReserved(gpu::GPUModuleOp module, TargetKind kind) {
  SymbolTable symbols(module);
  Operation *scope = module->getParentOp();
  for (auto kernel : llvm::to_vector(module.getOps<gpu::GPUFuncOp>())) {
    StringRef name = kernel.getName();
    bool isReserved = kind == TargetKind::WebGPU
                          ? shader::wgsl::isReserved(name)
                          : shader::msl::isReserved(name);
    if (!isReserved)
      continue;
    std::string renamed = (name + "_kernel").str();
    for (unsigned i = 1; symbols.lookup(renamed); ++i)
      renamed = (name + "_kernel" + Twine(i)).str();
    auto attr = StringAttr::get(module.getContext(), renamed);
    if (failed(SymbolTable::replaceAllSymbolUses(kernel, attr, scope)))
      return emitKernelError(kernel)
             << "cannot be renamed to '" << renamed << "'";
    symbols.remove(kernel);
    kernel.setName(renamed);
    symbols.insert(kernel);
  }
  return success();
}

/// Returns whether functions can take, give and hold values of `type`.
static bool hasShaderForm(Type type, ProfileAttr profile, bool hasNarrow) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() != 1 || vector.getNumElements() > 4)
      return false;
    type = vector.getElementType();
  }
  if (isa<MemRefType>(type))
    return false;
  if (type.isF16())
    return !packsHalves(profile);
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || integer.getWidth() == 1 || integer.getWidth() == 32)
    return true;
  return integer.getWidth() == 64 ? profile.hasFeature("int64") : hasNarrow;
}

namespace {
struct LegalizeShaderPass final
    : tapml::impl::LegalizeShaderPassBase<LegalizeShaderPass> {
  using LegalizeShaderPassBase::LegalizeShaderPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet expansions(context);
    arith::populateCeilFloorDivExpandOpsPatterns(expansions);
    vector::populateBreakDownVectorReductionPatterns(
        expansions, /*maxNumElementsToExtract=*/4);
    FrozenRewritePatternSet expand(std::move(expansions));
    RewritePatternSet floats(context);
    populateLegalizeFloatsPatterns(floats);
    FrozenRewritePatternSet legalizeFloats(std::move(floats));
    RewritePatternSet integers(context);
    populateLegalizeIntegersPatterns(integers);
    populateLegalizeTablesPatterns(integers);
    populateUnsignedIndicesPatterns(integers);
    FrozenRewritePatternSet legalizeIntegers(std::move(integers));

    // Divisions that round, and reductions, may become what the others
    // legalize; those visit each operation once.
    auto legalizeArithmetic = [&](Operation *function) -> LogicalResult {
      if (failed(applyPatternsGreedily(function, expand)))
        return failure();
      walkAndApplyPatterns(function, legalizeFloats);
      return applyPatternsGreedily(function, legalizeIntegers);
    };
    auto legalize = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      bool hasNarrow =
          profile.hasFeature("int8") && profile.hasFeature("int16");
      if (failed(renameReserved(module, profile.getKind())))
        return failure();
      inlineFunctions(module, [&](Type type) {
        return hasShaderForm(type, profile, hasNarrow);
      });
      if (failed(legalizeTables(module, profile)))
        return failure();
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        materializeMemory(kernel);
        if (failed(flattenBuffers(kernel)))
          return failure();
        if (!profile.hasFeature("int64") && failed(narrowIntegers(kernel)))
          return failure();
        if (failed(legalizeVectors(kernel)) ||
            failed(legalizeBuffers(kernel, profile)) ||
            (widensHalves(profile) && failed(widenHalves(kernel))))
          return failure();
        if (!hasNarrow && failed(widenIntegers(kernel)))
          return failure();
        if (failed(legalizeArithmetic(kernel)))
          return failure();
      }
      for (auto function : module.getOps<func::FuncOp>())
        if (failed(legalizeArithmetic(function)))
          return failure();
      return success();
    };
    if (failed(forEachKernelModule(getOperation(), profile,
                                   {TargetKind::WebGPU, TargetKind::Metal},
                                   legalize)))
      signalPassFailure();
  }
};
} // namespace
