//===- ElementwiseDecomposition.cpp - Scalars of elementwise operators ----===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecompositionUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

//===----------------------------------------------------------------------===//
// Functions of one number
//===----------------------------------------------------------------------===//

Value TanhOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::TanhOp::create(b, loc, elements[0]);
}

Value ExpOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::ExpOp::create(b, loc, elements[0]);
}

Value LogOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::LogOp::create(b, loc, elements[0]);
}

Value SqrtOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::SqrtOp::create(b, loc, elements[0]);
}

/// Returns 1 / x.
static Value createReciprocal(OpBuilder &b, Location loc, Value x) {
  Value one = createScalar(b, loc, x.getType(), 1.0);
  return arith::DivFOp::create(b, loc, one, x);
}

Value RsqrtOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return createReciprocal(b, loc, math::SqrtOp::create(b, loc, elements[0]));
}

Value SinOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::SinOp::create(b, loc, elements[0]);
}

Value CosOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::CosOp::create(b, loc, elements[0]);
}

Value ErfOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return math::ErfOp::create(b, loc, elements[0]);
}

/// Returns 1 + exp(-x).
static Value createLogisticDivisor(OpBuilder &b, Location loc, Value x) {
  Value one = createScalar(b, loc, x.getType(), 1.0);
  Value negated = arith::NegFOp::create(b, loc, x);
  Value power = math::ExpOp::create(b, loc, negated);
  return arith::AddFOp::create(b, loc, one, power);
}

Value SigmoidOp::computeScalar(OpBuilder &b, Location loc,
                               ValueRange elements) {
  return createReciprocal(b, loc, createLogisticDivisor(b, loc, elements[0]));
}

Value SiluOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return arith::DivFOp::create(b, loc, elements[0],
                               createLogisticDivisor(b, loc, elements[0]));
}

Value GeluOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  Value x = elements[0];
  Type type = x.getType();
  auto multiply = [&](Value lhs, Value rhs) -> Value {
    return arith::MulFOp::create(b, loc, lhs, rhs);
  };
  auto scale = [&](Value value, double factor) {
    return multiply(value, createScalar(b, loc, type, factor));
  };
  Value bounded;
  if (getApproximate() == "tanh") {
    Value cube = multiply(multiply(x, x), x);
    Value sum = arith::AddFOp::create(b, loc, x, scale(cube, 0.044715));
    double factor = llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi;
    bounded = math::TanhOp::create(b, loc, scale(sum, factor));
  } else {
    double factor = 1.0 / llvm::numbers::sqrt2;
    bounded = math::ErfOp::create(b, loc, scale(x, factor));
  }
  Value one = createScalar(b, loc, type, 1.0);
  return multiply(scale(x, 0.5), arith::AddFOp::create(b, loc, one, bounded));
}

Value ReluOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  Value zero = createScalar(b, loc, elements[0].getType(), 0.0);
  return createMaximum(b, loc, elements[0], zero);
}

Value NegOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  Value x = elements[0];
  if (isFloat(x))
    return arith::NegFOp::create(b, loc, x);
  Value zero = createScalar(b, loc, x.getType(), 0.0);
  return arith::SubIOp::create(b, loc, zero, x);
}

Value AbsOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  if (isFloat(elements[0]))
    return math::AbsFOp::create(b, loc, elements[0]);
  Value zero = createScalar(b, loc, elements[0].getType(), 0.0);
  Value negated = arith::SubIOp::create(b, loc, zero, elements[0]);
  return arith::MaxSIOp::create(b, loc, elements[0], negated);
}

Value LogicalNotOp::computeScalar(OpBuilder &b, Location loc,
                                  ValueRange elements) {
  Value yes = createScalar(b, loc, elements[0].getType(), 1.0);
  return arith::XOrIOp::create(b, loc, elements[0], yes);
}

//===----------------------------------------------------------------------===//
// Functions of two numbers
//===----------------------------------------------------------------------===//

Value AddOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return createAdd(b, loc, elements[0], elements[1]);
}

Value SubOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  if (isFloat(elements[0]))
    return arith::SubFOp::create(b, loc, elements[0], elements[1]);
  return arith::SubIOp::create(b, loc, elements[0], elements[1]);
}

/// Returns lhs * rhs.
static Value createProduct(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::MulFOp::create(b, loc, lhs, rhs);
  return arith::MulIOp::create(b, loc, lhs, rhs);
}

Value MulOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return createProduct(b, loc, elements[0], elements[1]);
}

Value DivOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return arith::DivFOp::create(b, loc, elements[0], elements[1]);
}

/// Returns base^exponent for exponents that PyTorch computes exactly, else
/// null.
static Value createExactPower(OpBuilder &b, Location loc, Value base,
                              double exponent) {
  if (exponent == 0.5)
    return math::SqrtOp::create(b, loc, base);
  if (exponent == -0.5)
    return createReciprocal(b, loc, math::SqrtOp::create(b, loc, base));
  if (exponent == 1.0)
    return base;
  if (exponent == -1.0)
    return createReciprocal(b, loc, base);
  if (exponent != 2.0 && exponent != -2.0 && exponent != 3.0)
    return nullptr;
  Value square = createProduct(b, loc, base, base);
  if (exponent == 2.0)
    return square;
  return exponent == 3.0 ? createProduct(b, loc, square, base)
                         : createReciprocal(b, loc, square);
}

/// Returns base^exponent by squaring.
static Value createIntegerPower(OpBuilder &b, Location loc, Value base,
                                uint64_t exponent) {
  Value result;
  for (Value power = base; exponent != 0; exponent >>= 1) {
    if (exponent & 1)
      result = result ? createProduct(b, loc, result, power) : power;
    if (exponent > 1)
      power = createProduct(b, loc, power, power);
  }
  return result ? result : createScalar(b, loc, base.getType(), 1.0);
}

Value PowOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  Value base = elements[0];
  APFloat floatExponent(0.0);
  APInt exponent;
  if (!isFloat(base)) {
    if (matchPattern(elements[1], m_ConstantInt(&exponent)) &&
        !exponent.isNegative())
      return createIntegerPower(b, loc, base, exponent.getZExtValue());
    return math::IPowIOp::create(b, loc, base, elements[1]);
  }
  if (matchPattern(elements[1], m_ConstantFloat(&floatExponent)))
    if (Value power =
            createExactPower(b, loc, base, floatExponent.convertToDouble()))
      return power;
  return math::PowFOp::create(b, loc, base, elements[1]);
}

Value MaximumOp::computeScalar(OpBuilder &b, Location loc,
                               ValueRange elements) {
  return createMaximum(b, loc, elements[0], elements[1]);
}

Value MinimumOp::computeScalar(OpBuilder &b, Location loc,
                               ValueRange elements) {
  if (isFloat(elements[0]))
    return arith::MinimumFOp::create(b, loc, elements[0], elements[1]);
  return arith::MinSIOp::create(b, loc, elements[0], elements[1]);
}

Value BitwiseAndOp::computeScalar(OpBuilder &b, Location loc,
                                  ValueRange elements) {
  return arith::AndIOp::create(b, loc, elements[0], elements[1]);
}

Value BitwiseOrOp::computeScalar(OpBuilder &b, Location loc,
                                 ValueRange elements) {
  return arith::OrIOp::create(b, loc, elements[0], elements[1]);
}

//===----------------------------------------------------------------------===//
// Comparisons and choice
//===----------------------------------------------------------------------===//

/// Compares with the predicate for the elements' type; booleans are 0 and 1.
static Value compare(OpBuilder &b, Location loc, ValueRange elements,
                     arith::CmpFPredicate floats, arith::CmpIPredicate integers,
                     arith::CmpIPredicate booleans) {
  if (isFloat(elements[0]))
    return arith::CmpFOp::create(b, loc, floats, elements[0], elements[1]);
  bool isBoolean = elements[0].getType().isInteger(1);
  return arith::CmpIOp::create(b, loc, isBoolean ? booleans : integers,
                               elements[0], elements[1]);
}

Value EqOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::OEQ,
                 arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}

Value NeOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::UNE,
                 arith::CmpIPredicate::ne, arith::CmpIPredicate::ne);
}

Value LtOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::OLT,
                 arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}

Value LeOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::OLE,
                 arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}

Value GtOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::OGT,
                 arith::CmpIPredicate::sgt, arith::CmpIPredicate::ugt);
}

Value GeOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return compare(b, loc, elements, arith::CmpFPredicate::OGE,
                 arith::CmpIPredicate::sge, arith::CmpIPredicate::uge);
}

Value WhereOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  return arith::SelectOp::create(b, loc, elements[0], elements[1], elements[2]);
}

/// Returns the nearest integer of the type towards zero; zero for NaN.
static Value createSaturatingTruncation(OpBuilder &b, Location loc, Value x,
                                        Type type) {
  auto floatType = cast<FloatType>(x.getType());
  unsigned bits = type.getIntOrFloatBitWidth();
  // The bounds of the type as floats: the lower one is exact; the upper one is
  // the first number beyond, and the conversion sees the last one before it.
  APFloat lower(floatType.getFloatSemantics());
  lower.convertFromAPInt(APInt::getSignedMinValue(bits), /*IsSigned=*/true,
                         APFloat::rmNearestTiesToEven);
  APFloat beyond = neg(lower), last = beyond;
  last.next(/*nextDown=*/true);
  auto constant = [&](const APFloat &value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(floatType, value));
  };
  Value clamped = arith::MaximumFOp::create(b, loc, x, constant(lower));
  clamped = arith::MinimumFOp::create(b, loc, clamped, constant(last));
  Value isNaN = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  clamped = arith::SelectOp::create(
      b, loc, isNaN, createScalar(b, loc, floatType, 0.0), clamped);
  Value integer = arith::FPToSIOp::create(b, loc, type, clamped);
  Value isBeyond = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, x,
                                         constant(beyond));
  Value largest = arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(type, APInt::getSignedMaxValue(bits)));
  return arith::SelectOp::create(b, loc, isBeyond, largest, integer);
}

Value CastOp::computeScalar(OpBuilder &b, Location loc, ValueRange elements) {
  Value x = elements[0];
  Type from = x.getType();
  Type to = getResult().getType().getElementType();
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    Value zero = createScalar(b, loc, from, 0.0);
    if (isFloat(x))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, zero);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, zero);
  }
  unsigned fromBits = from.getIntOrFloatBitWidth();
  unsigned toBits = to.getIntOrFloatBitWidth();
  if (isa<FloatType>(from) && isa<FloatType>(to))
    return convertFloat(b, loc, x, to);
  if (isa<FloatType>(from))
    return createSaturatingTruncation(b, loc, x, to);
  if (isa<FloatType>(to)) {
    if (from.isInteger(1))
      return arith::UIToFPOp::create(b, loc, to, x);
    return arith::SIToFPOp::create(b, loc, to, x);
  }
  if (from.isInteger(1))
    return arith::ExtUIOp::create(b, loc, to, x);
  if (fromBits < toBits)
    return arith::ExtSIOp::create(b, loc, to, x);
  return arith::TruncIOp::create(b, loc, to, x);
}
