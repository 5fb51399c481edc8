//===- MigrationPrinter.h - A migration on the terminal ---------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_MIGRATIONPRINTER_H
#define TAPML_LIB_MIGRATION_MIGRATIONPRINTER_H

#include "MigrationState.h"
#include "tapml/Migration/Migrate.h"

namespace tapml {

/// Prints what a migration does: results on the standard output, within 80
/// columns; progress on the error output, if that is a terminal. With `json`
/// only the state at the end is printed.
class MigrationPrinter {
public:
  explicit MigrationPrinter(bool json) : json(json) {}

  void begin(const MigrationState &state);
  void beginStep(const MigrationState &state, llvm::StringRef what,
                 int64_t tried);
  void beginCarving();
  void printUnrecorded();
  /// Tells that `done` of `count` carved tests were run.
  void testAlone(int64_t done, int64_t count);
  /// Prints what became of the carved tests.
  void endAlone(const MigrationState &state, bool isHost);
  void endHost(const MigrationState &state);
  void printFault(const MigrationState &state, const Fault &fault);
  void printSummary(const MigrationState &state, const MigrateJob &job);
  /// Prints what is known of a migration, finished or not.
  void printReport(const MigrationState &state);
  /// Prints the verdicts of one run.
  void printRun(const StepReport &report);

private:
  void clearProgress();
  void printModel(const MigrationState &state);
  void printResult(const MigrationState &state);
  void printTotals(const MigrationState &state);
  bool json;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_MIGRATIONPRINTER_H
