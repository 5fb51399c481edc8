//===- Binary.cpp - Functions of two numbers in float64 -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementwiseUtils.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

LogicalResult AddOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  auto sum = [](auto x, double ex, auto y, double ey) { return ex + ey; };
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(e, wrappingAdd, sum);
  return mapFloatPairs(
      e, [](double x, double y) { return x + y; }, sum,
      [&](double x, double y, double z, double c) {
        return a.round(std::fabs(z) + c);
      });
}

LogicalResult SubOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  auto sum = [](auto x, double ex, auto y, double ey) { return ex + ey; };
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(e, wrappingSub, sum);
  return mapFloatPairs(
      e, [](double x, double y) { return x - y; }, sum,
      [&](double x, double y, double z, double c) {
        return a.round(std::fabs(z) + c);
      });
}

LogicalResult MulOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(e, wrappingMul,
                           [](int64_t x, double ex, int64_t y, double ey) {
                             return carryProduct(x, ex, y, ey);
                           });
  return mapFloatPairs(
      e, [](double x, double y) { return x * y; }, carryProduct,
      [&](double x, double y, double z, double c) {
        return a.round(std::fabs(z) + c);
      });
}

/// Returns how far x / y moves from z = x / y.
static double carryQuotient(double x, double ex, double y, double ey,
                            double z) {
  if (ey == 0.0)
    return ex / std::fabs(y);
  if (!(ey < std::fabs(y)))
    return kInfinity;
  return (ex + std::fabs(z) * ey) / (std::fabs(y) - ey);
}

/// Returns the error of the division z = x / y.
static double roundQuotient(const Arithmetic &a, double y, double z, double c) {
  bool isLimited = a.limitsDivisors &&
                   !(std::fabs(y) >= 0x1p-126 && std::fabs(y) <= 0x1p126);
  return isLimited ? kInfinity : a.round(std::fabs(z) + c, a.division);
}

LogicalResult DivOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloatPairs(
      e, [](double x, double y) { return x / y; },
      [](double x, double ex, double y, double ey) {
        return carryQuotient(x, ex, y, ey, x / y);
      },
      [&](double x, double y, double z, double c) {
        return roundQuotient(a, y, z, c);
      });
}

LogicalResult MaximumOp::evaluate(Evaluation &e) {
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(
        e, [](int64_t x, int64_t y) { return std::max(x, y); }, carryMaximum);
  return moveFloatPairs(
      e,
      [](double x, double y) {
        return std::isnan(x) || x > y ? x
                                      : (std::isnan(y) ? y : std::max(x, y));
      },
      carryMaximum);
}

LogicalResult MinimumOp::evaluate(Evaluation &e) {
  auto carryMinimum = [](double x, double ex, double y, double ey) {
    return carryMaximum(-x, ex, -y, ey);
  };
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(
        e, [](int64_t x, int64_t y) { return std::min(x, y); }, carryMinimum);
  return moveFloatPairs(
      e,
      [](double x, double y) {
        return std::isnan(x) || x < y ? x
                                      : (std::isnan(y) ? y : std::min(x, y));
      },
      carryMinimum);
}

/// Bitwise operations: an element that is not certain may become anything.
static double carryBits(int64_t x, double ex, int64_t y, double ey) {
  return ex != 0.0 || ey != 0.0 ? kInfinity : 0.0;
}

LogicalResult BitwiseAndOp::evaluate(Evaluation &e) {
  return mapIntegerPairs(
      e, [](int64_t x, int64_t y) { return x & y; }, carryBits);
}

LogicalResult BitwiseOrOp::evaluate(Evaluation &e) {
  return mapIntegerPairs(
      e, [](int64_t x, int64_t y) { return x | y; }, carryBits);
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

/// Returns x^y, where integers wrap and negative powers are 1 / x^-y, towards
/// zero.
static int64_t getIntegerPower(int64_t x, int64_t y) {
  if (y < 0) {
    if (x == 1 || x == -1)
      return x == 1 || y % 2 == 0 ? 1 : -1;
    return 0;
  }
  int64_t result = 1;
  for (; y != 0; y >>= 1) {
    if (y & 1)
      result = wrappingMul(result, x);
    x = wrappingMul(x, x);
  }
  return result;
}

/// Returns how far x^y moves from z = x^y.
static double carryPower(double x, double ex, double y, double ey, double z) {
  double base = std::fabs(x);
  if (ey == 0.0 && y == 2.0)
    return 2 * base * ex + ex * ex;
  if (ey == 0.0 && y == 3.0)
    return 3 * base * base * ex + 3 * base * ex * ex + ex * ex * ex;
  if (ey == 0.0 && (y == 1.0 || ex == 0.0))
    return ex;
  // In logarithms, which needs a base that keeps its sign.
  if (!(ex < base) || (x < 0 && ey != 0.0))
    return kInfinity;
  double logError = -std::log1p(-ex / base);
  double error =
      std::fabs(y) * logError + std::fabs(std::log(base)) * ey + logError * ey;
  return std::fabs(z) * std::expm1(error);
}

/// Returns the error of x^y = z where the operator's exponent is the constant
/// y: products, roots and quotients.
static std::optional<double> roundExactPower(const Arithmetic &a, double x,
                                             double y, double magnitude) {
  auto quotient = [&](double divisor, double divisorError) {
    return magnitude * divisorError / (divisor - divisorError) +
           roundQuotient(a, divisor, magnitude, 0);
  };
  double base = std::fabs(x);
  if (y == 1.0)
    return 0.0;
  if (y == 2.0)
    return a.round(magnitude);
  if (y == 3.0)
    return base * a.round(base * base) + a.round(magnitude);
  if (y == 0.5)
    return a.round(magnitude, a.squareRoot);
  if (y == -0.5)
    return quotient(std::sqrt(base), a.round(std::sqrt(base), a.squareRoot));
  if (y == -1.0)
    return roundQuotient(a, x, magnitude, 0);
  if (y == -2.0)
    return quotient(base * base, a.round(base * base));
  return std::nullopt;
}

/// Returns x^y as the operator defines it for the constant y.
static double getConstantPower(double x, double y) {
  if (y == 0.5)
    return std::sqrt(x);
  if (y == -0.5)
    return 1 / std::sqrt(x);
  return std::pow(x, y);
}

LogicalResult PowOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  if (!e[getLhs()].isFloat())
    return mapIntegerPairs(e, getIntegerPower, carryBits);
  DenseElementsAttr exponent;
  bool isConstant =
      matchPattern(getRhs(), m_Constant(&exponent)) && exponent.isSplat();
  auto power = [&](double x, double y) {
    return isConstant ? getConstantPower(x, y) : std::pow(x, y);
  };
  return mapFloatPairs(
      e, power,
      [&](double x, double ex, double y, double ey) {
        return carryPower(x, ex, y, ey, power(x, y));
      },
      [&](double x, double y, double z, double c) {
        double magnitude = std::fabs(z) + c;
        if (isConstant)
          if (auto error = roundExactPower(a, x, y, magnitude))
            return *error;
        double size =
            z == 0.0 || x == 0.0 ? 0.0 : std::fabs(y * std::log(std::fabs(x)));
        return a.round(magnitude, a.power + a.powerPerLog * size);
      });
}
