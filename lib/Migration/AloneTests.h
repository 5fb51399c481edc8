//===- AloneTests.h - Every operator by itself ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first level of a migration: tests are carved from the records of the
// model and run, each by itself, on the host and on the target.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_ALONETESTS_H
#define TAPML_LIB_MIGRATION_ALONETESTS_H

#include "MigrationState.h"
#include "tapml/Migration/Migrate.h"
#include "tapml/Migration/TestReport.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir {
class ModuleOp;
}

namespace tapml {

class HostObjectCache;
struct Package;

/// Which tests to run.
struct TestRequest {
  /// "host" or the target, as compile options take it.
  std::string target;
  /// Run only the tests in these files; all if empty.
  std::vector<std::string> files;
  /// Tests that were run before.
  std::vector<std::string> skip;
  /// Operators that hang: their other tests would take the device again.
  std::vector<std::string> hung;
  unsigned threads = 0;
  /// A test whose inputs give the others their values; empty for none.
  std::string valuesFrom;
  /// Directory for what failures leave behind, below that of the migration.
  std::string evidence = "failures";
};

/// Which test to carve of operators that are wrong together.
struct SetRequest {
  std::vector<std::string> instances;
  int64_t sample = 0;
  /// Whether they are to be merged into regions.
  bool fused = false;
  /// Directory of the test, below that of the migration.
  std::string output;
};

/// What became of a test.
struct TestVerdict {
  /// The test, from the directory of the migration.
  std::string file;
  /// The operators of the graph that it holds.
  std::vector<std::string> instances;
  /// "pass", "fail", "unsupported", "error", "not run", "hang", "avoided" (all
  /// of its operators hang in another test) or "elsewhere".
  std::string status;
  std::string message;
  /// Runs it again, if it does not pass.
  std::string command;
  /// The largest share of the bound; nothing where results must be equal.
  std::optional<double> share;
  /// Of the first result that fails.
  llvm::json::Value evidence = nullptr;
};

llvm::json::Value toJSON(const TestRequest &request);
llvm::json::Value toJSON(const SetRequest &request);
llvm::json::Value toJSON(const TestVerdict &verdict);
bool fromJSON(const llvm::json::Value &value, TestRequest &request,
              llvm::json::Path path);
bool fromJSON(const llvm::json::Value &value, SetRequest &request,
              llvm::json::Path path);
bool fromJSON(const llvm::json::Value &value, TestVerdict &verdict,
              llvm::json::Path path);

/// Carves the tests of a captured model below the directory of its migration.
/// Returns the number of tests, or nothing if the package has no records.
llvm::Expected<std::optional<int64_t>> carveForMigration(const MigrateJob &job,
                                                         const Package &package,
                                                         mlir::ModuleOp graph);

/// Carves one test of a set of operators and returns its file.
llvm::Expected<std::string> carveSetForMigration(const MigrateJob &job,
                                                 const Package &package,
                                                 mlir::ModuleOp graph,
                                                 const SetRequest &request);

/// Runs carved tests. `begin` hears of a test before it runs, in any thread;
/// `report` of what became of it, in one thread at a time.
llvm::Error runAlone(const MigrateJob &job, const TestRequest &request,
                     HostObjectCache &hostObjects,
                     llvm::function_ref<void(const TestVerdict &)> begin,
                     llvm::function_ref<void(const TestVerdict &)> report);

/// Adds what became of a test to the operators that it holds.
void noteVerdict(MigrationState &state, const TestVerdict &verdict,
                 bool isHost);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_ALONETESTS_H
