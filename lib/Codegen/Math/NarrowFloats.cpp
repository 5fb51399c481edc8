//===- NarrowFloats.cpp - 16-bit arithmetic where it is the same ----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators widen their operands, compute in f32 and round once. Where all that
// is between two conversions is one operation, it gives the same in f16: a
// result that is rounded to 24 bits and then to 11 is the one that is rounded
// to 11 at once, as 24 >= 2 * 11 + 2 (Figueroa 1995, "When is double rounding
// innocuous?"). Operations that round nothing give the same in any number.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Codegen/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLNARROWFLOATSPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Returns `type`, scalar or vector, with elements of 16 bits.
static Type getNarrow(Type type) {
  Type half = Float16Type::get(type.getContext());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(half)) : half;
}

/// Returns whether `op` gives one of its operands, or that with another sign.
static bool isExact(Operation *op) {
  return isa<arith::NegFOp, math::AbsFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::SelectOp,
             vector::BroadcastOp>(op);
}

/// Returns the number in f16, if it is a normal one there.
static std::optional<APFloat> getNarrow(Value value) {
  FloatAttr scalar;
  SplatElementsAttr splat;
  if (matchPattern(value, m_Constant(&splat)))
    scalar = dyn_cast<FloatAttr>(splat.getSplatValue<Attribute>());
  else if (!matchPattern(value, m_Constant(&scalar)))
    return std::nullopt;
  if (!scalar)
    return std::nullopt;
  APFloat number = scalar.getValue();
  bool losesInfo;
  number.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven, &losesInfo);
  if (losesInfo || !number.isFinite() || number.isDenormal())
    return std::nullopt;
  return number;
}

/// Returns whether `value`, in f32, is a number that f16 has and is computed
/// there with no operation more. Sets `widens` if it comes from f16 at all.
static bool canNarrow(Value value, bool &widens) {
  if (auto extension = value.getDefiningOp<arith::ExtFOp>()) {
    widens = true;
    return getElementTypeOrSelf(extension.getIn().getType()).isF16();
  }
  if (getNarrow(value))
    return true;
  // What is used elsewhere, too, would be computed twice.
  Operation *op = value.getDefiningOp();
  return op && isExact(op) && value.hasOneUse() &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return !isa<FloatType>(getElementTypeOrSelf(operand.getType())) ||
                  canNarrow(operand, widens);
         });
}

/// Returns whether all operands of `op` can be narrowed, and any of them has to
/// be widened as it is.
static bool canNarrowOperands(Operation *op) {
  bool widens = false;
  return llvm::all_of(
             op->getOperands(),
             [&](Value operand) { return canNarrow(operand, widens); }) &&
         widens;
}

static Value narrow(OpBuilder &b, Value value);

/// Returns a copy of `op` on 16-bit floats.
static Operation *narrow(OpBuilder &b, Operation *op) {
  IRMapping mapping;
  for (Value operand : op->getOperands())
    if (getElementTypeOrSelf(operand.getType()).isF32())
      mapping.map(operand, narrow(b, operand));
  Operation *copy = b.clone(*op, mapping);
  for (OpResult result : copy->getResults())
    if (getElementTypeOrSelf(result.getType()).isF32())
      result.setType(getNarrow(result.getType()));
  return copy;
}

/// Returns `value` in f16, which `canNarrow`.
static Value narrow(OpBuilder &b, Value value) {
  if (auto extension = value.getDefiningOp<arith::ExtFOp>())
    return extension.getIn();
  if (std::optional<APFloat> number = getNarrow(value))
    return createScalarOrSplatConstant(b, value.getLoc(),
                                       getNarrow(value.getType()), *number);
  return narrow(b, value.getDefiningOp())->getResult(0);
}

namespace {
/// Rounds what f16 arithmetic rounds in the same way.
struct NarrowRounding final : OpRewritePattern<arith::TruncFOp> {
  NarrowRounding(MLIRContext *context, bool dividesExactly)
      : OpRewritePattern(context), dividesExactly(dividesExactly) {}

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Operation *source = op.getIn().getDefiningOp();
    if (!source || !getElementTypeOrSelf(op.getType()).isF16() ||
        !getElementTypeOrSelf(op.getIn().getType()).isF32())
      return failure();
    bool widens = false;
    if (canNarrow(op.getIn(), widens) && widens) {
      rewriter.replaceOp(op, narrow(rewriter, op.getIn()));
      return success();
    }
    if (!roundsAlike(source) || !source->hasOneUse() ||
        !canNarrowOperands(source))
      return failure();
    rewriter.replaceOp(op, narrow(rewriter, source));
    return success();
  }

private:
  bool roundsAlike(Operation *op) const {
    return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op) ||
           (dividesExactly && isa<arith::DivFOp, math::SqrtOp>(op));
  }

  /// Whether quotients and roots are correctly rounded.
  bool dividesExactly;
};

/// Compares numbers before they are widened.
struct NarrowCompare final : OpRewritePattern<arith::CmpFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getLhs().getType()).isF32() ||
        !canNarrowOperands(op))
      return failure();
    rewriter.replaceOp(op, narrow(rewriter, op.getOperation()));
    return success();
  }
};

struct NarrowFloatsPass final
    : tapml::impl::TapMLNarrowFloatsPassBase<NarrowFloatsPass> {
  using TapMLNarrowFloatsPassBase::TapMLNarrowFloatsPassBase;

  void runOnOperation() override {
    auto narrow = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      if (widensHalves(profile))
        return success();
      RewritePatternSet patterns(&getContext());
      // Vulkan and WebGPU allow a division of halves 2.5 units; Metal rounds it
      // correctly without fast maths.
      patterns.add<NarrowRounding>(&getContext(),
                                   profile.getKind() == TargetKind::Metal);
      patterns.add<NarrowCompare>(&getContext());
      return applyPatternsGreedily(module, std::move(patterns));
    };
    if (failed(forEachKernelModule(
            getOperation(), profile,
            {TargetKind::Vulkan, TargetKind::WebGPU, TargetKind::Metal},
            narrow)))
      signalPassFailure();
  }
};
} // namespace
