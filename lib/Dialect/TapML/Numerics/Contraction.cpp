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

MatrixView MatrixView::get(const Estimate &x, int64_t offset, int64_t rows,
                           int64_t columns, bool isTransposed) {
  MatrixView view;
  // Weights are many: they are converted where they are used.
  const HostTensor *tensor = x.isExact() ? x.getTensor() : nullptr;
  if (tensor && tensor->getElementType().isF32())
    view.singles = tensor->getBytes().data() + offset * sizeof(float);
  else
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

/// Columns of a panel, and the largest number of rows: 16 KiB.
static constexpr int64_t kWidth = 8;
static constexpr int64_t kDepth = 256;
/// Panels side by side, which fit the second cache, and rows of the result that
/// are computed at a time: their numbers that lie beside each other are stored
/// one after the other.
static constexpr int64_t kPanels = 8;
static constexpr int64_t kRows = 128;

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

/// Adds the sums of `rows` rows over `columns` columns in panels of `steps`
/// times kWidth elements; `depth` is the length of a row of the factors and
/// `stride` that of a row of the results.
TAPML_MULTIVERSION
static void addPanels(Sums sums, const double *panels, int64_t rows,
                      int64_t columns, int64_t steps, int64_t depth,
                      int64_t stride) {
  int64_t count = (columns + kWidth - 1) / kWidth;
  // Two rows at a time: their six sums fit sixteen registers of four numbers.
  for (int64_t i = 0; i < (rows + 1) / 2 * count; ++i) {
    int64_t row = i / count * 2, column = i % count * kWidth;
    int64_t width = std::min(kWidth, columns - column);
    int64_t next = row + 1 < rows ? depth : 0;
    Lanes product0 = {}, product1 = {}, first0 = {}, first1 = {};
    Lanes second0 = {}, second1 = {};
    const double *a = sums.factor + row * depth;
    const double *p = sums.first ? sums.first + row * depth : nullptr;
    const double *q = sums.second ? sums.second + row * depth : nullptr;
    const Lanes *elements =
        reinterpret_cast<const Lanes *>(panels + column * steps);
    if (q) {
      for (int64_t k = 0; k < steps; ++k) {
        Lanes b = elements[k], magnitude = (Lanes)((Bits)b & INT64_MAX);
        product0 += a[k] * b;
        product1 += a[k + next] * b;
        first0 += p[k] * magnitude;
        first1 += p[k + next] * magnitude;
        second0 += q[k] * magnitude;
        second1 += q[k + next] * magnitude;
      }
    } else if (p) {
      for (int64_t k = 0; k < steps; ++k) {
        Lanes b = elements[k], magnitude = (Lanes)((Bits)b & INT64_MAX);
        product0 += a[k] * b;
        product1 += a[k + next] * b;
        first0 += p[k] * magnitude;
        first1 += p[k + next] * magnitude;
      }
    } else {
      for (int64_t k = 0; k < steps; ++k) {
        product0 += a[k] * elements[k];
        product1 += a[k + next] * elements[k];
      }
    }
    // Copied without a choice at run time, which would keep the sums in memory.
    double lanes[3][2][kWidth];
    std::memcpy(lanes[0][0], &product0, sizeof(product0));
    std::memcpy(lanes[0][1], &product1, sizeof(product1));
    std::memcpy(lanes[1][0], &first0, sizeof(first0));
    std::memcpy(lanes[1][1], &first1, sizeof(first1));
    std::memcpy(lanes[2][0], &second0, sizeof(second0));
    std::memcpy(lanes[2][1], &second1, sizeof(second1));
    double *to[3] = {sums.product, sums.firstSum, sums.secondSum};
    for (int sum = 0; sum < 3; ++sum)
      for (int offset = 0; to[sum] && offset < (next ? 2 : 1); ++offset)
        for (int64_t lane = 0; lane < width; ++lane)
          to[sum][(row + offset) * stride + column + lane] +=
              lanes[sum][offset][lane];
  }
}

/// Copies the elements of `b` from row `row` and column `column` on into a
/// panel.
template <typename Elements>
static void packPanel(const MatrixView &b, const Elements &elements,
                      int64_t row, int64_t steps, int64_t column, int64_t width,
                      double *panel) {
  if (b.columnStride == 1) {
    for (int64_t k = 0; k < steps; ++k)
      for (int64_t lane = 0; lane < width; ++lane)
        panel[k * kWidth + lane] = elements(b.at(row + k, column + lane));
    return;
  }
  for (int64_t lane = 0; lane < width; ++lane)
    for (int64_t k = 0; k < steps; ++k)
      panel[k * kWidth + lane] = elements(b.at(row + k, column + lane));
}

/// Adds the products of `rows` rows of left factors with `b`.
static void addProducts(const Sums &sums, int64_t rows, const MatrixView &b) {
  constexpr int64_t kColumns = kPanels * kWidth;
  auto shift = [](auto *from, int64_t by) { return from ? from + by : from; };
  auto addBlock = [&](int64_t firstRow, int64_t firstColumn, double *panels) {
    int64_t numRows = std::min(kRows, rows - firstRow);
    int64_t columns = std::min(kColumns, b.columns - firstColumn);
    for (int64_t k = 0; k < b.rows; k += kDepth) {
      int64_t steps = std::min(kDepth, b.rows - k);
      for (int64_t column = 0; column < columns; column += kWidth) {
        int64_t width = std::min(kWidth, columns - column);
        double *panel = panels + column * steps;
        if (b.values)
          packPanel(
              b, [&](int64_t i) { return b.values[i]; }, k, steps,
              firstColumn + column, width, panel);
        else
          packPanel(
              b, [&](int64_t i) { return b[i]; }, k, steps,
              firstColumn + column, width, panel);
      }
      int64_t from = firstRow * b.rows + k;
      int64_t to = firstRow * b.columns + firstColumn;
      addPanels({sums.factor + from, shift(sums.first, from),
                 shift(sums.second, from), sums.product + to,
                 shift(sums.firstSum, to), shift(sums.secondSum, to)},
                panels, numRows, columns, steps, b.rows, b.columns);
    }
  };
  int64_t blocks = llvm::divideCeil(rows, kRows);
  int64_t tasks = blocks * llvm::divideCeil(b.columns, kColumns);
  int64_t steps =
      std::min(rows, kRows) * std::min(b.columns, kColumns) * b.rows / kWidth;
  forEachPart(tasks, steps, [&](int64_t begin, int64_t end) {
    std::vector<double> panels(kColumns * kDepth);
    for (int64_t i = begin; i < end; ++i)
      addBlock(i % blocks * kRows, i / blocks * kColumns, panels.data());
  });
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

/// Returns the largest magnitude of `count` numbers at `bytes`, or NaN if one
/// is. Bits of magnitudes, as integers, have their order, NaN being the
/// largest.
template <typename Float, typename Bits>
static double getPeak(const char *bytes, int64_t count) {
  Bits peak = 0;
  for (int64_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof(bits), sizeof(bits));
    peak = std::max<Bits>(peak, bits & std::numeric_limits<Bits>::max());
  }
  Float magnitude;
  std::memcpy(&magnitude, &peak, sizeof(peak));
  return magnitude;
}

static double getPeak(const MatrixView &view) {
  return view.values
             ? getPeak<double, int64_t>(
                   reinterpret_cast<const char *>(view.values), view.size())
             : getPeak<float, int32_t>(view.singles, view.size());
}

/// Returns `error`, or nothing where the element may be anything: such elements
/// are not part of the sums but make what depends on them free.
static double getFinite(double error) {
  return error < kInfinity ? error : 0.0;
}

/// Returns for each row of `view`, or each column, whether one of its elements
/// may be anything by these errors. Empty if none is.
static std::vector<bool> findFree(const MatrixView &view, const double *errors,
                                  bool ofColumns) {
  std::vector<bool> free;
  if (!errors || !llvm::is_contained(ArrayRef(errors, view.size()), kInfinity))
    return free;
  free.resize(ofColumns ? view.columns : view.rows);
  for (int64_t row = 0; row < view.rows; ++row)
    for (int64_t column = 0; column < view.columns; ++column)
      if (errors[view.at(row, column)] == kInfinity)
        free[ofColumns ? column : row] = true;
  return free;
}

/// Computes one element where factors are infinite or sums may overflow.
static void addSpecial(const MatrixView &a, const MatrixView &b, int64_t row,
                       int64_t column, ErrorBound rounding, double underflow,
                       Product &result) {
  double value = 0.0, magnitude = 0.0;
  ErrorBound carried;
  for (int64_t k = 0; k < a.columns; ++k) {
    int64_t i = a.at(row, k), j = b.at(k, column);
    double x = a[i], y = b[j];
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

  std::vector<double> factor = copyRows(a, [&](int64_t i) { return a[i]; });
  std::vector<double> magnitude =
      copyRows(a, [&](int64_t i) { return std::fabs(a[i]); });
  if (!a.bounds && !b.bounds) {
    addProducts({factor.data(), magnitude.data(), nullptr, result.values.data(),
                 result.bounds.data(), nullptr},
                a.rows, b);
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
      double error = errors ? getFinite(errors[i]) : 0.0;
      return error + relative * (std::fabs(a[i]) + error);
    });
  };
  std::vector<double> left = getLeft(a.bounds, rounding.bound);
  std::vector<double> leftWorst = getLeft(a.worst, rounding.worst);
  addProducts({factor.data(), left.data(), leftWorst.data(),
               result.values.data(), result.bounds.data(), result.worst.data()},
              a.rows, b);
  auto finish = [&](const double *as, const double *bs, double relative,
                    std::vector<double> &sums) {
    if (bs) {
      std::vector<double> right = copyRows(a, [&](int64_t i) {
        double error = as ? getFinite(as[i]) : 0.0;
        return (1 + relative) * (std::fabs(a[i]) + error);
      });
      std::vector<double> errors(b.size());
      for (int64_t i = 0; i < b.size(); ++i)
        errors[i] = getFinite(bs[i]);
      MatrixView view = b;
      view.values = errors.data();
      addProducts(
          {right.data(), nullptr, nullptr, sums.data(), nullptr, nullptr},
          a.rows, view);
    }
    std::vector<bool> freeRows = findFree(a, as, /*ofColumns=*/false);
    std::vector<bool> freeColumns = findFree(b, bs, /*ofColumns=*/true);
    for (int64_t i = 0; i < count; ++i) {
      // What the errors may bring to overflow is free as well.
      bool isFree = sums[i] >= FloatFormat::f32().overflow / 2;
      sums[i] = isFree ? kInfinity : sums[i] + underflow;
    }
    for (int64_t i = 0; i < count; ++i)
      if ((!freeRows.empty() && freeRows[i / b.columns]) ||
          (!freeColumns.empty() && freeColumns[i % b.columns]))
        sums[i] = kInfinity;
  };
  finish(a.bounds, b.bounds, rounding.bound, result.bounds);
  finish(a.worst, b.worst, rounding.worst, result.worst);
  return result;
}
