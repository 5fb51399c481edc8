//===- Elementwise.cpp - Elementwise operators in float64 -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of floating-point numbers: value, error of the computation, and
// how errors of the operands carry through. The last is the largest distance
// |f(y) - f(x)| for |y - x| <= e: the derivative times e, and what bounds the
// rest of the Taylor series, or a closed form.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseUtils.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

static constexpr double kU = FloatFormat::f32().unitRoundoff;

//===----------------------------------------------------------------------===//
// Elementary functions
//===----------------------------------------------------------------------===//

/// Returns slope * e + curvature * e^2 / 2: how far a function may move whose
/// second derivative is at most `curvature` everywhere.
static double carrySmooth(double slope, double curvature, double e) {
  return std::fabs(slope) * e + curvature * e * e / 2;
}

LogicalResult TanhOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  // Large arguments are computed with a division.
  double ulps = a.tanh + a.division - 0.5;
  return mapFloats(
      e, getX(), [](double x) { return std::tanh(x); },
      [](double x, double y, double error) {
        return std::min(carrySmooth(1 - y * y, 0.77, error), error);
      },
      [&](double x, double y, double c) {
        return a.round(std::fabs(y) + c, ulps);
      });
}

LogicalResult ExpOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return std::exp(x); },
      [](double x, double y, double error) { return y * std::expm1(error); },
      [&](double x, double y, double c) { return a.round(y + c, a.exp); });
}

LogicalResult LogOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return std::log(x); },
      [](double x, double y, double error) {
        if (x < 0 && error < -x)
          return 0.0; // NaN for sure.
        return error < x ? -std::log1p(-error / x) : kInfinity;
      },
      [&](double x, double y, double c) {
        return a.round(std::fabs(y) + c, a.log);
      });
}

LogicalResult SqrtOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return std::sqrt(x); },
      [](double x, double y, double error) {
        if (x < 0 && error < -x)
          return 0.0; // NaN for sure.
        return error <= x ? error / (y + std::sqrt(x - error)) : kInfinity;
      },
      [&](double x, double y, double c) {
        return a.round(y + c, a.squareRoot);
      });
}

LogicalResult RsqrtOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return 1 / std::sqrt(x); },
      [](double x, double y, double error) {
        if (x < 0 && error < -x)
          return 0.0; // NaN for sure.
        return error < x ? 1 / std::sqrt(x - error) - y : kInfinity;
      },
      [&](double x, double y, double c) {
        double root = std::sqrt(x);
        return (y + c) * a.round(root, a.squareRoot) / root +
               a.round(y + c, a.division);
      });
}

/// sin and cos: a function and its derivative.
static LogicalResult evaluateSine(Evaluation &e, Value operand,
                                  double (*function)(double),
                                  double (*derivative)(double)) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, operand, function,
      [&](double x, double y, double error) {
        return std::min(carrySmooth(derivative(x), 1.0, error), 2.0);
      },
      [&](double x, double y, double c) {
        return a.round(std::min(std::fabs(y) + c, 1.0), a.sine);
      });
}

LogicalResult SinOp::evaluate(Evaluation &e) {
  return evaluateSine(e, getX(), std::sin, std::cos);
}

LogicalResult CosOp::evaluate(Evaluation &e) {
  return evaluateSine(e, getX(), std::cos, std::sin);
}

/// Returns how far erf moves from erf(x).
static double carryErf(double x, double error) {
  double slope = 2 * llvm::numbers::inv_sqrtpi * std::exp(-x * x);
  return std::min(carrySmooth(slope, 0.97, error), 1.13 * error);
}

LogicalResult ErfOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return std::erf(x); },
      [](double x, double y, double error) { return carryErf(x, error); },
      [&](double x, double y, double c) {
        return a.round(std::min(std::fabs(y) + c, 1.0), a.erf);
      });
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Returns the relative error of 1 / (1 + exp(-x)) before the division is
/// rounded, and infinity where exp(-x) may overflow.
static double getLogisticError(const Arithmetic &a, double x) {
  double power = std::exp(-x), divisor = 1 + power;
  double error = a.round(power, a.exp);
  error += a.round(divisor + error);
  if (power + error >= FloatFormat::f32().overflow)
    return kInfinity;
  return error / (divisor - error);
}

/// Returns the error of `y` = n / (1 + exp(-x)), computed like this.
static double roundLogistic(const Arithmetic &a, double x, double y, double c) {
  double relative = getLogisticError(a, x);
  double magnitude = std::fabs(y) + c;
  // With an infinite divisor the result is zero.
  if (relative == kInfinity)
    return magnitude + a.round(magnitude, a.division);
  return magnitude * relative + a.round(magnitude, a.division);
}

LogicalResult SigmoidOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return 1 / (1 + std::exp(-x)); },
      [](double x, double y, double error) {
        return std::min(y * (1 - y) * std::expm1(error), error / 4);
      },
      [&](double x, double y, double c) { return roundLogistic(a, x, y, c); });
}

LogicalResult SiluOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  return mapFloats(
      e, getX(), [](double x) { return x / (1 + std::exp(-x)); },
      [](double x, double y, double error) {
        double sigmoid = 1 / (1 + std::exp(-x));
        double slope = sigmoid * (1 + x * (1 - sigmoid));
        return std::min(carrySmooth(slope, 0.5, error), 1.1 * error);
      },
      [&](double x, double y, double c) { return roundLogistic(a, x, y, c); });
}

/// x / 2 (1 + erf(x / sqrt 2)): for negative x the sum cancels, so that the
/// error of erf counts in full.
static LogicalResult evaluateGelu(Evaluation &e, Value operand) {
  const Arithmetic &a = e.getArithmetic();
  double invSqrt2 = 1 / llvm::numbers::sqrt2;
  return mapFloats(
      e, operand,
      // 1 + erf(t) = erfc(-t) does not cancel.
      [&](double x) { return x / 2 * std::erfc(-x * invSqrt2); },
      [&](double x, double y, double error) {
        double density =
            std::exp(-x * x / 2) * invSqrt2 * llvm::numbers::inv_sqrtpi;
        double slope = std::erfc(-x * invSqrt2) / 2 + x * density;
        return std::min(carrySmooth(slope, 0.8, error), 1.13 * error);
      },
      [&](double x, double y, double c) {
        // The constant and the product are rounded.
        double t = x * invSqrt2, erf = std::fabs(std::erf(t));
        double inner = a.geluErf + carryErf(t, 2 * kU * std::fabs(t));
        inner += a.round(std::min(erf + inner, 1.0), a.erf);
        inner += a.round(1 + std::erf(t) + inner);
        return std::fabs(x) / 2 * inner +
               a.round(std::fabs(y) + c + std::fabs(x) / 2 * inner);
      });
}

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
static LogicalResult evaluateTanhGelu(Evaluation &e, Value operand) {
  const Arithmetic &a = e.getArithmetic();
  auto getArgument = [](double x) {
    return llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi *
           (x + 0.044715 * x * x * x);
  };
  return mapFloats(
      e, operand,
      [&](double x) {
        // 1 + tanh(t) = 2 / (1 + exp(-2t)) does not cancel.
        return x / (1 + std::exp(-2 * getArgument(x)));
      },
      [&](double x, double y, double error) {
        double share = 1 / (1 + std::exp(-2 * getArgument(x)));
        double inner = llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi *
                       (1 + 3 * 0.044715 * x * x);
        double slope = share + x * 2 * share * (1 - share) * inner;
        // The second derivative is largest at zero: 0.798.
        return std::min(carrySmooth(slope, 0.81, error), 1.13 * error);
      },
      [&](double x, double y, double c) {
        double t = getArgument(x), tanh = std::tanh(t);
        // Six roundings lead to t; its terms have one sign.
        double error = 6 * kU * std::fabs(t);
        double inner =
            std::min(carrySmooth(1 - tanh * tanh, 0.77, error), error);
        inner += a.round(std::min(std::fabs(tanh) + inner, 1.0),
                         a.tanh + a.division - 0.5);
        inner += a.round(1 + tanh + inner);
        return std::fabs(x) / 2 * inner +
               a.round(std::fabs(y) + c + std::fabs(x) / 2 * inner);
      });
}

LogicalResult GeluOp::evaluate(Evaluation &e) {
  return getApproximate() == "tanh" ? evaluateTanhGelu(e, getX())
                                    : evaluateGelu(e, getX());
}

LogicalResult ReluOp::evaluate(Evaluation &e) {
  if (!e[getX()].isFloat())
    return mapIntegers(
        e, getX(), [](int64_t x) { return std::max<int64_t>(x, 0); },
        [](int64_t x, double error) { return error; });
  return moveFloats(
      e, getX(), [](double x) { return x < 0 ? 0.0 : x; },
      [](double x, double error) {
        return x >= 0 ? error : std::max(error + x, 0.0);
      });
}

LogicalResult NegOp::evaluate(Evaluation &e) {
  auto same = [](auto x, double error) { return error; };
  if (!e[getX()].isFloat())
    return mapIntegers(
        e, getX(), [](int64_t x) { return wrappingSub(0, x); }, same);
  return moveFloats(e, getX(), [](double x) { return -x; }, same);
}

LogicalResult AbsOp::evaluate(Evaluation &e) {
  auto same = [](auto x, double error) { return error; };
  if (!e[getX()].isFloat())
    return mapIntegers(
        e, getX(), [](int64_t x) { return x < 0 ? wrappingSub(0, x) : x; },
        same);
  return moveFloats(e, getX(), [](double x) { return std::fabs(x); }, same);
}

LogicalResult LogicalNotOp::evaluate(Evaluation &e) {
  return mapIntegers(
      e, getX(), [](int64_t x) { return 1 - x; },
      [](int64_t x, double error) { return error; });
}

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
