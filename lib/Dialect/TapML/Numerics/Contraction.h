//===- Contraction.h - Matrix products with bounds --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_CONTRACTION_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_CONTRACTION_H

#include "EvaluationUtils.h"
#include <cstring>

namespace tapml::detail {

/// A matrix and its elements' errors, which are null if there are none.
/// Neighbours are `rowStride` and `columnStride` apart in all of them; together
/// the elements are all those from the first on.
struct MatrixView {
  /// The elements in float64, or else in f32, at any alignment.
  const double *values = nullptr;
  const char *singles = nullptr;
  const double *bounds = nullptr, *worst = nullptr;
  int64_t rows = 0, columns = 0;
  int64_t rowStride = 0, columnStride = 1;

  /// A matrix within `x`, from element `offset` on.
  static MatrixView get(const Estimate &x, int64_t offset, int64_t rows,
                        int64_t columns, bool isTransposed = false);

  int64_t size() const { return rows * columns; }
  double operator[](int64_t i) const {
    if (values)
      return values[i];
    float single;
    std::memcpy(&single, singles + i * sizeof(single), sizeof(single));
    return single;
  }

  int64_t at(int64_t row, int64_t column) const {
    return row * rowStride + column * columnStride;
  }
};

/// A matrix product and its errors, in row-major order.
struct Product {
  std::vector<double> values, bounds, worst;
};

/// Returns the product of `a` and `b`, computed with `roundings` more roundings
/// than the sum has, and with errors of the factors carried through. Where sums
/// may overflow half-way an element is free.
Product multiply(const Arithmetic &arithmetic, const MatrixView &a,
                 const MatrixView &b, int64_t roundings = 0);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_CONTRACTION_H
