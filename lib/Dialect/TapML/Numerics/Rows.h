//===- Rows.h - Sums, softmax and normalisation of one row ------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_ROWS_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_ROWS_H

#include "EvaluationUtils.h"

namespace tapml::detail {

/// A value and how far a computed one may be from it.
struct Rounded {
  double value = 0.0;
  ErrorBound error;
};

/// A sum in any order.
class SumOfTerms {
public:
  void add(double value, ErrorBound error) {
    sum += value;
    magnitude += std::fabs(value);
    carried = carried + error;
    ++count;
  }

  Rounded get(const Arithmetic &arithmetic) const;

  /// Whether a partial sum may be infinite.
  bool mayOverflow() const {
    return !(magnitude + carried.worst < FloatFormat::f32().overflow / 2);
  }

private:
  double sum = 0.0, magnitude = 0.0;
  ErrorBound carried;
  int64_t count = 0;
};

/// Returns `sum` / `count`.
Rounded divide(const Arithmetic &arithmetic, const Rounded &sum, int64_t count);

/// exp(x - max(x)) and the sum of that over a row.
class SoftmaxRow {
public:
  void clear();
  void add(double score, ErrorBound error);
  /// Computes the powers, with errors. A row whose elements are all minus
  /// infinity becomes zero or NaN. The powers are rounded to the format
  /// `stored` unless it is null.
  void compute(const Arithmetic &arithmetic, bool maskedIsZero,
               const FloatFormat *stored = nullptr);

  /// Whether every share is the same special value, `getSpecial`: NaN, or zero
  /// where everything is masked.
  bool isSpecial() const { return hasSpecial; }
  Rounded getSpecial() const { return special; }

  /// Element i of the result: its power divided by the sum.
  Rounded getShare(const Arithmetic &arithmetic, int64_t i) const;

  /// exp(x - max(x)), its error, and their sum without roundings of its own.
  double getPower(int64_t i) const { return powers[i]; }
  ErrorBound getPowerError(int64_t i) const { return powerErrors[i]; }
  double getSum() const { return sum; }
  ErrorBound getCarried() const { return carried; }

private:
  void findSpecial(double largest, bool maskedIsZero);

  std::vector<double> scores, powers;
  std::vector<ErrorBound> errors, powerErrors;
  double sum = 0.0;
  ErrorBound carried;
  bool hasSpecial = false;
  Rounded special;
};

/// (x - mean) / sqrt(variance + epsilon) of a row.
class NormalizedRow {
public:
  NormalizedRow(const Arithmetic &arithmetic, double epsilon)
      : arithmetic(arithmetic), epsilon(epsilon) {}

  /// Takes `count` elements of `x` from `start` on.
  void compute(const Estimate &x, int64_t start, int64_t count);

  /// Returns element i, times its weight and plus its bias where they are not
  /// null.
  Rounded getElement(int64_t i, const Estimate *weight,
                     const Estimate *bias) const;

private:
  /// Returns x_i - mean; its error beside the mean's.
  Rounded getCentred(int64_t i) const;
  const Arithmetic &arithmetic;
  double epsilon;
  llvm::ArrayRef<double> elements;
  const Estimate *x = nullptr;
  int64_t start = 0, count = 0;
  Rounded mean, factor;
  /// Whether the elements are not numbers, or may be anything.
  bool isSpecial = false;
  ErrorBound specialError;
};

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_ROWS_H
