//===- WidenHalves.cpp - 16-bit floats in 32 bits -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a target has no 16-bit floats, kernels hold them as 32-bit ones whose
// value a half has. What is packed in memory, and roundings, are integer
// arithmetic on the bits, so that no device's own rounding or flushing takes
// part. Where buffers hold halves, loads and stores convert them.
//
// Arithmetic is that of floats, rounded. For sums, products, quotients and
// square roots this is what arithmetic of halves gives, as a float has more
// than twice the digits (Figueroa, "When is double rounding innocuous?", 1995).
// It is not for a product and a sum that are rounded once, which stay.
//
//===----------------------------------------------------------------------===//

#include "Widening.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

namespace {
/// Builds integer arithmetic on the bits of floats.
class BitBuilder {
public:
  BitBuilder(OpBuilder &builder, Location loc, Type like)
      : b(builder), loc(loc), words(getTypeLike(like, b.getI32Type())),
        floats(getTypeLike(like, b.getF32Type())) {}

  /// Returns the number that a half with these bits is, in a float.
  Value fromHalfBits(Value bits) {
    Value magnitude = conjunction(bits, 0x7fff);
    Value sign = shiftLeft(conjunction(bits, 0x8000), 16);
    Value shifted = shiftLeft(magnitude, 13);
    // Only the exponent's bias differs; subnormal halves are normal floats.
    Value normal = add(shifted, 112 << 23);
    Value subnormal = arith::MulFOp::create(
        b, loc, arith::SIToFPOp::create(b, loc, floats, magnitude),
        createScalarOrSplatConstant(b, loc, floats, APFloat(0x1p-24f)));
    Value special = arith::OrIOp::create(b, loc, shifted, constant(0x7f800000));
    Value number = select(isBelow(magnitude, 0x400), toBits(subnormal), normal);
    number = select(isBelow(magnitude, 0x7c00), number, special);
    return toFloat(arith::OrIOp::create(b, loc, number, sign));
  }

  /// Returns the bits of the half nearest to a float, ties to even.
  Value toHalfBits(Value number) {
    Value bits = toBits(number);
    Value magnitude = conjunction(bits, 0x7fffffff);
    Value sign = conjunction(shiftRight(bits, 16), 0x8000);
    // A carry of the rounding goes on into the exponent, up to infinity.
    Value isOdd = conjunction(shiftRight(magnitude, 13), 1);
    Value normal = add(magnitude, 0xfff - (112 << 23));
    normal = shiftRight(arith::AddIOp::create(b, loc, normal, isOdd), 13);
    // The sum with one half is rounded where the last bit of a half is.
    Value half = createScalarOrSplatConstant(b, loc, floats, APFloat(0.5f));
    Value sum = arith::AddFOp::create(b, loc, toFloat(magnitude), half);
    Value subnormal = add(toBits(sum), -0x3f000000);
    Value special = select(isBelow(magnitude, 0x7f800001), constant(0x7c00),
                           constant(0x7e00));
    Value result = select(isBelow(magnitude, 113 << 23), subnormal, normal);
    result = select(isBelow(magnitude, 143 << 23), result, special);
    return arith::OrIOp::create(b, loc, result, sign);
  }

private:
  Value constant(int64_t value) {
    return createScalarOrSplatConstant(b, loc, words,
                                       APInt(32, value, /*isSigned=*/true));
  }
  Value conjunction(Value value, int64_t mask) {
    return arith::AndIOp::create(b, loc, value, constant(mask));
  }
  Value add(Value value, int64_t summand) {
    return arith::AddIOp::create(b, loc, value, constant(summand));
  }
  Value shiftLeft(Value value, int64_t by) {
    return arith::ShLIOp::create(b, loc, value, constant(by));
  }
  Value shiftRight(Value value, int64_t by) {
    return arith::ShRUIOp::create(b, loc, value, constant(by));
  }
  Value isBelow(Value value, int64_t limit) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, value,
                                 constant(limit));
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, loc, condition, yes, no);
  }
  Value toBits(Value number) {
    return arith::BitcastOp::create(b, loc, words, number);
  }
  Value toFloat(Value bits) {
    return arith::BitcastOp::create(b, loc, floats, bits);
  }

  OpBuilder &b;
  Location loc;
  Type words, floats;
};

/// Operations that do not look at the elements.
struct WidenMovement final : ConversionPattern {
  WidenMovement(TypeConverter &types, MLIRContext *context)
      : ConversionPattern(types, MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<arith::SelectOp, gpu::ShuffleOp, gpu::SubgroupBroadcastOp,
             memref::LoadOp, memref::StoreOp, memref::AllocOp, memref::AllocaOp,
             vector::BroadcastOp, vector::ExtractOp,
             vector::ExtractStridedSliceOp, vector::FromElementsOp,
             vector::InsertOp, vector::InsertStridedSliceOp, vector::ShuffleOp>(
            op))
      return failure();
    FailureOr<Operation *> created =
        convertOpResultTypes(op, operands, *typeConverter, rewriter);
    if (failed(created))
      return failure();
    rewriter.replaceOp(op, *created);
    return success();
  }
};

/// Arithmetic and functions, element by element.
struct WidenArithmetic final : ConversionPattern {
  WidenArithmetic(TypeConverter &types, MLIRContext *context)
      : ConversionPattern(types, MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    auto isHalf = [](Type type) { return getElementTypeOrSelf(type).isF16(); };
    // Conversions and choices have patterns of their own.
    if (!isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
        !op->hasTrait<OpTrait::Elementwise>() || op->getNumResults() != 1 ||
        isa<math::FmaOp, arith::BitcastOp, arith::ExtFOp, arith::SelectOp,
            arith::SIToFPOp, arith::TruncFOp, arith::UIToFPOp>(op) ||
        !llvm::any_of(op->getOperandTypes(), isHalf))
      return failure();
    FailureOr<Operation *> created =
        convertOpResultTypes(op, operands, *typeConverter, rewriter);
    if (failed(created))
      return failure();
    Value result = (*created)->getResult(0);
    if (isHalf(op->getResult(0).getType()) && !givesHalf(op)) {
      BitBuilder bits(rewriter, op->getLoc(), result.getType());
      result = bits.fromHalfBits(bits.toHalfBits(result));
    }
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Whether floats that are halves give one.
  static bool givesHalf(Operation *op) {
    return isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp,
               arith::MinNumFOp, arith::NegFOp, math::AbsFOp, math::CeilOp,
               math::CopySignOp, math::FloorOp, math::RoundEvenOp,
               math::RoundOp, math::TruncOp>(op);
  }
};

struct WidenConstant final : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, widenConstant(cast<TypedAttr>(op.getValue())));
    return success();
  }
};

struct DropExtension final : OpConversionPattern<arith::ExtFOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ExtFOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    rewriter.replaceOp(op, adaptor.getIn());
    return success();
  }
};

struct RoundTruncation final : OpConversionPattern<arith::TruncFOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::TruncFOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32())
      return failure();
    BitBuilder bits(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, bits.fromHalfBits(bits.toHalfBits(adaptor.getIn())));
    return success();
  }
};

/// From integers, by way of floats: those that a float rounds are beyond the
/// largest half.
template <typename OpTy> struct RoundInteger final : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeLike(op.getType(), rewriter.getF32Type());
    Value number = OpTy::create(rewriter, op.getLoc(), type, adaptor.getIn());
    BitBuilder bits(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, bits.fromHalfBits(bits.toHalfBits(number)));
    return success();
  }
};

/// Between halves and their bits, as they are in memory.
struct ConvertBits final : OpConversionPattern<arith::BitcastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::BitcastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    BitBuilder bits(rewriter, loc, op.getType());
    if (getElementTypeOrSelf(op.getType()).isF16()) {
      Type words = getTypeLike(op.getType(), rewriter.getI32Type());
      Value wide =
          arith::ExtUIOp::create(rewriter, loc, words, adaptor.getIn());
      rewriter.replaceOp(op, bits.fromHalfBits(wide));
      return success();
    }
    // What is rounded for the memory alone is rounded once.
    Value number = adaptor.getIn();
    if (auto truncation = op.getIn().getDefiningOp<arith::TruncFOp>())
      number = rewriter.getRemappedValue(truncation.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncIOp>(op, op.getType(),
                                                 bits.toHalfBits(number));
    return success();
  }
};
} // namespace

TypedAttr tapml::widenConstant(TypedAttr value) {
  auto widen = [](APFloat number) {
    bool losesInfo;
    number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
    return number;
  };
  Type f32 = Float32Type::get(value.getContext());
  if (auto number = dyn_cast<FloatAttr>(value))
    return FloatAttr::get(f32, widen(number.getValue()));
  return cast<TypedAttr>(Attribute(cast<DenseFPElementsAttr>(value).mapValues(
      f32,
      [&](const APFloat &number) { return widen(number).bitcastToAPInt(); })));
}

/// Leaves no 16-bit integers between words and floats.
static void dropShorts(gpu::GPUFuncOp kernel) {
  kernel.walk([](arith::ExtUIOp op) {
    auto truncation = op.getIn().getDefiningOp<arith::TruncIOp>();
    if (!truncation || !op.getIn().getType().isInteger(16) ||
        truncation.getIn().getType() != op.getType())
      return;
    OpBuilder b(op);
    Value mask =
        arith::ConstantIntOp::create(b, op.getLoc(), op.getType(), 0xffff);
    op.replaceAllUsesWith(
        Value(arith::AndIOp::create(b, op.getLoc(), truncation.getIn(), mask)));
    op.erase();
    if (truncation.use_empty())
      truncation.erase();
  });
}

/// Returns whether `op` loads or stores halves of a buffer.
static bool isBufferAccess(Operation *op) {
  auto isBuffer = [](MemRefType type) {
    return !type.getMemorySpace() &&
           getElementTypeOrSelf(type.getElementType()).isF16();
  };
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return isBuffer(load.getMemRefType());
  auto store = dyn_cast<memref::StoreOp>(op);
  return store && isBuffer(store.getMemRefType());
}

/// Returns whether `op` may have halves: it accesses a buffer, or rounds for
/// stores to buffers alone.
static bool staysNarrow(Operation *op) {
  return isBufferAccess(op) ||
         (isa<arith::TruncFOp>(op) &&
          getElementTypeOrSelf(op->getOperand(0).getType()).isF32() &&
          llvm::all_of(op->getUsers(), isBufferAccess));
}

LogicalResult tapml::widenHalves(gpu::GPUFuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  LogicalResult widened = widenKernel(
      kernel, Float32Type::get(context), [](Type type) { return type.isF16(); },
      staysNarrow,
      [&](TypeConverter &types, RewritePatternSet &patterns) {
        patterns.add<WidenArithmetic, WidenMovement>(types, context);
        patterns
            .add<WidenConstant, DropExtension, RoundTruncation, ConvertBits,
                 RoundInteger<arith::SIToFPOp>, RoundInteger<arith::UIToFPOp>>(
                types, context,
                /*benefit=*/2);
      });
  if (succeeded(widened))
    dropShorts(kernel);
  return widened;
}
