//===- Choice.cpp - Comparisons, choices and casts in float64 -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where errors of the operands leave open which way a comparison goes, its
// result may be either: it has a bound of 1.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseUtils.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

/// Compares elements of one type.
template <typename T, typename Compare>
static LogicalResult comparePairs(Evaluation &e, const Estimate &x,
                                  const Estimate &y, ArrayRef<T> xs,
                                  ArrayRef<T> ys, Compare compare) {
  return forEachPair<IntegerResult>(
      e, x, y, [&](IntegerResult &result, int64_t i, int64_t xi, int64_t yi) {
        T a = xs[xi], b = ys[yi];
        double distance =
            std::fabs(static_cast<double>(a) - static_cast<double>(b));
        auto isOpen = [&](double ea, double eb) {
          // Elements without errors, infinities among them, are certain.
          bool isCertain = (ea == 0.0 && eb == 0.0) || distance > ea + eb;
          return isCertain ? 0.0 : 1.0;
        };
        result.set(i, compare(a, b),
                   forEachBound(isOpen, x.getBound(xi), y.getBound(yi)));
      });
}

template <typename Compare>
static LogicalResult evaluateComparison(Evaluation &e, Compare compare) {
  Estimate x = e.read(e.getOperation()->getOperand(0));
  Estimate y = e.read(e.getOperation()->getOperand(1));
  if (x.isFloat())
    return comparePairs(e, x, y, x.getFloats(), y.getFloats(), compare);
  return comparePairs(e, x, y, x.getIntegers(), y.getIntegers(), compare);
}

LogicalResult EqOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x == y; });
}

LogicalResult NeOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x != y; });
}

LogicalResult LtOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x < y; });
}

LogicalResult LeOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x <= y; });
}

LogicalResult GtOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x > y; });
}

LogicalResult GeOp::evaluate(Evaluation &e) {
  return evaluateComparison(e, [](auto x, auto y) { return x >= y; });
}

//===----------------------------------------------------------------------===//
// WhereOp
//===----------------------------------------------------------------------===//

/// Chooses between elements of one type.
template <typename Result, typename T>
static LogicalResult choose(Evaluation &e, const Estimate &condition,
                            const Estimate &a, const Estimate &b,
                            ArrayRef<T> as, ArrayRef<T> bs) {
  FailureOr<Shape> shape = broadcastShapes(e, e.getOperation()->getOperands());
  if (failed(shape))
    return failure();
  Result result(e, *shape);
  ArrayRef<int64_t> conditions = condition.getIntegers();
  forEachElement<3>(
      *shape,
      {getBroadcastStrides(condition.getShape(), *shape),
       getBroadcastStrides(a.getShape(), *shape),
       getBroadcastStrides(b.getShape(), *shape)},
      [&](int64_t i, const std::array<int64_t, 3> &at) {
        bool isFirst = conditions[at[0]] != 0;
        T chosen = isFirst ? as[at[1]] : bs[at[2]];
        T other = isFirst ? bs[at[2]] : as[at[1]];
        ErrorBound error = isFirst ? a.getBound(at[1]) : b.getBound(at[2]);
        ErrorBound otherError = isFirst ? b.getBound(at[2]) : a.getBound(at[1]);
        double distance =
            std::fabs(static_cast<double>(chosen) - static_cast<double>(other));
        // Where the condition is open, the result may be either.
        error = forEachBound(
            [&](double open, double own, double others) {
              return open == 0.0 ? own : std::max(distance + others, own);
            },
            condition.getBound(at[0]), error, otherError);
        result.set(i, chosen, error);
      });
  result.finish();
  return success();
}

LogicalResult WhereOp::evaluate(Evaluation &e) {
  const Estimate &condition = e[getCond()], &a = e[getA()], &b = e[getB()];
  if (a.isFloat())
    return choose<MovedResult>(e, condition, a, b, a.getFloats(),
                               b.getFloats());
  return choose<IntegerResult>(e, condition, a, b, a.getIntegers(),
                               b.getIntegers());
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

/// Returns the nearest integer of `bits` bits to trunc(x); zero for NaN.
static int64_t saturate(double x, unsigned bits) {
  if (std::isnan(x))
    return 0;
  double beyond = std::ldexp(1.0, bits - 1);
  if (x >= beyond)
    return bits == 64 ? INT64_MAX : INT32_MAX;
  if (x < -beyond)
    return bits == 64 ? INT64_MIN : INT32_MIN;
  return static_cast<int64_t>(x);
}

/// From floats to integers.
static LogicalResult castToIntegers(Evaluation &e, const Estimate &x) {
  unsigned bits = e.getResultType().getElementTypeBitWidth();
  IntegerResult result(e, x.getShape());
  ArrayRef<double> elements = x.getFloats();
  bool saturates = e.getArithmetic().saturatesCasts;
  double beyond = std::ldexp(1.0, bits - 1);
  for (auto [i, element] : llvm::enumerate(elements)) {
    double value = element;
    bool isHeld = value < beyond && value >= -beyond;
    int64_t integer = saturate(value, bits);
    auto carry = [&](double error) {
      if (!saturates && !isHeld)
        return kInfinity;
      if (error == 0.0)
        return 0.0;
      // The integers of the ends of the interval.
      double up = static_cast<double>(saturate(value + error, bits)) -
                  static_cast<double>(integer);
      double down = static_cast<double>(integer) -
                    static_cast<double>(saturate(value - error, bits));
      return error < kInfinity ? std::max(up, down) : kInfinity;
    };
    result.set(i, integer, forEachBound(carry, x.getBound(i)));
  }
  result.finish();
  return success();
}

/// From anything to booleans.
template <typename T>
static LogicalResult castToBooleans(Evaluation &e, const Estimate &x,
                                    ArrayRef<T> elements) {
  IntegerResult result(e, x.getShape());
  for (auto [i, element] : llvm::enumerate(elements)) {
    double magnitude = std::fabs(static_cast<double>(element));
    result.set(i, element != 0,
               forEachBound(
                   [&](double error) {
                     return error == 0.0 || magnitude > error ? 0.0 : 1.0;
                   },
                   x.getBound(i)));
  }
  result.finish();
  return success();
}

/// From integers and booleans to floats: rounded where the float has too few
/// digits.
static LogicalResult castToFloats(Evaluation &e, const Estimate &x) {
  const Arithmetic &a = e.getArithmetic();
  MovedResult result(e, x.getShape());
  for (auto [i, element] : llvm::enumerate(x.getIntegers())) {
    double value = static_cast<double>(element);
    double rounding =
        std::fabs(value) < 0x1p24
            ? 0.0
            : a.round(std::fabs(value)) + 0x1p-52 * std::fabs(value);
    result.set(i, value,
               forEachBound([&](double error) { return error + rounding; },
                            x.getBound(i)));
  }
  result.finish();
  return success();
}

LogicalResult CastOp::evaluate(Evaluation &e) {
  Estimate x = e.read(getX());
  Type type = e.getResultType().getElementType();
  if (type == x.getElementType()) {
    e.addResult(e[getX()]);
    return success();
  }
  if (type.isInteger(1))
    return x.isFloat() ? castToBooleans(e, x, x.getFloats())
                       : castToBooleans(e, x, x.getIntegers());
  if (isa<FloatType>(type) && x.isFloat())
    return moveFloats(
        e, getX(), [](double value) { return value; },
        [](double value, double error) { return error; });
  if (isa<FloatType>(type))
    return castToFloats(e, x);
  if (x.isFloat())
    return castToIntegers(e, x);
  return mapIntegers(
      e, getX(), [](int64_t value) { return value; },
      [](int64_t value, double error) { return error; });
}
