//===- Selection.h - Which visits become tests ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_SELECTION_H
#define TAPML_LIB_MIGRATION_SELECTION_H

#include "tapml/Migration/Records.h"
#include "llvm/ADT/Hashing.h"
#include <set>
#include <string>
#include <vector>

namespace tapml {

/// What is remembered of a visit until it is known which ones are kept: any
/// number of visits may go by.
struct VisitSummary {
  int64_t sample = 0;
  /// Position within the sample.
  unsigned index = 0;
  /// Hash of what the operator got.
  size_t values = 0;
  /// The value ranges, on a scale that is linear near zero and logarithmic
  /// beyond.
  std::vector<float> ranges;
};

VisitSummary summarize(const Visit &visit, unsigned index);

/// Returns what visits must agree on to be of one kind, apart from the
/// operator: types and shapes of all values, and the sizes.
std::string getSignature(const Visit &visit);

/// The visits of one operator that have one signature.
struct VisitClass {
  std::vector<VisitSummary> visits;
  /// Visits that got the same values as one before.
  unsigned duplicates = 0;

  void add(VisitSummary summary);
  /// Returns those of at most `keep` visits whose ranges differ most: first the
  /// one with the largest values, then always the one farthest from those
  /// chosen.
  std::vector<VisitSummary> select(unsigned keep) const;

private:
  std::set<size_t> seen;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_SELECTION_H
