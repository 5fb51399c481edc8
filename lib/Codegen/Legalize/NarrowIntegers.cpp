//===- NarrowIntegers.cpp - 64-bit integers as 32-bit ones ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On a device an index has 32 bits. 64-bit integers come from the framework
// (token ids, positions) and have become 32-bit ones in buffers; what remains
// is arithmetic between a load and an index, a float or a store. It becomes
// 32-bit arithmetic where the result is provably the same.
//
//===----------------------------------------------------------------------===//

#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlow/Utils.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns i32, or a vector of it with the shape of `type`.
static Type getNarrowType(Type type) {
  Type i32 = IntegerType::get(type.getContext(), 32);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.clone(i32) : i32;
}

static bool isWide(Type type) {
  return getElementTypeOrSelf(type).isInteger(64);
}

/// Returns `constant` with 32-bit elements if all fit, signed.
static TypedAttr narrowConstant(Attribute constant) {
  if (auto integer = dyn_cast<IntegerAttr>(constant)) {
    if (!integer.getValue().isSignedIntN(32))
      return nullptr;
    return IntegerAttr::get(getNarrowType(integer.getType()),
                            integer.getValue().trunc(32));
  }
  auto elements = dyn_cast<DenseIntElementsAttr>(constant);
  if (!elements || !llvm::all_of(elements, [](const APInt &value) {
        return value.isSignedIntN(32);
      }))
    return nullptr;
  return elements.mapValues(IntegerType::get(constant.getContext(), 32),
                            [](const APInt &value) { return value.trunc(32); });
}

/// Returns whether the 64-bit `value` is the sign extension of a 32-bit one
/// that `getExact` can build.
static bool hasExact(Value value) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return narrowConstant(constant) != nullptr;
  Operation *op = value.getDefiningOp();
  if (auto extension = dyn_cast_or_null<arith::ExtUIOp>(op))
    return extension.getIn().getType() != getNarrowType(value.getType());
  return isa_and_nonnull<arith::ExtSIOp, arith::IndexCastOp>(op);
}

/// Returns that 32-bit value.
static Value getExact(OpBuilder &builder, Value value) {
  Location loc = value.getLoc();
  Type narrow = getNarrowType(value.getType());
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return arith::ConstantOp::create(builder, loc, narrowConstant(constant));
  Operation *op = value.getDefiningOp();
  Value source = op->getOperand(0);
  if (source.getType() == narrow)
    return source;
  if (isa<arith::ExtSIOp>(op))
    return arith::ExtSIOp::create(builder, loc, narrow, source);
  if (isa<arith::ExtUIOp>(op))
    return arith::ExtUIOp::create(builder, loc, narrow, source);
  return arith::IndexCastOp::create(builder, loc, narrow, source);
}

namespace {
/// compare(a, b) on 64 bits, both of which fit into 32.
struct NarrowCompare final : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    if (!isWide(op.getLhs().getType()) || !hasExact(op.getLhs()) ||
        !hasExact(op.getRhs()))
      return failure();
    // Sign extension keeps the unsigned order as well.
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(op, op.getPredicate(),
                                               getExact(rewriter, op.getLhs()),
                                               getExact(rewriter, op.getRhs()));
    return success();
  }
};

/// sitofp of a 64-bit integer that fits into 32.
struct NarrowToFloat final : OpRewritePattern<arith::SIToFPOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::SIToFPOp op,
                                PatternRewriter &rewriter) const override {
    if (!isWide(op.getIn().getType()) || !hasExact(op.getIn()))
      return failure();
    rewriter.replaceOpWithNewOp<arith::SIToFPOp>(
        op, op.getType(), getExact(rewriter, op.getIn()));
    return success();
  }
};

/// An index is what the low 32 bits say.
struct NarrowToIndex final : OpRewritePattern<arith::IndexCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::IndexCastOp op,
                                PatternRewriter &rewriter) const override {
    if (!isWide(op.getIn().getType()))
      return failure();
    Value low = arith::TruncIOp::create(
        rewriter, op.getLoc(), getNarrowType(op.getIn().getType()), op.getIn());
    rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, op.getType(), low);
    return success();
  }
};

/// The low bits of a sum, product or choice are those of its operands.
struct NarrowTruncation final : OpRewritePattern<arith::TruncIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncIOp op,
                                PatternRewriter &rewriter) const override {
    Type narrow = getNarrowType(op.getIn().getType());
    if (!isWide(op.getIn().getType()) ||
        getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth() > 32)
      return failure();
    auto replaceBy = [&](Value low) {
      if (op.getType() == narrow)
        rewriter.replaceOp(op, low);
      else
        rewriter.replaceOpWithNewOp<arith::TruncIOp>(op, op.getType(), low);
      return success();
    };
    if (hasExact(op.getIn()))
      return replaceBy(getExact(rewriter, op.getIn()));
    Operation *source = op.getIn().getDefiningOp();
    if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp,
                         arith::AndIOp, arith::OrIOp, arith::XOrIOp,
                         arith::SelectOp>(source))
      return failure();
    SmallVector<Value> operands;
    for (Value operand : source->getOperands())
      operands.push_back(
          operand.getType() == op.getIn().getType()
              ? arith::TruncIOp::create(rewriter, op.getLoc(), narrow, operand)
              : operand);
    // Overflow flags spoke of 64 bits: they are left behind.
    OperationState state(op.getLoc(), source->getName(), operands, narrow, {});
    return replaceBy(rewriter.create(state)->getResult(0));
  }
};
} // namespace

LogicalResult tapml::narrowIntegers(gpu::GPUFuncOp kernel) {
  WalkResult found = kernel.getBody().walk([](Operation *op) {
    bool wide = llvm::any_of(op->getResultTypes(), isWide) ||
                llvm::any_of(op->getOperandTypes(), isWide);
    return wide ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!found.wasInterrupted())
    return success();

  MLIRContext *context = kernel.getContext();
  {
    DataFlowSolver solver;
    dataflow::loadBaselineAnalyses(solver);
    solver.load<dataflow::IntegerRangeAnalysis>();
    if (failed(solver.initializeAndRun(kernel)))
      return emitKernelError(kernel) << "integer range analysis failed";
    RewritePatternSet ranges(context);
    arith::populateIntRangeNarrowingPatterns(ranges, solver, {32});
    if (failed(applyPatternsGreedily(kernel, std::move(ranges))))
      return emitKernelError(kernel) << "narrowing of integers does not end";
  }
  RewritePatternSet patterns(context);
  patterns.add<NarrowCompare, NarrowToFloat, NarrowToIndex, NarrowTruncation>(
      context);
  if (failed(applyPatternsGreedily(kernel, std::move(patterns))))
    return emitKernelError(kernel) << "narrowing of integers does not end";
  return success();
}
