//===- Elementwise.cpp - Functions of one number in float64 ---------------===//
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

/// Returns whether parts of the operator are stored in the result's type, which
/// is narrower than f32.
static bool storesParts(const Evaluation &e) {
  return e.getArithmetic().storesParts &&
         FloatFormat::get(e.getResultType().getElementType()).isNarrow();
}

LogicalResult RsqrtOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  FloatFormat format = FloatFormat::get(e.getResultType().getElementType());
  bool storesRoot = storesParts(e);
  return mapFloats(
      e, getX(), [](double x) { return 1 / std::sqrt(x); },
      [](double x, double y, double error) {
        if (x < 0 && error < -x)
          return 0.0; // NaN for sure.
        return error < x ? 1 / std::sqrt(x - error) - y : kInfinity;
      },
      [&](double x, double y, double c) {
        double root = std::sqrt(x);
        double error = a.round(root, a.squareRoot);
        if (storesRoot)
          error += a.store(format, root);
        return (y + c) * error / root + a.round(y + c, a.division);
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

/// Returns how far erf moves from erf(x), where `density` is exp(-x^2).
static double carryErf(double density, double error) {
  double slope = 2 * llvm::numbers::inv_sqrtpi * density;
  return std::min(carrySmooth(slope, 0.97, error), 1.13 * error);
}

LogicalResult ErfOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  double formula = storesParts(e) ? a.geluErf : 0.0;
  return mapFloats(
      e, getX(), [](double x) { return std::erf(x); },
      [](double x, double y, double error) {
        return carryErf(std::exp(-x * x), error);
      },
      [&](double x, double y, double c) {
        return formula + a.round(std::min(std::fabs(y) + c, 1.0), a.erf);
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

namespace {
/// x / 2 (1 + erf(x / sqrt 2)): for negative x the sum cancels, so that the
/// error of erf counts in full.
struct GeluPoint {
  GeluPoint(const Arithmetic &a, double x)
      : a(a), x(x), t(x / llvm::numbers::sqrt2), sum(std::erfc(-t)),
        density(std::exp(-x * x / 2)), value(x / 2 * sum) {}

  double carry(double error) const {
    double slope = sum / 2 + x * density * llvm::numbers::inv_sqrtpi /
                                 llvm::numbers::sqrt2;
    return std::min(carrySmooth(slope, 0.8, error), 1.13 * error);
  }

  double round(double carried) const {
    // The constant and the product are rounded. What erf loses here is far
    // below the roundings of the sum.
    double erf = std::fabs(sum - 1);
    double inner = a.geluErf + carryErf(density, 2 * kU * std::fabs(t));
    inner += a.round(std::min(erf + inner, 1.0), a.erf);
    inner += a.round(sum + inner);
    double outer = std::fabs(x) / 2 * inner;
    return outer + a.round(std::fabs(value) + carried + outer);
  }

  const Arithmetic &a;
  /// The argument of erf; 1 + erf(t), which as erfc(-t) does not cancel; and
  /// exp(-t^2).
  double x, t, sum, density;
  double value;
};
} // namespace

static LogicalResult evaluateGelu(Evaluation &e, Value operand) {
  const Arithmetic &a = e.getArithmetic();
  return mapPoints(e, operand, [&](double x) { return GeluPoint(a, x); });
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
