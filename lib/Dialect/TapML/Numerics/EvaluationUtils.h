//===- EvaluationUtils.h - What evaluations share ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_EVALUATIONUTILS_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_EVALUATIONUTILS_H

#include "tapml/Dialect/TapML/Numerics/Evaluate.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"
#include <array>
#include <limits>

/// Loops over numbers that are compiled for several generations of processors,
/// of which the loader takes the best. For functions, not templates.
#if defined(__x86_64__) && defined(__ELF__) && defined(__clang__) &&           \
    !__has_feature(address_sanitizer)
#define TAPML_MULTIVERSION                                                     \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TAPML_MULTIVERSION
#endif

namespace tapml::detail {

using Shape = llvm::SmallVector<int64_t>;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// The elements of a floating-point result while they are computed.
class FloatResult {
public:
  FloatResult(Evaluation &e, llvm::ArrayRef<int64_t> shape);
  FloatResult(Evaluation &e, llvm::ArrayRef<int64_t> shape,
              std::vector<double> values, std::vector<double> bounds,
              std::vector<double> worst)
      : values(std::move(values)), bounds(std::move(bounds)),
        worst(std::move(worst)), e(e), shape(shape) {}

  int64_t size() const { return values.size(); }
  void set(int64_t i, double value, ErrorBound error) {
    values[i] = value;
    bounds[i] = error.bound;
    worst[i] = error.worst;
  }

  /// Makes the elements a result of the evaluation.
  void finish();

  std::vector<double> values, bounds, worst;

protected:
  /// Stores an element as the result's type does, in `format`: rounds where
  /// that is narrower than what operators compute in, decides what is infinite,
  /// and turns errors that are not numbers into freedom.
  void store(int64_t i, const FloatFormat &format);

  Evaluation &e;
  Shape shape;
};

/// As `FloatResult`, for operators that do not round: where no operand has an
/// error, neither has the result, unless its type is a narrow one that no
/// operand has and that cannot hold it.
class MovedResult : public FloatResult {
public:
  using FloatResult::FloatResult;
  void finish();
};

/// The elements of a result of integers or booleans. Those that may be others
/// have bounds; most tensors have none.
class IntegerResult {
public:
  IntegerResult(Evaluation &e, llvm::ArrayRef<int64_t> shape);

  int64_t size() const { return values.size(); }
  /// Sets an element, wrapped to the type, and how far from it another valid
  /// one may be.
  void set(int64_t i, int64_t value, ErrorBound error = {});
  void finish();

  std::vector<int64_t> values;

private:
  Evaluation &e;
  Shape shape;
  unsigned bits;
  std::vector<double> bounds, worst;
};

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Steps that are worth a task of their own.
inline constexpr int64_t kStepsPerTask = 1 << 15;

/// Calls `f(begin, end)` for the parts of [0, count), on several threads where
/// that is worth it; each of the items takes about `steps` steps. What `f`
/// computes for an item must depend on that item alone.
template <typename F> void forEachPart(int64_t count, int64_t steps, F &&f) {
  int64_t size = llvm::divideCeil(kStepsPerTask, std::max<int64_t>(steps, 1));
  int64_t parts = llvm::divideCeil(count, size);
  if (parts <= 1)
    return f(int64_t(0), count);
  llvm::parallelFor(0, parts, [&](size_t part) {
    int64_t begin = static_cast<int64_t>(part) * size;
    f(begin, std::min(begin + size, count));
  });
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

/// The error of a * b where only the factors' errors count; 0 times infinity
/// is no error.
inline double carryProduct(double a, double ea, double b, double eb) {
  double error = 0.0;
  if (ea != 0.0 && b != 0.0)
    error += ea * std::fabs(b);
  if (eb != 0.0 && a != 0.0)
    error += std::fabs(a) * eb;
  return ea != 0.0 && eb != 0.0 ? error + ea * eb : error;
}

/// Applies `f` to both bounds.
template <typename F, typename... Errors>
ErrorBound forEachBound(F &&f, const Errors &...errors) {
  return {f(errors.bound...), f(errors.worst...)};
}

/// Returns how far a result moves by errors of operands, `carry(errors...)`:
/// not without any, and anywhere where an operand may be anything.
template <typename Carry, typename... Errors>
double carryErrors(Carry &&carry, Errors... errors) {
  if (((errors == 0.0) && ...))
    return 0.0;
  if (((errors == kInfinity) || ...))
    return kInfinity;
  return carry(errors...);
}

inline ErrorBound operator+(ErrorBound a, ErrorBound b) {
  return {a.bound + b.bound, a.worst + b.worst};
}

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

/// Returns the shape that the operator's operands `values` broadcast to,
/// aligned at the last dimension but `trailing`: a size of 1 in the type
/// repeats, all others are equal. Fails with a diagnostic where they are not.
llvm::FailureOr<Shape> broadcastShapes(Evaluation &e, mlir::ValueRange values,
                                       int64_t trailing = 0);

/// Returns how far the element of `operand` moves from one place of a tensor of
/// `shape` to the next, in each dimension; the last `trailing` dimensions do
/// not take part on either side.
Shape getBroadcastStrides(llvm::ArrayRef<int64_t> operand,
                          llvm::ArrayRef<int64_t> shape, int64_t trailing = 0);

/// Returns the distance of neighbours in each dimension of a row-major tensor.
Shape getStrides(llvm::ArrayRef<int64_t> shape);

/// Joins dimensions that all tensors walk through like one.
void collapseDims(Shape &shape, llvm::MutableArrayRef<Shape> strides);

/// Calls `f(i, at)` for each element of a tensor of `shape`, in order; `at`
/// holds the place in each of N tensors that `strides` describes.
template <size_t N, typename F>
void forEachElement(llvm::ArrayRef<int64_t> fullShape,
                    std::array<Shape, N> strides, F &&f) {
  Shape shape(fullShape);
  collapseDims(shape, strides);
  int64_t rank = shape.size(), count = getNumElements(shape);
  if (count == 0)
    return;
  int64_t inner = rank ? shape.back() : 1;
  std::array<int64_t, N> start{}, step{};
  for (size_t n = 0; n < N && rank; ++n)
    step[n] = strides[n].back();
  Shape place(rank, 0);
  for (int64_t i = 0; i < count;) {
    std::array<int64_t, N> at = start;
    for (int64_t last = i + inner; i < last; ++i) {
      f(i, at);
      for (size_t n = 0; n < N; ++n)
        at[n] += step[n];
    }
    for (int64_t dim = rank - 2; dim >= 0; --dim) {
      bool wraps = ++place[dim] == shape[dim];
      for (size_t n = 0; n < N; ++n)
        start[n] +=
            wraps ? strides[n][dim] * (1 - shape[dim]) : strides[n][dim];
      if (!wraps)
        break;
      place[dim] = 0;
    }
  }
}

/// Reports that sizes of the operator's operands do not fit together.
llvm::LogicalResult emitSizeError(Evaluation &e, const llvm::Twine &what);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_EVALUATIONUTILS_H
