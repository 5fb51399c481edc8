//===- Migration.h - Moves a model to a target, step by step ----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_MIGRATION_H
#define TAPML_LIB_MIGRATION_MIGRATION_H

#include "MigrationPrinter.h"
#include "MigrationState.h"
#include "StepWorker.h"
#include "Support.h"
#include "tapml/Migration/Migrate.h"

namespace tapml {

/// One migration, from what its directory holds to its end.
class Migration {
public:
  explicit Migration(const MigrateJob &job)
      : job(job), worker(job), printer(job.json) {}
  llvm::Error run();

private:
  llvm::Error openState();
  llvm::Error advance();
  llvm::Error begin();
  llvm::Error carve();
  llvm::Error testAlone(bool isHost);
  llvm::Error blameAlone();
  llvm::Error runHost();
  llvm::Error move();
  llvm::Error fuse();
  llvm::Error deployApart();
  llvm::Expected<Fault> blameFused(StepRequest request, StepReport report);
  llvm::Error finish();

  /// Runs a step and adds it to the history.
  llvm::Expected<StepReport> runStep(const StepRequest &request,
                                     llvm::StringRef what, int64_t tried);
  /// Finds out why the step failed, and notes it.
  llvm::Error blame(const std::vector<std::string> &good,
                    const std::vector<std::string> &group,
                    const StepReport &report);
  /// Whether an operator that fails in the larger samples does so for their
  /// size and not for their values. True where no test can tell.
  llvm::Expected<bool> failsBySize(const AloneVerdict &alone);
  /// Carves the test of operators that are wrong together only, and keeps it
  /// where it shows the fault.
  llvm::Error reduce(Fault &fault);
  /// Makes the test of a fault that was noted, if it is of a set.
  llvm::Error settle(Fault &fault);
  /// Notes a fault and leaves its operator, `guilty`, on the host.
  llvm::Error noteFault(Fault fault, llvm::StringRef guilty);
  /// Fails where a migration stops at the first fault.
  llvm::Error stopAtFault();
  void noteVerdicts(const StepReport &report, bool isHost);
  std::string getPath(llvm::StringRef name) const {
    return joinPath(job.output, name);
  }

  const MigrateJob &job;
  StepWorker worker;
  MigrationPrinter printer;
  MigrationState state;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_MIGRATION_H
