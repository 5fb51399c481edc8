//===- Compare.h - Whether a tensor is what it should be --------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_NUMERICS_COMPARE_H
#define TAPML_DIALECT_TAPML_NUMERICS_COMPARE_H

#include "tapml/Dialect/TapML/Numerics/Estimate.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tapml {

/// The range of a tensor's elements. Saturation that is absorbed further down
/// shows here first.
struct RangeStats {
  int64_t elements = 0;
  /// Of the finite elements; nothing if there are none.
  std::optional<double> min, max, mean, variance, largestMagnitude;
  /// Of floating-point tensors.
  int64_t subnormals = 0, nan = 0, infinities = 0;

  static RangeStats get(const HostTensor &tensor);
  /// The statistics of the oracle's values, before they are rounded.
  static RangeStats get(const Estimate &estimate);
};

enum class Verdict {
  Pass,
  /// Outside the probabilistic bound.
  Fail,
  /// Outside the worst-case bound: no rounding explains it.
  ProvenFault
};

llvm::StringRef stringifyVerdict(Verdict verdict);

/// One element of a comparison.
struct ElementComparison {
  llvm::SmallVector<int64_t, 4> index;
  /// Integers beyond 2^53 are rounded; `expectedText` and `gotText` are exact.
  double expected = 0.0, got = 0.0;
  std::string expectedText, gotText;
  double bound = 0.0, worst = 0.0;
  /// |got - expected| in units in the last place of the element type, or plain
  /// for integers; infinite where one is not finite.
  double ulps = 0.0;
  /// |got - expected| / bound, and of the worst-case bound; infinite where
  /// there is no error to allow.
  double share = 0.0, shareOfWorst = 0.0;
};

/// How a tensor compares with what it should be.
struct Comparison {
  Verdict verdict = Verdict::Pass;
  /// Why the tensors cannot be compared element by element: their shapes or
  /// types differ. Empty if they can.
  std::string mismatch;

  int64_t elements = 0;
  /// Elements outside the bound, of these outside the worst-case bound, and
  /// elements that may be anything.
  int64_t failed = 0, proven = 0, free = 0;
  /// The largest share of the bound, and of the worst-case bound, of all
  /// elements: at most 1 if they pass.
  double worstShare = 0.0, worstShareOfWorst = 0.0;

  /// The element with the largest share, if there are any; of the failed ones,
  /// the first and those with the largest shares (at most `Limit`), in falling
  /// order.
  static constexpr unsigned Limit = 8;
  std::optional<ElementComparison> worst, first;
  llvm::SmallVector<ElementComparison, 0> worstFailed;

  /// What the failed elements have in common, as sentences without a full
  /// stop, such as "all in column 383, the last".
  std::vector<std::string> clusters;

  RangeStats expectedRange, gotRange;

  bool passes() const { return verdict == Verdict::Pass; }
};

/// Compares `got` with what it should be. A value that is not finite must be
/// exactly that; one whose bound reaches the largest finite number of the type
/// may be infinite; without bounds elements must be equal.
Comparison compare(const Estimate &expected, const HostTensor &got);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_NUMERICS_COMPARE_H
