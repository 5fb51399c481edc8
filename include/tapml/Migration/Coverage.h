//===- Coverage.h - What was carved, and what was not -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_COVERAGE_H
#define TAPML_MIGRATION_COVERAGE_H

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// What a person has to look at.
struct CoverageFlag {
  enum class Kind {
    /// The source lies outside its own bound.
    SourceOutside,
    /// The source's result is not what it must be equal to.
    SourceDiffers,
    /// The framework's float64 evaluation is not the evaluator's.
    OracleInDoubt
  };
  Kind kind;
  int64_t sample = 0, visit = 0;
  /// At how much of its bound the source lies, or where the oracles differ.
  double share = 0;
  std::string text;

  /// Returns the flag as a sentence without a full stop.
  std::string describe() const;
};

/// What became of one operator of the model.
struct OperatorCoverage {
  std::string name;
  std::string op;
  /// What the source executed, what it recorded, and how many different
  /// signatures that had.
  int64_t visits = 0, recorded = 0, signatures = 0;
  /// The tests, as paths from the directory.
  std::vector<std::string> tests;
  /// Why there are fewer tests than visits; empty if there are not.
  std::string why;
  std::vector<CoverageFlag> flags;
  /// The largest share of its own bound at which the source lies; nothing where
  /// results must be equal.
  std::optional<double> sourceShare;
  /// Whether results are correctly rounded, so that this share means nothing.
  bool roundsOnce = true;
};

/// The coverage table of a carving.
struct Coverage {
  std::string model, source;
  unsigned samples = 0;
  /// Whether the recording came to its end.
  bool complete = true;
  std::vector<OperatorCoverage> operators;
  /// Tensors that the tests share, and their bytes.
  uint64_t tensors = 0, bytes = 0;

  /// The number of visits that are no test because their oracle is in doubt.
  unsigned countDoubts() const;
  llvm::json::Value toJSON() const;
  /// Prints the table for a terminal of 80 columns: operators that differ only
  /// in numbers of their names and have equal rows share a row.
  void print(llvm::raw_ostream &os, llvm::StringRef directory) const;
};

} // namespace tapml

#endif // TAPML_MIGRATION_COVERAGE_H
