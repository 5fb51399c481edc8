//===- Step.h - One run of a partly moved model -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A migration asks for runs and gets reports. Both travel as JSON between the
// migration and the process that does the work, so that a driver that hangs or
// crashes takes only that process with it; and reports are kept as evidence.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_STEP_H
#define TAPML_MIGRATION_STEP_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// What to compile and to run.
struct StepRequest {
  /// Instances of the operators that run on the target; the others run on the
  /// host.
  std::vector<std::string> moved;
  /// Regions of as many operators as possible, in place of one each.
  bool largest = false;
  /// Samples to run; those of the migration if empty.
  std::vector<int64_t> samples;
  /// Further runs without waiting between steps; their outputs must be those
  /// of the first, bit by bit.
  int64_t repeats = 1;
  /// Where to keep the executable; empty for nowhere.
  std::string output;
};

/// How far the values of one operator are from what they should be.
struct OperatorVerdict {
  std::string instance, op, place;
  /// "pass", "fail" or "proven fault", on live inputs: the worst sample.
  std::string verdict;
  int64_t sample = 0;
  /// Largest share of the bound; 1 and less passes. Null stands for infinite.
  double share = 0;
  int64_t failed = 0, elements = 0;
  /// Samples in which the operator fails.
  std::vector<int64_t> failedSamples;
  /// Root mean square of the distance from the float64 run of the whole model,
  /// and what the envelope allows; in the sample with the largest ratio.
  double drift = 0, envelope = 0;
  int64_t driftSample = 0;
  bool isWithinEnvelope() const { return drift <= envelope; }
  /// Elements, ranges and clusters: what a person needs; null if it passes.
  llvm::json::Value evidence = nullptr;
};

/// An output of the model against the envelope and against the source.
struct OutputVerdict {
  std::string name;
  int64_t sample = 0;
  bool passes = true;
  double drift = 0, envelope = 0;
  /// Largest absolute difference from what the source gave.
  double difference = 0;
};

/// A value that was not the same when it was used as when it was made.
struct ChangedValue {
  std::string producer, consumer;
  int64_t sample = 0;
};

/// An operator that did not run where the plan has it.
struct MisplacedOperator {
  std::string instance, planned, place;
};

/// A value that was moved to a place where it was already.
struct RepeatedTransfer {
  /// The operator that gave it; empty for an input of the model.
  std::string producer;
  std::string place;
};

/// Something that ended a step before it could be judged.
struct StepError {
  /// "compile", "load", "run", "deadline", "device lost", "hang" or "crash".
  std::string kind;
  std::string message;
  /// The operator that it is about, where it names one.
  std::string instance;
};

/// What a run showed.
struct StepReport {
  std::optional<StepError> error;
  std::vector<OperatorVerdict> operators;
  std::vector<OutputVerdict> outputs;
  std::vector<MisplacedOperator> misplaced;
  std::vector<RepeatedTransfer> repeated;
  std::vector<ChangedValue> changed;
  /// Outputs that differ between runs of equal inputs; and those that differ
  /// only where nothing waits between steps.
  std::vector<std::string> unstable, unordered;
  /// Operators that should have given a value and did not.
  std::vector<std::string> missing;
  int64_t transfers = 0, bytesMoved = 0;
  double compileSeconds = 0, loadSeconds = 0, runSeconds = 0, judgeSeconds = 0;

  /// Whether nothing is wrong.
  bool passes() const;
  /// The operators outside their bounds, in the order of the graph.
  std::vector<const OperatorVerdict *> getFailed() const;
  /// The operators outside the envelope.
  std::vector<const OperatorVerdict *> getDrifted() const;
};

llvm::json::Value toJSON(const StepRequest &request);
llvm::json::Value toJSON(const OperatorVerdict &verdict);
llvm::json::Value toJSON(const StepReport &report);
bool fromJSON(const llvm::json::Value &value, StepRequest &request,
              llvm::json::Path path);
bool fromJSON(const llvm::json::Value &value, OperatorVerdict &verdict,
              llvm::json::Path path);
bool fromJSON(const llvm::json::Value &value, StepReport &report,
              llvm::json::Path path);

} // namespace tapml

#endif // TAPML_MIGRATION_STEP_H
