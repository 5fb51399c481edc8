//===- Blame.h - Which operator is wrong, and how ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_BLAME_H
#define TAPML_LIB_MIGRATION_BLAME_H

#include "MigrationState.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <functional>

namespace tapml {

using StepRunner =
    std::function<llvm::Expected<StepReport>(const StepRequest &)>;

/// Returns a smallest subset of `set` for which `fails` still holds: leaving
/// out any one of its elements makes it pass. `fails(set)` holds and
/// `fails({})` does not. The order of `set` is kept.
///
/// The algorithm is ddmin (Zeller and Hildebrandt 2002, "Simplifying and
/// Isolating Failure-Inducing Input").
llvm::Expected<std::vector<std::string>> minimizeSet(
    std::vector<std::string> set,
    llvm::function_ref<llvm::Expected<bool>(const std::vector<std::string> &)>
        fails);

/// Returns what is wrong with an operator that fails: "512 of 12288 elements
/// are outside the bound, by up to 8e+05 times; all in rows 16-31".
std::string describeVerdict(const OperatorVerdict &verdict);

/// "what encoder.query gives drifts by 2e-05 in sample 1, in a sound run by up
/// to 1e-05".
std::string describeDrift(const OperatorVerdict &verdict);
std::string describeDrift(const OutputVerdict &output);

/// "what encoder.query gave is copied to vulkan, where it is already".
std::string describeCopy(const RepeatedTransfer &transfer);

/// Returns the fault of an operator that fails in a carved test of its own.
Fault makeAloneFault(const MigrationOperator &op, const AloneVerdict &alone,
                     llvm::StringRef place);

/// Gives a fault another class, with its sentence.
void setKind(Fault &fault, FaultClass kind);

/// Finds out what is wrong after a step failed.
class Blame {
public:
  /// `good` were moved before and `group` was added by the step.
  Blame(const MigrationState &state, std::vector<std::string> good,
        std::vector<std::string> group, StepRunner run)
      : state(state), good(std::move(good)), group(std::move(group)),
        run(std::move(run)) {}

  llvm::Expected<Fault> find(const StepReport &report);

private:
  /// What must be seen again for a run to show the same fault.
  struct Symptom {
    enum class Kind {
      Error,
      Misplaced,
      Copied,
      Operator,
      Overwritten,
      Unordered,
      Unstable,
      Drift
    };
    Kind kind;
    /// The operator or the output; of drift, no matter where.
    std::string name;
  };

  static Symptom getSymptom(const StepReport &report);
  static bool shows(const StepReport &report, const Symptom &symptom);
  llvm::Expected<StepReport> runMoved(const std::vector<std::string> &moved,
                                      int64_t repeats = 1);
  llvm::Expected<std::vector<std::string>> minimize(const Symptom &symptom,
                                                    StepReport &report);
  llvm::Expected<FaultClass> classify(const Symptom &symptom,
                                      const std::vector<std::string> &minimal,
                                      const StepReport &report);
  llvm::Expected<bool> isUnstable(const std::vector<std::string> &moved,
                                  const Symptom &symptom,
                                  const StepReport &report);

  const MigrationState &state;
  std::vector<std::string> good, group;
  StepRunner run;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_BLAME_H
