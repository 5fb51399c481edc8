//===- Repeat.h - Runs one step of a migration again ------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_REPEAT_H
#define TAPML_LIB_MIGRATION_REPEAT_H

#include "MigrationState.h"
#include "tapml/Migration/Migrate.h"

namespace tapml {

/// Returns the command that shows `fault` again, for a shell; empty where there
/// is no set of operators to move.
std::string makeRepeatCommand(const MigrateJob &job, const Fault &fault);

/// Runs the model with the operators `job.only` on the target and prints the
/// verdicts. Leaves the state of the migration alone. Fails where the run does
/// not pass.
llvm::Error repeatStep(const MigrateJob &job);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_REPEAT_H
