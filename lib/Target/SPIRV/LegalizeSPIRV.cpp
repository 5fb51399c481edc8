//===- LegalizeSPIRV.cpp - What SPIR-V can express ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Target/SPIRV/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLLEGALIZESPIRVPASS
#include "tapml/Target/SPIRV/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

namespace {
/// Mesa 22.3's CPU driver takes signed comparisons of 64-bit integers for
/// unsigned ones; with the sign bits flipped, unsigned is right.
struct FlipSignedCompare final : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getLhs().getType();
    std::optional<arith::CmpIPredicate> predicate =
        getUnsigned(op.getPredicate());
    if (!getElementTypeOrSelf(type).isInteger(64) || !predicate)
      return failure();
    TypedAttr signBit = rewriter.getIntegerAttr(getElementTypeOrSelf(type),
                                                APInt::getSignedMinValue(64));
    if (auto vector = dyn_cast<VectorType>(type))
      signBit = DenseElementsAttr::get(vector, Attribute(signBit));
    Value flip = arith::ConstantOp::create(rewriter, op.getLoc(), signBit);
    auto flipped = [&](Value value) -> Value {
      return arith::XOrIOp::create(rewriter, op.getLoc(), value, flip);
    };
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(
        op, *predicate, flipped(op.getLhs()), flipped(op.getRhs()));
    return success();
  }

  static std::optional<arith::CmpIPredicate>
  getUnsigned(arith::CmpIPredicate predicate) {
    using arith::CmpIPredicate;
    switch (predicate) {
    case CmpIPredicate::slt:
      return CmpIPredicate::ult;
    case CmpIPredicate::sle:
      return CmpIPredicate::ule;
    case CmpIPredicate::sgt:
      return CmpIPredicate::ugt;
    case CmpIPredicate::sge:
      return CmpIPredicate::uge;
    default:
      return std::nullopt;
    }
  }
};
} // namespace

namespace {
struct LegalizeSPIRVPass final
    : tapml::impl::TapMLLegalizeSPIRVPassBase<LegalizeSPIRVPass> {
  using TapMLLegalizeSPIRVPassBase::TapMLLegalizeSPIRVPassBase;

  void runOnOperation() override {
    RewritePatternSet expansions(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(expansions);
    expansions.add<FlipSignedCompare>(&getContext());
    FrozenRewritePatternSet frozen(std::move(expansions));
    auto legalize = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        if (failed(narrowIntegers(kernel)) || failed(legalizeVectors(kernel)) ||
            failed(legalizeBuffers(kernel, profile)) ||
            (widensHalves(profile) && failed(widenHalves(kernel))) ||
            failed(applyPatternsGreedily(kernel, frozen)))
          return failure();
        readThroughTexels(kernel, profile);
      }
      return success();
    };
    if (failed(forEachKernelModule(getOperation(), profile, TargetKind::Vulkan,
                                   legalize)))
      signalPassFailure();
  }
};
} // namespace
