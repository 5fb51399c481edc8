//===- TestReport.h - What a run of tests shows -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_TESTREPORT_H
#define TAPML_MIGRATION_TESTREPORT_H

#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// A test as it stands in a file.
struct TestCase {
  std::string file;
  /// The operator that it was carved from.
  std::string symbol;
  /// What the operator is called in the graph.
  std::string op;
  /// Number of the test in its file.
  unsigned index = 0;
  /// The operators of the graph that it holds, by their instances.
  std::vector<std::string> instances;
  /// Whether results are correctly rounded, so that the share of the bound that
  /// they reach means nothing.
  bool roundsOnce = true;
};

/// What became of a test.
struct TestResult {
  enum class Status {
    Pass,
    Fail,
    /// The target cannot run it, and says why.
    Unsupported,
    /// It could not be compiled, run or judged.
    Error,
    /// The device was lost before.
    NotRun
  };
  Status status = Status::NotRun;
  /// Whether the device was lost, or took too long, while it ran.
  bool losesDevice = false;
  /// Whether the compiler put it elsewhere than on the target.
  bool isMisplaced = false;
  /// For people: one line, and what a failing test shows below it.
  std::string message, details;
  /// The command that runs it again, if it does not pass.
  std::string command;
  std::vector<Comparison> comparisons;
  /// The largest share of the bound of all results; nothing where results must
  /// be equal.
  std::optional<double> share;
  double seconds = 0;
};

llvm::StringRef stringifyStatus(TestResult::Status status);

/// Returns what is to be known of a comparison, for reports.
llvm::json::Value describeComparison(const Comparison &comparison);

/// Says in one line what is wrong.
std::string summarizeComparison(const Comparison &comparison);

/// Prints what is wrong with a result: elements, clusters, statistics.
/// `expected` is what the source computed.
void printComparison(llvm::raw_ostream &os, const Comparison &comparison,
                     const HostTensor &expected);

/// A finished run.
struct TestReport {
  std::string place, device;
  std::vector<TestCase> tests;
  std::vector<TestResult> results;
  size_t bodies = 0;
  double seconds = 0;

  /// The number of tests with that status.
  size_t count(TestResult::Status status) const;
  /// Prints the summary: what the target cannot run, then one line.
  void print(llvm::raw_ostream &os) const;
  llvm::json::Value toJSON() const;
  /// Returns the report as JUnit XML.
  std::string toJUnit() const;
};

} // namespace tapml

#endif // TAPML_MIGRATION_TESTREPORT_H
