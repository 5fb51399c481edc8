//===- ExpandMath.cpp - Replace math functions by arithmetic ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementaryFunctions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tapml/Codegen/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLEXPANDMATHPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Replaces `op` by what `build` makes of its operands for f32. Functions of
/// f16 are those of f32, rounded.
static LogicalResult expand(Operation *op, PatternRewriter &rewriter,
                            function_ref<Value(Type, ValueRange)> build) {
  Location loc = op->getLoc();
  Type type = op->getResult(0).getType();
  Type element = getElementTypeOrSelf(type);
  if (!element.isF32() && !element.isF16())
    return rewriter.notifyMatchFailure(op, "only f32 and f16 are expanded");
  if (element.isF32()) {
    rewriter.replaceOp(op, build(type, op->getOperands()));
    return success();
  }
  auto vector = dyn_cast<VectorType>(type);
  Type wide = rewriter.getF32Type();
  if (vector)
    wide = vector.clone(wide);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(arith::ExtFOp::create(rewriter, loc, wide, operand));
  rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, build(wide, operands));
  return success();
}

namespace {
/// Replaces `OpTy` on f32 by what `function` builds.
template <typename OpTy, Value (FloatEmitter::*function)(Value)>
struct ExpandUnary final : OpRewritePattern<OpTy> {
  ExpandUnary(MLIRContext *context, bool fma)
      : OpRewritePattern<OpTy>(context), fma(fma) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    return expand(op, rewriter, [&](Type type, ValueRange operands) {
      FloatEmitter emitter(rewriter, op.getLoc(), type, fma);
      return (emitter.*function)(operands[0]);
    });
  }

  bool fma;
};

struct ExpandPow final : OpRewritePattern<math::PowFOp> {
  ExpandPow(MLIRContext *context, bool fma)
      : OpRewritePattern<math::PowFOp>(context), fma(fma) {}

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    return expand(op, rewriter, [&](Type type, ValueRange operands) {
      FloatEmitter emitter(rewriter, op.getLoc(), type, fma);
      return emitter.pow(operands[0], operands[1]);
    });
  }

  bool fma;
};

struct ExpandMathPass final
    : tapml::impl::TapMLExpandMathPassBase<ExpandMathPass> {
  using TapMLExpandMathPassBase::TapMLExpandMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandUnary<math::ExpOp, &FloatEmitter::exp>,
                 ExpandUnary<math::Exp2Op, &FloatEmitter::exp2>,
                 ExpandUnary<math::LogOp, &FloatEmitter::log>,
                 ExpandUnary<math::TanhOp, &FloatEmitter::tanh>,
                 ExpandUnary<math::ErfOp, &FloatEmitter::erf>,
                 ExpandUnary<math::SinOp, &FloatEmitter::sin>,
                 ExpandUnary<math::CosOp, &FloatEmitter::cos>,
                 ExpandUnary<math::RsqrtOp, &FloatEmitter::rsqrt>,
                 ExpandUnary<math::TruncOp, &FloatEmitter::trunc>, ExpandPow>(
        &getContext(), fma);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
