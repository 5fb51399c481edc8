//===- ElementaryFunctions.cpp - Functions as arithmetic ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementaryFunctions.h"
#include "Coefficients.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Dialect/TapML/IR/Names.h"
#include <limits>

using namespace mlir;
using namespace tapml;
using arith::CmpFPredicate;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// The largest argument of sin and cos: 2^18 pi/2, rounded down.
static constexpr float kLargestAngle = 411774.0f;
static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

FloatEmitter::FloatEmitter(OpBuilder &builder, Location loc, Type type,
                           bool fma)
    : builder(builder), loc(loc), type(type), fma(fma) {
  intType = builder.getI32Type();
  boolType = builder.getI1Type();
  if (auto vector = dyn_cast<VectorType>(type)) {
    intType = vector.clone(intType);
    boolType = vector.clone(boolType);
  }
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// A constant of `type`, which is the type of `value` or a vector of it.
static Value getConstant(OpBuilder &builder, Location loc, Type type,
                         TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(builder, loc, value);
}

Value FloatEmitter::real(float value) {
  return getConstant(builder, loc, type, builder.getF32FloatAttr(value));
}

Value FloatEmitter::integer(int32_t value) {
  return getConstant(builder, loc, intType, builder.getI32IntegerAttr(value));
}

Value FloatEmitter::boolean(bool value) {
  return getConstant(builder, loc, boolType,
                     builder.getIntegerAttr(builder.getI1Type(), value));
}

Value FloatEmitter::add(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}

Value FloatEmitter::sub(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}

Value FloatEmitter::mul(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}

Value FloatEmitter::div(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b);
}

Value FloatEmitter::mad(Value a, Value b, Value c) {
  if (fma)
    return math::FmaOp::create(builder, loc, a, b, c);
  return add(mul(a, b), c);
}

Value FloatEmitter::neg(Value a) {
  return arith::NegFOp::create(builder, loc, a);
}

Value FloatEmitter::abs(Value a) {
  return math::AbsFOp::create(builder, loc, a);
}

Value FloatEmitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value FloatEmitter::compare(CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}

Value FloatEmitter::bits(Value a) {
  return arith::BitcastOp::create(builder, loc, intType, a);
}

Value FloatEmitter::fromBits(Value a) {
  return arith::BitcastOp::create(builder, loc, type, a);
}

Value FloatEmitter::toFloat(Value a) {
  return arith::SIToFPOp::create(builder, loc, type, a);
}

Value FloatEmitter::toInteger(Value a) {
  auto result = arith::FPToSIOp::create(builder, loc, intType, a);
  result->setAttr(kInRangeAttrName, builder.getUnitAttr());
  return result;
}

Value FloatEmitter::copySign(Value magnitude, Value sign) {
  Value signBit = arith::AndIOp::create(
      builder, loc, bits(sign), integer(std::numeric_limits<int32_t>::min()));
  Value rest =
      arith::AndIOp::create(builder, loc, bits(magnitude),
                            integer(std::numeric_limits<int32_t>::max()));
  return fromBits(arith::OrIOp::create(builder, loc, signBit, rest));
}

Value FloatEmitter::clamp(Value x, float lo, float hi) {
  Value high = real(hi), low = real(lo);
  x = select(compare(CmpFPredicate::OLT, x, high), x, high);
  Value clamped = select(compare(CmpFPredicate::OGT, x, low), x, low);
  setName(clamped, "clamped");
  return clamped;
}

Value FloatEmitter::orNaN(Value x, Value r) {
  return select(compare(CmpFPredicate::UNE, x, x), x, r);
}

Value FloatEmitter::nearest(Value x) {
  Value half = copySign(real(0.5f), x);
  return toInteger(add(x, half));
}

Value FloatEmitter::polynomial(Value x, ArrayRef<float> coefficients) {
  Value result = real(coefficients.back());
  for (float coefficient : llvm::reverse(coefficients.drop_back()))
    result = mad(result, x, real(coefficient));
  return result;
}

Value FloatEmitter::powerOfTwo(Value k) {
  Value biased = arith::AddIOp::create(builder, loc, k, integer(127));
  return fromBits(arith::ShLIOp::create(builder, loc, biased, integer(23)));
}

Value FloatEmitter::scale(Value x, Value k) {
  // Both halves are normal; the first product is exact.
  Value half = arith::ShRSIOp::create(builder, loc, k, integer(1));
  Value rest = arith::SubIOp::create(builder, loc, k, half);
  return mul(mul(x, powerOfTwo(half)), powerOfTwo(rest));
}

//===----------------------------------------------------------------------===//
// Exponentials and logarithms
//===----------------------------------------------------------------------===//

std::pair<Value, Value> FloatEmitter::expParts(Value x) {
  // x = k log(2) + r, |r| <= log(2)/2; k log(2) in two parts, the first exact.
  constexpr float logOfE2 = 0x1.715476p+0f;
  Value k = nearest(mul(x, real(logOfE2)));
  Value kf = toFloat(k);
  Value r = mad(kf, real(-coefficients::logOfTwo[0]), x);
  r = mad(kf, real(-coefficients::logOfTwo[1]), r);
  Value p = mad(mul(r, r), polynomial(r, coefficients::exp), r);
  setName(k, "k");
  setName(kf, "kf");
  setName(r, "r");
  setName(p, "p");
  return {add(p, real(1.0f)), k};
}

Value FloatEmitter::expInRange(Value x) {
  auto [p, k] = expParts(x);
  return mul(p, powerOfTwo(k));
}

Value FloatEmitter::exp(Value x) {
  // Beyond the bounds the result is infinity or zero by itself.
  auto [p, k] = expParts(clamp(x, -104.0f, 89.0f));
  return orNaN(x, scale(p, k));
}

Value FloatEmitter::exp2(Value x) {
  Value clamped = clamp(x, -151.0f, 128.5f);
  Value k = nearest(clamped);
  Value r = sub(clamped, toFloat(k)); // Exact.
  Value p = mad(r, polynomial(r, coefficients::exp2), real(1.0f));
  return orNaN(x, scale(p, k));
}

Value FloatEmitter::log(Value x) {
  // Subnormals are scaled to normal numbers first.
  constexpr float smallestNormal = 0x1p-126f;
  constexpr int32_t rootHalfBits = 0x3f3504f3; // sqrt(1/2)
  Value isTiny = compare(CmpFPredicate::OLT, x, real(smallestNormal));
  Value scaled = select(isTiny, mul(x, real(0x1p24f)), x);
  // x = 2^k m with sqrt(1/2) <= m < sqrt(2), out of the representation.
  Value offset =
      arith::SubIOp::create(builder, loc, bits(scaled), integer(rootHalfBits));
  Value k = arith::ShRSIOp::create(builder, loc, offset, integer(23));
  Value mantissa =
      arith::AndIOp::create(builder, loc, offset, integer(0x7fffff));
  Value m = fromBits(
      arith::AddIOp::create(builder, loc, mantissa, integer(rootHalfBits)));
  k = arith::AddIOp::create(builder, loc, k,
                            select(isTiny, integer(-24), integer(0)));
  Value kf = toFloat(k);
  Value f = sub(m, real(1.0f)); // Exact.
  setName(k, "k");
  setName(kf, "kf");
  setName(m, "m");
  setName(f, "f");
  Value square = mul(f, f);
  Value tail = mul(mul(square, f), polynomial(f, coefficients::log));
  tail = mad(kf, real(coefficients::logOfTwo[1]), tail);
  tail = mad(square, real(-0.5f), tail);
  Value r = add(mul(kf, real(coefficients::logOfTwo[0])), add(f, tail));
  // log(inf) = inf, log(0) = -inf, log(negative) = NaN.
  Value infinity = real(kInfinity);
  r = select(compare(CmpFPredicate::OEQ, x, infinity), infinity, r);
  Value zero = real(0.0f);
  r = select(compare(CmpFPredicate::OEQ, x, zero), real(-kInfinity), r);
  r = select(compare(CmpFPredicate::OLT, x, zero), real(kNaN), r);
  return orNaN(x, r);
}

Value FloatEmitter::pow(Value x, Value y) {
  Value one = real(1.0f), zero = real(0.0f), infinity = real(kInfinity);
  Value magnitude = abs(x), yMagnitude = abs(y);
  Value r = exp(mul(y, log(magnitude)));

  // From 2^24 on every float is an even integer, infinity included.
  Value large = compare(CmpFPredicate::OGE, yMagnitude, real(0x1p24f));
  Value n = toInteger(clamp(y, -0x1p24f, 0x1p24f));
  Value isInteger = arith::OrIOp::create(
      builder, loc, large, compare(CmpFPredicate::OEQ, toFloat(n), y));
  Value isOdd = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ne,
      Value(arith::AndIOp::create(builder, loc, n, integer(1))), integer(0));
  isOdd = arith::AndIOp::create(builder, loc, isOdd, isInteger);
  isOdd = select(large, boolean(false), isOdd);
  r = select(isOdd, copySign(r, x), r);

  // A finite negative number has no power but integer ones.
  Value negative =
      arith::AndIOp::create(builder, loc, compare(CmpFPredicate::OLT, x, zero),
                            compare(CmpFPredicate::OGT, x, real(-kInfinity)));
  Value undefined = arith::AndIOp::create(
      builder, loc, negative,
      Value(arith::XOrIOp::create(builder, loc, isInteger, boolean(true))));
  r = select(undefined, real(kNaN), r);
  // x^0 = 1^y = (-1)^(+-inf) = 1, NaN or not.
  Value unit = arith::AndIOp::create(
      builder, loc, compare(CmpFPredicate::OEQ, magnitude, one),
      compare(CmpFPredicate::OEQ, yMagnitude, infinity));
  unit = arith::OrIOp::create(builder, loc, unit,
                              compare(CmpFPredicate::OEQ, x, one));
  unit = arith::OrIOp::create(builder, loc, unit,
                              compare(CmpFPredicate::OEQ, y, zero));
  return select(unit, one, r);
}

//===----------------------------------------------------------------------===//
// Sigmoid shapes
//===----------------------------------------------------------------------===//

Value FloatEmitter::tanh(Value x) {
  Value a = abs(x);
  Value t = mul(x, x);
  Value small = mad(mul(a, t), polynomial(t, coefficients::tanhSmall), a);
  // 1 - 2 / (exp(2a) + 1), exactly 1 from 9.1 on.
  Value e = expInRange(mul(clamp(a, 0.0f, 9.1f), real(2.0f)));
  Value large = sub(real(1.0f), div(real(2.0f), add(e, real(1.0f))));
  Value isSmall = compare(CmpFPredicate::OLT, a, real(0.625f));
  return orNaN(x, copySign(select(isSmall, small, large), x));
}

Value FloatEmitter::erf(Value x) {
  Value a = abs(x);
  Value t = mul(x, x);
  Value small = mad(a, polynomial(t, coefficients::erfSmall), a);
  // 1 - exp(-a q(a)), exactly 1 from the upper bound on.
  Value bounded = clamp(a, 0.0f, 3.9375f);
  Value q = polynomial(bounded, coefficients::erfLarge);
  Value large = sub(real(1.0f), expInRange(mul(neg(bounded), q)));
  Value isSmall = compare(CmpFPredicate::OLT, a, real(0.9375f));
  return orNaN(x, copySign(select(isSmall, small, large), x));
}

//===----------------------------------------------------------------------===//
// Trigonometry
//===----------------------------------------------------------------------===//

std::pair<Value, Value> FloatEmitter::reduceQuarter(Value x) {
  // Cody and Waite: pi/2 in parts so short that their products with k, up to
  // 2^18, are exact, and so is each difference where it matters.
  constexpr float twoOverPi = 0x1.45f306p-1f;
  Value bounded = clamp(x, -kLargestAngle, kLargestAngle);
  Value k = nearest(mul(bounded, real(twoOverPi)));
  Value kf = toFloat(k);
  Value r = bounded;
  for (float part : coefficients::halfPi)
    r = mad(kf, real(-part), r);
  setName(k, "k");
  setName(kf, "kf");
  setName(r, "r");
  return {r, k};
}

Value FloatEmitter::sine(Value x, int32_t quarters) {
  auto [r, quadrant] = reduceQuarter(x);
  Value k = arith::AddIOp::create(builder, loc, quadrant, integer(quarters));
  Value t = mul(r, r);
  Value sine = mad(mul(r, t), polynomial(t, coefficients::sin), r);
  Value cosine = mad(mul(t, t), polynomial(t, coefficients::cos),
                     mad(t, real(-0.5f), real(1.0f)));
  auto hasBit = [&](int32_t bit) -> Value {
    Value masked = arith::AndIOp::create(builder, loc, k, integer(bit));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked,
                                 integer(0));
  };
  Value result = select(hasBit(1), cosine, sine);
  result = select(hasBit(2), neg(result), result);
  // Rather no value than a wrong one.
  Value isInRange = compare(CmpFPredicate::OLE, abs(x), real(kLargestAngle));
  return select(isInRange, result, real(kNaN));
}

Value FloatEmitter::sin(Value x) {
  // -0 stays -0.
  return select(compare(CmpFPredicate::OEQ, x, real(0.0f)), x, sine(x, 0));
}

Value FloatEmitter::cos(Value x) { return sine(x, 1); }

//===----------------------------------------------------------------------===//
// Algebraic functions
//===----------------------------------------------------------------------===//

Value FloatEmitter::rsqrt(Value x) {
  return div(real(1.0f), math::SqrtOp::create(builder, loc, x));
}

Value FloatEmitter::trunc(Value x) {
  // Through floor, which every language has; -0 and the sign are kept.
  return copySign(math::FloorOp::create(builder, loc, abs(x)), x);
}
