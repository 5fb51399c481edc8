//===- Migrate.h - Moves a model to a target, step by step ------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_MIGRATE_H
#define TAPML_MIGRATION_MIGRATE_H

#include "tapml/Migration/Step.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>
#include <vector>

namespace tapml {

/// What `tapml migrate` was asked for.
struct MigrateJob {
  /// The captured model.
  std::string package;
  /// The target, as `tapml compile` takes it, and the device it is bound to.
  std::string target, device;
  /// Where the migration keeps its state and its results.
  std::string output;
  /// Pass plugins, and pipelines at extension points.
  std::vector<std::string> plugins;
  std::multimap<std::string, std::string> hooks;
  /// The samples to run; all of them if empty.
  std::vector<int64_t> samples;
  /// Move exactly these operators, run once and judge, in place of a migration.
  std::vector<std::string> only;
  /// Leave operators that fail on the host and go on.
  bool keepGoing = false;
  /// Runs of every step; more than one finds what is wrong only sometimes.
  int64_t repeats = 1;
  /// Milliseconds that the device may take for one submission; 0 takes the
  /// runtime's.
  uint64_t deadlineMs = 0;
  /// Seconds that the worker may be silent: that an operator or a test takes.
  double stepDeadline = 600;
  bool validation = false;
  bool json = false;
};

/// Carries a migration out, or on from where it was interrupted. Prints its
/// progress and its result. Fails where an operator fails (unless it may go
/// on), and for what makes a migration impossible, with one message.
llvm::Error migrate(const MigrateJob &job);

/// Does steps for a migration in another process: requests come in and reports
/// go out, one line each.
int serveSteps(const MigrateJob &job, int input, int output);

} // namespace tapml

#endif // TAPML_MIGRATION_MIGRATE_H
