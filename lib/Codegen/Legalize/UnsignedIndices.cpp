//===- UnsignedIndices.cpp - Signed operations on what is not negative ----===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

static constexpr unsigned kMaxDepth = 8;

/// Returns whether `value`, an integer of 32 bits, is provably not negative as
/// a signed number. Sums and most products may overflow, so they are not.
static bool isNonNegative(Value value, unsigned depth = 0) {
  if (depth > kMaxDepth)
    return false;
  auto recurse = [&](Value other) { return isNonNegative(other, depth + 1); };
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.isNonNegative() && constant.isIntN(31);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    // Sizes are not negative.
    if (auto kernel = dyn_cast<gpu::GPUFuncOp>(parent))
      return argument.getType().isIndex() && kernel.isKernel();
    auto loop = dyn_cast<scf::ForOp>(parent);
    return loop && argument == loop.getInductionVar() &&
           recurse(loop.getLowerBound()) && recurse(loop.getUpperBound());
  }
  Operation *op = value.getDefiningOp();
  if (isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::BlockDimOp, gpu::GridDimOp,
          gpu::LaneIdOp, gpu::SubgroupIdOp, gpu::SubgroupSizeOp,
          gpu::NumSubgroupsOp>(op))
    return true;
  if (isa<arith::MinUIOp, arith::AndIOp, arith::MaxSIOp>(op))
    return recurse(op->getOperand(0)) || recurse(op->getOperand(1));
  if (isa<arith::MaxUIOp, arith::MinSIOp, arith::OrIOp>(op))
    return recurse(op->getOperand(0)) && recurse(op->getOperand(1));
  if (isa<arith::RemUIOp>(op))
    return recurse(op->getOperand(1)) || recurse(op->getOperand(0));
  if (isa<arith::DivUIOp>(op))
    return recurse(op->getOperand(0)) ||
           (matchPattern(op->getOperand(1), m_ConstantInt(&constant)) &&
            constant.ugt(1));
  if (isa<arith::ShRUIOp>(op))
    return recurse(op->getOperand(0));
  // n / c * c is not above n.
  if (auto product = dyn_cast<arith::MulIOp>(op)) {
    auto quotient = product.getLhs().getDefiningOp<arith::DivUIOp>();
    return quotient && quotient.getRhs() == product.getRhs() &&
           recurse(quotient.getLhs());
  }
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return recurse(select.getTrueValue()) && recurse(select.getFalseValue());
  return false;
}

namespace {
template <typename SignedOp, typename UnsignedOp>
struct MakeUnsigned final : OpRewritePattern<SignedOp> {
  using OpRewritePattern<SignedOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(SignedOp op,
                                PatternRewriter &rewriter) const override {
    if (!isNonNegative(op.getLhs()) || !isNonNegative(op.getRhs()))
      return failure();
    rewriter.replaceOpWithNewOp<UnsignedOp>(op, op.getLhs(), op.getRhs());
    return success();
  }
};

struct MakeCompareUnsigned final : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    using Predicate = arith::CmpIPredicate;
    Predicate predicate;
    switch (op.getPredicate()) {
    case Predicate::slt:
      predicate = Predicate::ult;
      break;
    case Predicate::sle:
      predicate = Predicate::ule;
      break;
    case Predicate::sgt:
      predicate = Predicate::ugt;
      break;
    case Predicate::sge:
      predicate = Predicate::uge;
      break;
    default:
      return failure();
    }
    if (!isNonNegative(op.getLhs()) || !isNonNegative(op.getRhs()))
      return failure();
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(op, predicate, op.getLhs(),
                                               op.getRhs());
    return success();
  }
};

struct MakeLoopUnsigned final : OpRewritePattern<scf::ForOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(scf::ForOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getUnsignedCmp() || !isNonNegative(op.getLowerBound()) ||
        !isNonNegative(op.getUpperBound()))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.setUnsignedCmp(true); });
    return success();
  }
};
} // namespace

void tapml::populateUnsignedIndicesPatterns(RewritePatternSet &patterns) {
  patterns.add<MakeUnsigned<arith::MinSIOp, arith::MinUIOp>,
               MakeUnsigned<arith::MaxSIOp, arith::MaxUIOp>,
               MakeUnsigned<arith::DivSIOp, arith::DivUIOp>,
               MakeUnsigned<arith::RemSIOp, arith::RemUIOp>,
               MakeCompareUnsigned, MakeLoopUnsigned>(patterns.getContext());
}
