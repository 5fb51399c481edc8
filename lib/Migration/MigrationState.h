//===- MigrationState.h - What a migration has found out --------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `state.json` in the migration's directory: written whole after every step, so
// that a migration that was killed goes on from there; and what reports are
// made from.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_MIGRATIONSTATE_H
#define TAPML_LIB_MIGRATION_MIGRATIONSTATE_H

#include "tapml/Migration/Step.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace tapml {

/// Why an operator, or a set of them, is wrong on the target.
enum class FaultClass {
  /// Wrong by itself, on the values of the model's own run.
  Alone,
  /// By itself right on every carved test, and wrong in this model.
  InModel,
  /// Each right by itself, wrong when moved together.
  Together,
  /// Right by themselves, wrong in one region.
  Fused,
  /// Equal runs differ.
  Sometimes,
  /// Right for the smaller samples, wrong for the larger.
  BeyondSize,
  /// Runs elsewhere than the plan says, right or wrong.
  Elsewhere,
  /// A value goes to a place where it is already: a copy that no plan has.
  Copied,
  /// A value changed between being made and being used.
  Overwritten,
  /// Right where every step is waited for, wrong where not.
  Unordered,
  /// Does not compile, or the device refuses it.
  Refused,
  /// Does not come to an end, or takes the device or the driver with it.
  Hangs,
  /// Every operator inside its bounds, the model outside its envelope.
  Drift
};

/// The word for it in reports, and a clause for people.
llvm::StringRef stringifyFaultClass(FaultClass kind);
llvm::StringRef describeFaultClass(FaultClass kind);

struct Fault {
  int64_t step = 0;
  /// How long the migration had taken when it was found.
  double seconds = 0;
  /// The operator to look at first.
  std::string instance, op;
  FaultClass kind = FaultClass::Alone;
  /// The smallest set of moved operators that shows it.
  std::vector<std::string> minimalSet;
  /// One sentence for people.
  std::string sentence;
  /// The carved test that fails, of the operator or of the set; empty where
  /// only the model shows it.
  std::string test;
  /// The command that shows it again; empty where there is none.
  std::string command;
  /// The report of the run with the minimal set.
  StepReport report;
  /// Whether the test of its set was made, or cannot be. What is interrupted
  /// before makes it when it goes on.
  bool settled = false;
};

/// What the carved tests of an operator showed, each by itself.
struct AloneVerdict {
  /// "pass", "fail", "error", "hang" or "elsewhere"; empty where it has no
  /// test.
  std::string status;
  int64_t tests = 0, passed = 0;
  /// The largest share of the bound.
  double share = 0;
  /// The first test that does not pass, and what is wrong with it.
  std::string file, message, command;
  llvm::json::Value evidence = nullptr;
  /// Whether that test holds other operators too.
  bool shared = false;
  /// The first test that passes.
  std::string passedFile;

  /// Whether nothing is known to be wrong.
  bool passes() const { return status.empty() || status == "pass"; }
};

/// What became of the carved tests on a place.
struct TestCounts {
  int64_t run = 0, passed = 0;
  /// Those that the place cannot run.
  int64_t unsupported = 0;
};

enum class OperatorState {
  /// Cannot be on the target; the reason says why.
  Unsupported,
  Waiting,
  Moved,
  /// At fault; left on the host.
  Guilty
};

struct MigrationOperator {
  std::string instance, op, reason;
  /// The instances that its operands come from.
  std::vector<std::string> operands;
  OperatorState state = OperatorState::Waiting;
  /// Its carved tests.
  AloneVerdict hostAlone, targetAlone;
  int64_t step = 0;
  /// Of the host's run and of the last run on the target.
  OperatorVerdict host, target;
};

/// One line of the migration's history.
struct MigrationStep {
  int64_t number = 0;
  /// "host", "move", "blame", "fuse" or "final".
  std::string what;
  int64_t moved = 0, tried = 0;
  bool passes = false;
  /// The operator nearest to its bound, and how near.
  std::string worst;
  double share = 0, seconds = 0;
};

struct MigrationState {
  /// The hash of graph and weights, and what else must be the same to go on.
  std::string model, modelHash, target, device, settings;
  /// "carve", "host-alone", "alone", "blame-alone", "host", "move", "fuse",
  /// "final" or "done".
  std::string phase = "carve";
  int64_t group = 1;
  /// The number of carved tests; -1 if the model was not recorded.
  int64_t tests = -1;
  TestCounts hostTests, targetTests;
  /// The samples that are run, and the number of input elements of each.
  std::vector<int64_t> samples, sampleSizes;
  std::vector<MigrationOperator> operators;
  std::vector<MigrationStep> steps;
  std::vector<Fault> faults;
  /// Of the last run: of the host, of the moved, of the final executable.
  StepReport hostReport, finalReport;
  bool fused = false;
  double seconds = 0;

  std::vector<std::string> getInstances(OperatorState state) const;
  MigrationOperator *find(llvm::StringRef instance);

  /// Writes the file; it is whole or the old one.
  llvm::Error save(llvm::StringRef directory) const;
  /// Returns nothing if there is no state yet. Fails if the file cannot be read
  /// or is not what this build writes.
  static llvm::Expected<std::optional<MigrationState>>
  load(llvm::StringRef directory);
};

/// The state as `tapml report --json` prints it.
llvm::json::Value toJSON(const MigrationState &state);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_MIGRATIONSTATE_H
