//===- ElementwiseUtils.h - Maps over elements ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_ELEMENTWISEUTILS_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_ELEMENTWISEUTILS_H

#include "EvaluationUtils.h"

namespace tapml::detail {

//===----------------------------------------------------------------------===//
// Functions of one element
//===----------------------------------------------------------------------===//

/// Computes a function of each element. `evaluate(x)` returns what is known of
/// it at x: its `value`, `carry(e)`, how far that moves when x moves by e > 0,
/// and `round(c)`, the error of the computation where it may have moved by c.
template <typename Evaluate>
llvm::LogicalResult mapPoints(Evaluation &e, mlir::Value operand,
                              Evaluate evaluate) {
  Estimate x = e.read(operand);
  llvm::ArrayRef<double> elements = x.getFloats();
  FloatResult result(e, x.getShape());
  auto compute = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      auto point = evaluate(elements[i]);
      double y = point.value;
      bool isFinite = std::isfinite(y);
      ErrorBound error = forEachBound(
          [&](double given) {
            double carried = carryErrors(
                [&](double error) { return point.carry(error); }, given);
            // Whether a value that is not finite is certain depends on the
            // operands alone.
            return isFinite ? carried + point.round(carried) : carried;
          },
          x.getBound(i));
      result.set(i, y, error);
    }
  };
  forEachPart(result.size(), /*steps=*/16, compute);
  result.finish();
  return llvm::success();
}

/// As `mapPoints` for `y = value(x)`, with `carry(x, y, e)` and
/// `round(x, y, c)`.
template <typename Value, typename Carry, typename Round>
llvm::LogicalResult mapFloats(Evaluation &e, mlir::Value operand, Value value,
                              Carry carryAt, Round roundAt) {
  struct Point {
    double carry(double error) const { return carryAt(x, value, error); }
    double round(double carried) const { return roundAt(x, value, carried); }
    double x, value;
    const Carry &carryAt;
    const Round &roundAt;
  };
  return mapPoints(e, operand, [&](double x) {
    return Point{x, value(x), carryAt, roundAt};
  });
}

/// Computes `value` of each of the elements of `x`, whose errors `carry` takes
/// along and which is not rounded.
template <typename Result, typename Element, typename Value, typename Carry>
llvm::LogicalResult moveElements(Evaluation &e, const Estimate &x,
                                 llvm::ArrayRef<Element> elements, Value value,
                                 Carry carry) {
  Result result(e, x.getShape());
  for (int64_t i = 0, count = result.size(); i < count; ++i) {
    auto carryOne = [&](double error) { return carry(elements[i], error); };
    result.set(
        i, value(elements[i]),
        forEachBound([&](double given) { return carryErrors(carryOne, given); },
                     x.getBound(i)));
  }
  result.finish();
  return llvm::success();
}

/// As `mapFloats`, for functions that do not round.
template <typename Value, typename Carry>
llvm::LogicalResult moveFloats(Evaluation &e, mlir::Value operand, Value value,
                               Carry carry) {
  Estimate x = e.read(operand);
  return moveElements<MovedResult>(e, x, x.getFloats(), value, carry);
}

/// As `moveFloats`, for integers and booleans.
template <typename Value, typename Carry>
llvm::LogicalResult mapIntegers(Evaluation &e, mlir::Value operand, Value value,
                                Carry carry) {
  const Estimate &x = e[operand];
  return moveElements<IntegerResult>(e, x, x.getIntegers(), value, carry);
}

//===----------------------------------------------------------------------===//
// Functions of two elements
//===----------------------------------------------------------------------===//

/// Calls `f(i, at)` for each element of the result of an operator whose two
/// operands broadcast; `at` holds the operands' places.
template <typename Result, typename F>
llvm::LogicalResult forEachPair(Evaluation &e, const Estimate &x,
                                const Estimate &y, F &&f) {
  llvm::FailureOr<Shape> shape =
      broadcastShapes(e, e.getOperation()->getOperands());
  if (failed(shape))
    return llvm::failure();
  Result result(e, *shape);
  forEachElement<2>(*shape,
                    {getBroadcastStrides(x.getShape(), *shape),
                     getBroadcastStrides(y.getShape(), *shape)},
                    [&](int64_t i, const std::array<int64_t, 2> &at) {
                      f(result, i, at[0], at[1]);
                    });
  result.finish();
  return llvm::success();
}

/// Computes `z = value(x, y)` for each pair of elements. `carry(x, ex, y, ey)`
/// is how far z moves when x moves by ex and y by ey, and `round(x, y, z, c)`
/// the error of the computation where z may have moved by c.
template <typename Value, typename Carry, typename Round>
llvm::LogicalResult mapFloatPairs(Evaluation &e, Value value, Carry carry,
                                  Round round) {
  Estimate x = e.read(e.getOperation()->getOperand(0));
  Estimate y = e.read(e.getOperation()->getOperand(1));
  llvm::ArrayRef<double> xs = x.getFloats(), ys = y.getFloats();
  return forEachPair<FloatResult>(
      e, x, y, [&](FloatResult &result, int64_t i, int64_t xi, int64_t yi) {
        double a = xs[xi], b = ys[yi], z = value(a, b);
        bool isFinite = std::isfinite(z);
        ErrorBound error = forEachBound(
            [&](double ea, double eb) {
              double carried = carryErrors(
                  [&](double ea, double eb) { return carry(a, ea, b, eb); }, ea,
                  eb);
              return isFinite ? carried + round(a, b, z, carried) : carried;
            },
            x.getBound(xi), y.getBound(yi));
        result.set(i, z, error);
      });
}

/// As `moveElements`, for each pair of elements.
template <typename Result, typename Element, typename Value, typename Carry>
llvm::LogicalResult movePairs(Evaluation &e, const Estimate &x,
                              const Estimate &y, llvm::ArrayRef<Element> xs,
                              llvm::ArrayRef<Element> ys, Value value,
                              Carry carry) {
  return forEachPair<Result>(
      e, x, y, [&](Result &result, int64_t i, int64_t xi, int64_t yi) {
        Element a = xs[xi], b = ys[yi];
        auto carryBoth = [&](double ea, double eb) {
          return carry(a, ea, b, eb);
        };
        result.set(i, value(a, b),
                   forEachBound(
                       [&](double ea, double eb) {
                         return carryErrors(carryBoth, ea, eb);
                       },
                       x.getBound(xi), y.getBound(yi)));
      });
}

/// As `mapFloatPairs`, for functions that do not round.
template <typename Value, typename Carry>
llvm::LogicalResult moveFloatPairs(Evaluation &e, Value value, Carry carry) {
  Estimate x = e.read(e.getOperation()->getOperand(0));
  Estimate y = e.read(e.getOperation()->getOperand(1));
  return movePairs<MovedResult>(e, x, y, x.getFloats(), y.getFloats(), value,
                                carry);
}

/// As `moveFloatPairs`, for integers and booleans.
template <typename Value, typename Carry>
llvm::LogicalResult mapIntegerPairs(Evaluation &e, Value value, Carry carry) {
  const Estimate &x = e[e.getOperation()->getOperand(0)];
  const Estimate &y = e[e.getOperation()->getOperand(1)];
  return movePairs<IntegerResult>(e, x, y, x.getIntegers(), y.getIntegers(),
                                  value, carry);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

inline int64_t wrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) +
                              static_cast<uint64_t>(b));
}

inline int64_t wrappingSub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) -
                              static_cast<uint64_t>(b));
}

inline int64_t wrappingMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

/// Returns how far the larger of x and y moves.
inline double carryMaximum(double x, double ex, double y, double ey) {
  // NaN and infinity prevail.
  if ((ex == 0.0 && !(x < kInfinity)) || (ey == 0.0 && !(y < kInfinity)))
    return 0.0;
  double largest = std::max(x, y);
  double up = std::max(x + ex, y + ey) - largest;
  double down = largest - std::max(x - ex, y - ey);
  return std::max(up, down);
}

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_ELEMENTWISEUTILS_H
