//===- WidenIntegers.cpp - Bytes and halves of words in 32 bits -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a target has no integers of 8 and 16 bits, they are 32-bit integers
// whose upper bits are zero. Unsigned and bitwise operations keep that or are
// masked; signed ones extend the sign of their operands first.
//
//===----------------------------------------------------------------------===//

#include "Widening.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns whether `type` is an integer of fewer than 32 bits that is no
/// boolean, or a vector of them.
static bool isNarrow(Type type) {
  auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
  return integer && integer.getWidth() > 1 && integer.getWidth() < 32;
}

static unsigned getBits(Type type) {
  return getElementTypeOrSelf(type).getIntOrFloatBitWidth();
}

/// Returns the low `bits` of `value`, a 32-bit integer.
static Value keepLow(OpBuilder &b, Location loc, Value value, unsigned bits) {
  return arith::AndIOp::create(
      b, loc, value,
      createScalarOrSplatConstant(b, loc, value.getType(),
                                  APInt::getLowBitsSet(32, bits)));
}

/// Returns `value` with the sign of its low `bits` in all bits above.
static Value extendSign(OpBuilder &b, Location loc, Value value,
                        unsigned bits) {
  Value shift = createScalarOrSplatConstant(b, loc, value.getType(),
                                            APInt(32, 32 - bits));
  Value top = arith::ShLIOp::create(b, loc, value, shift);
  return arith::ShRSIOp::create(b, loc, top, shift);
}

namespace {
/// What an operation on narrow integers needs to be right in 32 bits.
enum class Treatment {
  Unknown,
  /// Zeros above stay zeros.
  None,
  /// The result has to be cut.
  Mask,
  /// The operands have signs, and the result has to be cut.
  Sign,
  /// The same, but for the second operand.
  SignOfFirst
};
} // namespace

static Treatment getTreatment(Operation *op) {
  if (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp,
          arith::DivUIOp, arith::RemUIOp, arith::MinUIOp, arith::MaxUIOp,
          arith::ShRUIOp, arith::UIToFPOp, arith::IndexCastUIOp,
          vector::BroadcastOp, vector::ExtractOp, vector::ExtractStridedSliceOp,
          vector::FromElementsOp, vector::InsertOp,
          vector::InsertStridedSliceOp, vector::ShuffleOp, memref::LoadOp,
          memref::StoreOp, memref::AllocOp, memref::AllocaOp>(op))
    return Treatment::None;
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::ShLIOp,
          arith::FPToUIOp, arith::FPToSIOp>(op))
    return Treatment::Mask;
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::MinSIOp, arith::MaxSIOp,
          arith::SIToFPOp>(op))
    return Treatment::Sign;
  if (isa<arith::ShRSIOp>(op))
    return Treatment::SignOfFirst;
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::slt:
    case arith::CmpIPredicate::sle:
    case arith::CmpIPredicate::sgt:
    case arith::CmpIPredicate::sge:
      return Treatment::Sign;
    default:
      return Treatment::None;
    }
  }
  return Treatment::Unknown;
}

namespace {
/// Widens any operation that `getTreatment` knows.
struct WidenOperation final : ConversionPattern {
  WidenOperation(TypeConverter &types, MLIRContext *context)
      : ConversionPattern(types, MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    Treatment treatment = getTreatment(op);
    if (treatment == Treatment::Unknown)
      return failure();
    Location loc = op->getLoc();
    SmallVector<Value> wide(operands);
    unsigned count = treatment == Treatment::Sign          ? wide.size()
                     : treatment == Treatment::SignOfFirst ? 1
                                                           : 0;
    for (auto [operand, old] :
         llvm::zip(MutableArrayRef(wide).take_front(count), op->getOperands()))
      if (isNarrow(old.getType()))
        operand = extendSign(rewriter, loc, operand, getBits(old.getType()));
    SmallVector<Type> types;
    if (failed(typeConverter->convertTypes(op->getResultTypes(), types)))
      return failure();
    OperationState state(loc, op->getName(), wide, types, op->getAttrs());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    if (auto flags = dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op)) {
      // They spoke of fewer bits.
      state.attributes.clear();
      state.propertiesAttr = {};
    }
    Operation *created = rewriter.create(state);
    SmallVector<Value> results(created->getResults());
    if (treatment != Treatment::None && op->getNumResults() == 1 &&
        isNarrow(op->getResult(0).getType()))
      results[0] = keepLow(rewriter, loc, results[0],
                           getBits(op->getResult(0).getType()));
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct WidenConstant final : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type i32 = rewriter.getI32Type();
    TypedAttr value;
    if (auto integer = dyn_cast<IntegerAttr>(op.getValue()))
      value = IntegerAttr::get(i32, integer.getValue().zext(32));
    else
      value = cast<TypedAttr>(Attribute(
          cast<DenseIntElementsAttr>(op.getValue())
              .mapValues(i32, [](const APInt &x) { return x.zext(32); })));
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};

/// Casts between integers, and from and to indices.
template <typename OpTy> struct WidenCast final : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type from = op.getIn().getType(), to = op.getType();
    Location loc = op.getLoc();
    Value value = adaptor.getIn();
    if (isNarrow(from) && std::is_same_v<OpTy, arith::ExtSIOp>)
      value = extendSign(rewriter, loc, value, getBits(from));
    if (isNarrow(from) && std::is_same_v<OpTy, arith::IndexCastOp>)
      value = extendSign(rewriter, loc, value, getBits(from));
    Type target = isNarrow(to) ? getTypeLike(to, rewriter.getI32Type()) : to;
    if (value.getType() != target)
      value = OpTy::create(rewriter, loc, target, value);
    // What is cut off is zero.
    if (isNarrow(to) && !std::is_same_v<OpTy, arith::ExtUIOp>)
      value = keepLow(rewriter, loc, value, getBits(to));
    rewriter.replaceOp(op, value);
    return success();
  }
};
} // namespace

LogicalResult tapml::widenIntegers(gpu::GPUFuncOp kernel) {
  WalkResult found = kernel.getBody().walk([](Operation *op) {
    bool narrow = llvm::any_of(op->getResultTypes(), isNarrow) ||
                  llvm::any_of(op->getOperandTypes(), isNarrow);
    return narrow ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!found.wasInterrupted())
    return success();

  MLIRContext *context = kernel.getContext();
  RewritePatternSet divisions(context);
  arith::populateCeilFloorDivExpandOpsPatterns(divisions);
  if (failed(applyPatternsGreedily(kernel, std::move(divisions))))
    return emitKernelError(kernel) << "divisions that round do not expand";
  return widenKernel(
      kernel, IntegerType::get(context, 32), isNarrow,
      /*stays=*/[](Operation *) { return false; },
      [&](TypeConverter &types, RewritePatternSet &patterns) {
        patterns.add<WidenOperation>(types, context);
        patterns.add<WidenConstant, WidenCast<arith::ExtSIOp>,
                     WidenCast<arith::ExtUIOp>, WidenCast<arith::TruncIOp>,
                     WidenCast<arith::IndexCastOp>>(types, context,
                                                    /*benefit=*/2);
      });
}
