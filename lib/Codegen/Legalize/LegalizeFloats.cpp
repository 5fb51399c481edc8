//===- LegalizeFloats.cpp - Operations on floats that shaders lack --------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shading languages do not say what their built-in minimum, maximum and
// conversion do with NaN, or may assume that there is none. What the IR says is
// spelled out with comparisons that are right for numbers, and with integer
// arithmetic on the bits where NaN is asked for.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "tapml/Codegen/Legalize.h"
#include <cmath>

using namespace mlir;
using namespace tapml;

/// Returns `element` in the shape of `like`.
static Type getTypeLike(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(vector.clone(element)) : element;
}

static Value createConstant(OpBuilder &b, Location loc, Type type,
                            Attribute value) {
  auto vector = dyn_cast<VectorType>(type);
  return arith::ConstantOp::create(
      b, loc,
      vector ? cast<TypedAttr>(Attribute(DenseElementsAttr::get(vector, value)))
             : cast<TypedAttr>(value));
}

static Value createFloat(OpBuilder &b, Location loc, Type type, double value) {
  return createConstant(b, loc, type,
                        b.getFloatAttr(getElementTypeOrSelf(type), value));
}

static Value createInteger(OpBuilder &b, Location loc, Type type,
                           int64_t value) {
  return createConstant(b, loc, type,
                        b.getIntegerAttr(getElementTypeOrSelf(type), value));
}

/// Returns `value` as a 32-bit float, which holds halves exactly.
static Value toSingle(OpBuilder &b, Value value) {
  Type type = getTypeLike(value.getType(), b.getF32Type());
  if (value.getType() == type)
    return value;
  return arith::ExtFOp::create(b, value.getLoc(), type, value);
}

/// Returns the bits of `value` without its sign.
static Value getMagnitudeBits(OpBuilder &b, Value value) {
  Location loc = value.getLoc();
  value = toSingle(b, value);
  Type type = getTypeLike(value.getType(), b.getI32Type());
  Value bits = arith::BitcastOp::create(b, loc, type, value);
  return arith::AndIOp::create(b, loc, bits,
                               createInteger(b, loc, type, 0x7fffffff));
}

static Value createIsNaN(OpBuilder &b, Value value) {
  Value bits = getMagnitudeBits(b, value);
  return arith::CmpIOp::create(
      b, value.getLoc(), arith::CmpIPredicate::ugt, bits,
      createInteger(b, value.getLoc(), bits.getType(), 0x7f800000));
}

static Value createNot(OpBuilder &b, Value value) {
  return arith::XOrIOp::create(
      b, value.getLoc(), value,
      createInteger(b, value.getLoc(), value.getType(), 1));
}

static bool isSupported(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF32() || element.isF16();
}

//===----------------------------------------------------------------------===//
// Minimum and maximum
//===----------------------------------------------------------------------===//

namespace {
/// `maximumf` gives NaN where either operand is NaN, `maxnumf` the other
/// operand.
template <typename OpTy, arith::CmpFPredicate predicate, bool propagates>
struct ExpandMinMax final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!isSupported(op.getType()))
      return failure();
    Location loc = op.getLoc();
    Value lhs = op.getLhs(), rhs = op.getRhs();
    // Gives `rhs` where either is NaN.
    Value wins = arith::CmpFOp::create(rewriter, loc, predicate, lhs, rhs);
    Value number = arith::SelectOp::create(rewriter, loc, wins, lhs, rhs);
    Value decides = propagates ? lhs : rhs;
    // Constants are numbers.
    FloatAttr constant;
    if (matchPattern(decides, m_Constant(&constant)) &&
        !constant.getValue().isNaN()) {
      rewriter.replaceOp(op, number);
      return success();
    }
    rewriter.replaceOpWithNewOp<arith::SelectOp>(
        op, createIsNaN(rewriter, decides), lhs, number);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

/// Leaves comparisons that are false where an operand is NaN.
struct ExpandCompare final : OpRewritePattern<arith::CmpFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpFOp op,
                                PatternRewriter &rewriter) const override {
    using Predicate = arith::CmpFPredicate;
    if (!isSupported(op.getLhs().getType()))
      return failure();
    Location loc = op.getLoc();
    Value lhs = op.getLhs(), rhs = op.getRhs();
    auto compare = [&](Predicate predicate) -> Value {
      return arith::CmpFOp::create(rewriter, loc, predicate, lhs, rhs);
    };
    auto anyNaN = [&]() -> Value {
      Value left = createIsNaN(rewriter, lhs);
      if (lhs == rhs)
        return left;
      return arith::OrIOp::create(rewriter, loc, left,
                                  createIsNaN(rewriter, rhs));
    };
    auto differs = [&]() -> Value {
      return arith::OrIOp::create(rewriter, loc, compare(Predicate::OLT),
                                  compare(Predicate::OGT));
    };
    auto replace = [&](Value value) {
      rewriter.replaceOp(op, value);
      return success();
    };
    switch (op.getPredicate()) {
    case Predicate::AlwaysFalse:
    case Predicate::AlwaysTrue:
      return replace(createInteger(rewriter, loc, op.getType(),
                                   op.getPredicate() == Predicate::AlwaysTrue));
    case Predicate::ONE:
      return replace(differs());
    case Predicate::UEQ:
      return replace(createNot(rewriter, differs()));
    case Predicate::UGT:
      return replace(createNot(rewriter, compare(Predicate::OLE)));
    case Predicate::UGE:
      return replace(createNot(rewriter, compare(Predicate::OLT)));
    case Predicate::ULT:
      return replace(createNot(rewriter, compare(Predicate::OGE)));
    case Predicate::ULE:
      return replace(createNot(rewriter, compare(Predicate::OGT)));
    case Predicate::UNO:
      return replace(anyNaN());
    case Predicate::ORD:
      return replace(createNot(rewriter, anyNaN()));
    case Predicate::UNE:
      // A value differs from itself if it is NaN.
      if (lhs == rhs)
        return replace(anyNaN());
      // What `!=` says of NaN differs between WGSL's compilers: naga's is
      // false.
      return replace(createNot(rewriter, compare(Predicate::OEQ)));
    default:
      return failure();
    }
  }
};

/// Computes what WGSL refuses of a constant, even where it never runs: the root
/// of one below zero, and one that is too large for a narrower type.
template <typename OpTy> struct FoldConstant final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Attribute constant;
    auto type = dyn_cast<FloatType>(getElementTypeOrSelf(op.getType()));
    if (!type || type.getWidth() > 32 ||
        !matchPattern(op->getOperand(0), m_Constant(&constant)))
      return failure();
    // A root in 64 bits is rounded to fewer as if it were exact.
    auto compute = [&](APFloat value) {
      bool isInexact;
      if (std::is_same_v<OpTy, math::SqrtOp>) {
        value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                      &isInexact);
        value = APFloat(std::sqrt(value.convertToDouble()));
      }
      value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &isInexact);
      return value;
    };
    TypedAttr result;
    if (auto number = dyn_cast<FloatAttr>(constant))
      result = FloatAttr::get(type, compute(number.getValue()));
    else if (auto elements = dyn_cast<DenseFPElementsAttr>(constant))
      result = elements.mapValues(type, [&](const APFloat &value) {
        return compute(value).bitcastToAPInt();
      });
    if (!result)
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, result);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// Saturates, and gives zero for NaN.
template <typename OpTy, bool isSigned>
struct ExpandToInteger final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    unsigned bits = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    if (!isSupported(op.getIn().getType()) || bits == 1 || bits > 32 ||
        op->hasAttr(kInRangeAttrName))
      return failure();
    Location loc = op.getLoc();
    Value value = toSingle(rewriter, op.getIn());
    Type floatType = value.getType();
    unsigned magnitude = isSigned ? bits - 1 : bits;
    // The limits are powers of two; the largest integer of 32 bits is no float.
    double above = std::ldexp(1.0, magnitude);
    double lowest = isSigned ? -above : 0.0;
    Value limit = createFloat(rewriter, loc, floatType, above);
    Value isSmall = arith::CmpFOp::create(
        rewriter, loc, arith::CmpFPredicate::OLT, value, limit);
    Value isLarge = arith::CmpFOp::create(
        rewriter, loc, arith::CmpFPredicate::OGE, value, limit);
    Value floor = createFloat(rewriter, loc, floatType, lowest);
    Value isAboveFloor = arith::CmpFOp::create(
        rewriter, loc, arith::CmpFPredicate::OGT, value, floor);
    Value inRange = arith::AndIOp::create(rewriter, loc, isSmall, isAboveFloor);
    Value safe =
        arith::SelectOp::create(rewriter, loc, inRange, value,
                                createFloat(rewriter, loc, floatType, 0.0));
    auto converted = OpTy::create(rewriter, loc, type, safe);
    converted->setAttr(kInRangeAttrName, rewriter.getUnitAttr());
    auto integer = [&](const APInt &value) {
      return createConstant(
          rewriter, loc, type,
          rewriter.getIntegerAttr(getElementTypeOrSelf(type), value));
    };
    Value result = arith::SelectOp::create(
        rewriter, loc, isLarge,
        integer(isSigned ? APInt::getSignedMaxValue(bits)
                         : APInt::getMaxValue(bits)),
        converted);
    if (isSigned) {
      Value isLow = arith::CmpFOp::create(
          rewriter, loc, arith::CmpFPredicate::OLE, value, floor);
      result = arith::SelectOp::create(rewriter, loc, isLow,
                                       integer(APInt::getSignedMinValue(bits)),
                                       result);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A truncation to a boolean keeps the lowest bit.
struct ExpandToBoolean final : OpRewritePattern<arith::TruncIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncIOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isInteger(1))
      return failure();
    Location loc = op.getLoc();
    Type type = op.getIn().getType();
    Value bit = arith::AndIOp::create(rewriter, loc, op.getIn(),
                                      createInteger(rewriter, loc, type, 1));
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(
        op, arith::CmpIPredicate::ne, bit,
        createInteger(rewriter, loc, type, 0));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// The magnitude of one value with the sign of another.
struct ExpandCopySign final : OpRewritePattern<math::CopySignOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::CopySignOp op,
                                PatternRewriter &rewriter) const override {
    if (!isSupported(op.getType()))
      return failure();
    Location loc = op.getLoc();
    Value magnitude = getMagnitudeBits(rewriter, op.getLhs());
    Value from = toSingle(rewriter, op.getRhs());
    Type type = magnitude.getType();
    Value bits = arith::BitcastOp::create(rewriter, loc, type, from);
    Value sign = arith::AndIOp::create(
        rewriter, loc, bits,
        createInteger(rewriter, loc, type, int32_t(0x80000000)));
    Value result = arith::BitcastOp::create(
        rewriter, loc, from.getType(),
        arith::OrIOp::create(rewriter, loc, magnitude, sign));
    if (result.getType() != op.getType())
      result = arith::TruncFOp::create(rewriter, loc, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Rounds half away from zero. The fraction of a float is exact.
struct ExpandRound final : OpRewritePattern<math::RoundOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::RoundOp op,
                                PatternRewriter &rewriter) const override {
    if (!isSupported(op.getType()))
      return failure();
    Location loc = op.getLoc();
    Value value = op.getOperand();
    Type type = op.getType();
    Value magnitude = math::AbsFOp::create(rewriter, loc, value);
    Value whole = math::FloorOp::create(rewriter, loc, magnitude);
    Value fraction = arith::SubFOp::create(rewriter, loc, magnitude, whole);
    Value up =
        arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OGE,
                              fraction, createFloat(rewriter, loc, type, 0.5));
    Value next = arith::AddFOp::create(rewriter, loc, whole,
                                       createFloat(rewriter, loc, type, 1.0));
    Value rounded = arith::SelectOp::create(rewriter, loc, up, next, whole);
    Value isNegative =
        arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OLT, value,
                              createFloat(rewriter, loc, type, 0.0));
    rewriter.replaceOpWithNewOp<arith::SelectOp>(
        op, isNegative, arith::NegFOp::create(rewriter, loc, rounded), rounded);
    return success();
  }
};
} // namespace

void tapml::populateLegalizeFloatsPatterns(RewritePatternSet &patterns) {
  using Predicate = arith::CmpFPredicate;
  patterns.add<ExpandMinMax<arith::MaximumFOp, Predicate::OGT, true>,
               ExpandMinMax<arith::MinimumFOp, Predicate::OLT, true>,
               ExpandMinMax<arith::MaxNumFOp, Predicate::OGT, false>,
               ExpandMinMax<arith::MinNumFOp, Predicate::OLT, false>,
               ExpandCompare, ExpandToInteger<arith::FPToSIOp, true>,
               ExpandToInteger<arith::FPToUIOp, false>, ExpandToBoolean,
               ExpandCopySign, ExpandRound, FoldConstant<math::SqrtOp>,
               FoldConstant<arith::TruncFOp>>(patterns.getContext());
}
