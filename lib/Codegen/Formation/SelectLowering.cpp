//===- SelectLowering.cpp - Chooses how kernels are structured ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"
#include "Formation.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

namespace tapml {
#define GEN_PASS_DEF_SELECTLOWERINGPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

int64_t tapml::getVectorSize(const KernelInfo &info, ProfileAttr profile) {
  const LoweringNumbers &numbers = getLoweringNumbers(profile);
  int64_t vector =
      std::min(numbers.maxVector, profile.getLimit("vector_bits") / 32);
  if (!numbers.alignedVectors)
    return vector;
  auto type = cast<RankedTensorType>(info.root->getResult(0).getType());
  if (type.hasStaticShape() && type.getNumElements() < vector)
    return 1;
  // Booleans are bytes, of which a whole word is stored at once. A result laid
  // out like its inputs is one long row, whatever its sizes.
  if (info.strategy == Strategy::Elementwise &&
      (type.getElementType().isInteger(1) || info.linearisable))
    return vector;
  if (type.getRank() == 0)
    return 1;
  int64_t innermost = type.getShape().back();
  bool isAligned = !ShapedType::isDynamic(innermost) && innermost % vector == 0;
  return isAligned ? vector : 1;
}

static LoweringAttr select(const KernelInfo &info, ProfileAttr profile) {
  switch (info.strategy) {
  case Strategy::Elementwise:
    return selectElementwise(info, profile);
  case Strategy::RowReduction:
    return selectRowReduction(info, profile);
  case Strategy::Matmul:
    return selectMatmul(info, profile);
  }
  llvm_unreachable("covered switch");
}

namespace {
struct SelectLoweringPass
    : public tapml::impl::SelectLoweringPassBase<SelectLoweringPass> {
  using SelectLoweringPassBase::SelectLoweringPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<KernelOp> kernels;
    function.walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    if (kernels.empty())
      return markAllAnalysesPreserved();
    FailureOr<ProfileAttr> target = getProfileFor(function, profile);
    if (failed(target))
      return signalPassFailure();
    if (!*target) {
      function.emitError() << "no profile to choose lowerings for: put the "
                              "function in a 'tapml.variant' or give the pass "
                              "option 'profile'";
      return signalPassFailure();
    }
    bool anyFailed = false;
    for (KernelOp kernel : kernels) {
      FailureOr<KernelInfo> info = analyzeKernel(kernel);
      if (failed(info)) {
        anyFailed = true;
        continue;
      }
      if (kernel.getLoweringAttr())
        ++numKept;
      else
        kernel.setLoweringAttr(select(*info, *target));
      anyFailed |= failed(verifyLowering(kernel, *info, *target));
    }
    if (anyFailed)
      signalPassFailure();
  }
};
} // namespace
