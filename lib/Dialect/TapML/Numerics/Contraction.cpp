//===- Contraction.cpp - Matrix products with bounds ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product and its bounds are up to five sums over the same terms. One kernel
// computes up to three of them in one sweep over a packed panel of the right
// factor.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

// The kernel is compiled for several generations of processors, of which the
// loader takes the best.
#if defined(__x86_64__) && defined(__ELF__) && defined(__clang__) &&           \
    !__has_feature(address_sanitizer)
#define TAPML_MULTIVERSION                                                     \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TAPML_MULTIVERSION
#endif

MatrixView MatrixView::get(const Estimate &x, int64_t offset, int64_t rows,
                           int64_t columns, bool isTransposed) {
  MatrixView view;
  view.values = x.getFloats().data() + offset;
  if (!x.isExact()) {
    view.bounds = x.getBounds().data() + offset;
    view.worst = x.getWorst().data() + offset;
  }
  view.rows = isTransposed ? columns : rows;
  view.columns = isTransposed ? rows : columns;
  view.rowStride = isTransposed ? 1 : columns;
  view.columnStride = isTransposed ? columns : 1;
  return view;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Columns of a panel.
static constexpr int64_t kWidth = 8;

namespace {
/// Eight numbers, in as many registers as they need, at any alignment. Never
/// passed to functions: how is different for each processor.
typedef double Lanes
    __attribute__((vector_size(kWidth * sizeof(double)), aligned(8)));
typedef int64_t Bits
    __attribute__((vector_size(kWidth * sizeof(int64_t)), aligned(8)));

/// The left factors of up to three sums (row-major, `depth` numbers a row) and
/// where the sums go: of the panel's elements, and twice of their magnitudes.
/// Null where a sum is not wanted.
struct Sums {
  const double *factor, *first, *second;
  double *product, *firstSum, *secondSum;
};
} // namespace

/// Adds the sums of `rows` rows over a panel of `depth` times kWidth elements;
/// `stride` is the length of a row of the results, of which `width` numbers are
/// stored.
TAPML_MULTIVERSION
static void addPanel(Sums sums, const double *panel, int64_t rows,
                     int64_t depth, int64_t stride, int64_t width) {
  // Two rows at a time: their six sums fit sixteen registers of four numbers.
  for (int64_t row = 0; row < rows; row += 2) {
    int64_t next = row + 1 < rows ? depth : 0;
    Lanes product0 = {}, product1 = {}, first0 = {}, first1 = {};
    Lanes second0 = {}, second1 = {};
    const double *a = sums.factor + row * depth;
    const double *p = sums.first ? sums.first + row * depth : nullptr;
    const double *q = sums.second ? sums.second + row * depth : nullptr;
    const Lanes *elements = reinterpret_cast<const Lanes *>(panel);
    if (q) {
      for (int64_t k = 0; k < depth; ++k) {
        Lanes b = elements[k], magnitude = (Lanes)((Bits)b & INT64_MAX);
        product0 += a[k] * b;
        product1 += a[k + next] * b;
        first0 += p[k] * magnitude;
        first1 += p[k + next] * magnitude;
        second0 += q[k] * magnitude;
        second1 += q[k + next] * magnitude;
      }
    } else if (p) {
      for (int64_t k = 0; k < depth; ++k) {
        Lanes b = elements[k], magnitude = (Lanes)((Bits)b & INT64_MAX);
        product0 += a[k] * b;
        product1 += a[k + next] * b;
        first0 += p[k] * magnitude;
        first1 += p[k + next] * magnitude;
      }
    } else {
      for (int64_t k = 0; k < depth; ++k) {
        product0 += a[k] * elements[k];
        product1 += a[k + next] * elements[k];
      }
    }
    const Lanes *results[3][2] = {
        {&product0, &product1}, {&first0, &first1}, {&second0, &second1}};
    double *to[3] = {sums.product, sums.firstSum, sums.secondSum};
    for (int sum = 0; sum < 3; ++sum)
      for (int offset = 0; to[sum] && offset < (next ? 2 : 1); ++offset) {
        double lanes[kWidth];
        std::memcpy(lanes, results[sum][offset], sizeof(lanes));
        for (int64_t lane = 0; lane < width; ++lane)
          to[sum][(row + offset) * stride + lane] += lanes[lane];
      }
  }
}

/// Adds the products of `rows` rows of left factors with the matrix at
/// `elements`, described by `b`.
static void addProducts(const Sums &sums, int64_t rows, const double *elements,
                        const MatrixView &b) {
  std::vector<double> panel(b.rows * kWidth);
  for (int64_t column = 0; column < b.columns; column += kWidth) {
    int64_t width = std::min(kWidth, b.columns - column);
    for (int64_t lane = 0; lane < width; ++lane) {
      const double *from = elements + b.at(0, column + lane);
      for (int64_t k = 0; k < b.rows; ++k)
        panel[k * kWidth + lane] = from[k * b.rowStride];
    }
    auto shift = [&](double *to) { return to ? to + column : nullptr; };
    Sums shifted = sums;
    shifted.product = shift(sums.product);
    shifted.firstSum = shift(sums.firstSum);
    shifted.secondSum = shift(sums.secondSum);
    addPanel(shifted, panel.data(), rows, b.rows, b.columns, width);
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Copies a matrix of `view`'s form into rows, each element as `map(element)`.
template <typename Map>
static std::vector<double> copyRows(const MatrixView &view, Map map) {
  std::vector<double> rows(view.rows * view.columns);
  for (int64_t row = 0, i = 0; row < view.rows; ++row)
    for (int64_t column = 0; column < view.columns; ++column, ++i)
      rows[i] = map(view.at(row, column));
  return rows;
}

/// Returns the largest magnitude that an element of `view` may have; NaN or
/// infinite if one may be.
static double getPeak(const MatrixView &view) {
  double peak = 0.0;
  for (int64_t row = 0; row < view.rows; ++row)
    for (int64_t column = 0; column < view.columns; ++column) {
      int64_t i = view.at(row, column);
      double magnitude =
          std::fabs(view.values[i]) + (view.worst ? view.worst[i] : 0.0);
      // Also true for a NaN.
      if (!(magnitude <= peak))
        peak = magnitude;
      if (std::isnan(peak))
        return peak;
    }
  return peak;
}

/// Computes one element where factors may be infinite or sums may overflow.
static void addSpecial(const MatrixView &a, const MatrixView &b, int64_t row,
                       int64_t column, ErrorBound rounding, double underflow,
                       Product &result) {
  double value = 0.0, magnitude = 0.0;
  ErrorBound carried;
  for (int64_t k = 0; k < a.columns; ++k) {
    int64_t i = a.at(row, k), j = b.at(k, column);
    double x = a.values[i], y = b.values[j];
    value += x * y;
    magnitude += std::fabs(x * y);
    auto carry = [&](const double *as, const double *bs) {
      double ex = as ? as[i] : 0.0, ey = bs ? bs[j] : 0.0;
      // An infinite factor decides as long as the other keeps its sign.
      if (std::isinf(x) && ex == 0.0 && std::fabs(y) > ey)
        return 0.0;
      if (std::isinf(y) && ey == 0.0 && std::fabs(x) > ex)
        return 0.0;
      if (ex == kInfinity || ey == kInfinity)
        return kInfinity;
      return carryProduct(x, ex, y, ey);
    };
    carried.bound += carry(a.bounds, b.bounds);
    carried.worst += carry(a.worst, b.worst);
  }
  int64_t at = row * b.columns + column;
  result.values[at] = value;
  auto getError = [&](double relative, double error) {
    if (!std::isfinite(value))
      return error;
    // Positive and negative terms that overflow may meet as a NaN.
    double larger = (magnitude + std::fabs(value)) / 2 + error;
    bool cancels = magnitude - std::fabs(value) > 0x1p-40 * magnitude;
    if (cancels && larger * (1 + relative) >= FloatFormat::f32().overflow)
      return kInfinity;
    return relative * (magnitude + error) + error + underflow;
  };
  result.bounds[at] = getError(rounding.bound, carried.bound);
  result.worst[at] = getError(rounding.worst, carried.worst);
}

Product tapml::detail::multiply(const Arithmetic &arithmetic,
                                const MatrixView &a, const MatrixView &b,
                                int64_t roundings) {
  int64_t depth = a.columns, count = a.rows * b.columns;
  ErrorBound rounding = arithmetic.accumulate(depth + roundings);
  double underflow = (depth + roundings) * arithmetic.getUnderflow();
  Product result;
  for (std::vector<double> *sums :
       {&result.values, &result.bounds, &result.worst})
    sums->resize(count);

  double peak = getPeak(a) * getPeak(b) * static_cast<double>(depth);
  if (!(peak < FloatFormat::f32().overflow / 2)) {
    for (int64_t row = 0; row < a.rows; ++row)
      for (int64_t column = 0; column < b.columns; ++column)
        addSpecial(a, b, row, column, rounding, underflow, result);
    return result;
  }

  std::vector<double> factor =
      copyRows(a, [&](int64_t i) { return a.values[i]; });
  std::vector<double> magnitude =
      copyRows(a, [&](int64_t i) { return std::fabs(a.values[i]); });
  if (!a.bounds && !b.bounds) {
    addProducts({factor.data(), magnitude.data(), nullptr, result.values.data(),
                 result.bounds.data(), nullptr},
                a.rows, b.values, b);
    for (int64_t i = 0; i < count; ++i) {
      double sum = result.bounds[i];
      result.bounds[i] = rounding.bound * sum + underflow;
      result.worst[i] = rounding.worst * sum + underflow;
    }
    return result;
  }

  // Of the terms (|x| + ex) (|y| + ey) - |x| |y| + relative (|x| + ex)
  // (|y| + ey), those with |y| are sums of one left factor.
  auto getLeft = [&](const double *errors, double relative) {
    return copyRows(a, [&](int64_t i) {
      double error = errors ? errors[i] : 0.0;
      return error + relative * (std::fabs(a.values[i]) + error);
    });
  };
  std::vector<double> left = getLeft(a.bounds, rounding.bound);
  std::vector<double> leftWorst = getLeft(a.worst, rounding.worst);
  addProducts({factor.data(), left.data(), leftWorst.data(),
               result.values.data(), result.bounds.data(), result.worst.data()},
              a.rows, b.values, b);
  if (b.bounds) {
    auto addRight = [&](const double *as, const double *bs, double relative,
                        std::vector<double> &sums) {
      std::vector<double> right = copyRows(a, [&](int64_t i) {
        return (1 + relative) * (std::fabs(a.values[i]) + (as ? as[i] : 0.0));
      });
      addProducts(
          {right.data(), nullptr, nullptr, sums.data(), nullptr, nullptr},
          a.rows, bs, b);
    };
    addRight(a.bounds, b.bounds, rounding.bound, result.bounds);
    addRight(a.worst, b.worst, rounding.worst, result.worst);
  }
  for (int64_t i = 0; i < count; ++i) {
    result.bounds[i] += underflow;
    result.worst[i] += underflow;
  }
  return result;
}
