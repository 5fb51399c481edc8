//===- StepWorker.h - The process that runs steps ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Drivers hang and crash. Steps therefore run in a process of their own, which
// is kept from step to step and started again after either.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_STEPWORKER_H
#define TAPML_LIB_MIGRATION_STEPWORKER_H

#include "AloneTests.h"
#include "StepProtocol.h"
#include "tapml/Migration/Migrate.h"
#include "tapml/Migration/Step.h"
#include <sys/types.h>

namespace tapml {

class StepWorker {
public:
  explicit StepWorker(const MigrateJob &job) : job(job) {}
  ~StepWorker() { stop(/*waits=*/true); }
  StepWorker(const StepWorker &) = delete;
  StepWorker &operator=(const StepWorker &) = delete;

  llvm::Expected<ModelListing> list();

  /// Runs a step. A worker that hangs or dies is a report with that as error,
  /// and the next step gets a new one.
  llvm::Expected<StepReport> run(const StepRequest &request);

  /// Carves the tests of the model. Returns their number, or nothing if the
  /// model was not recorded.
  llvm::Expected<std::optional<int64_t>> carve();

  /// Carves one test of several operators and returns its file.
  llvm::Expected<std::string> carve(const SetRequest &request);

  /// Runs carved tests; `note` hears of each, once. A test that hangs or takes
  /// the worker or the device with it has the status "hang".
  llvm::Error test(TestRequest request,
                   llvm::function_ref<void(const TestVerdict &)> note);

  /// How often a worker was started.
  unsigned getNumStarts() const { return starts; }

private:
  enum class Ending { Answered, Died, Hung };

  llvm::Error start();
  /// Ends the worker; one that waits for a request may end by itself.
  void stop(bool waits = false);
  /// Sends a line and waits for the answer to it. Lines before the answer are
  /// for `listen`, which says whether it takes them.
  llvm::Expected<Ending> ask(
      const llvm::json::Value &question, llvm::json::Value &answer,
      llvm::function_ref<bool(const llvm::json::Object &)> listen =
          [](const llvm::json::Object &) { return false; });
  /// Asks for something to be carved. Returns the answer.
  llvm::Expected<llvm::json::Value> askForTests(llvm::json::Value question);
  /// Reads one line, until `deadline` (seconds of a steady clock).
  Ending readLine(double deadline, std::string &line);
  std::string describeDeath();
  /// Says how the worker ended, which stops it.
  std::string describeEnd(Ending ending);

  const MigrateJob &job;
  pid_t process = -1;
  int input = -1, output = -1;
  std::string buffered;
  unsigned starts = 0;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_STEPWORKER_H
