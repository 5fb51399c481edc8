//===- StepWorker.h - The process that runs steps ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Drivers hang and crash. Steps therefore run in a process of their own, which
// is kept from step to step and started again after either. Requests and
// answers are JSON, one line each:
//
//   {"list": true}       -> {"operators": [...], "device": "...", "samples": 6}
//   {"step": {...}}      -> {"next": "encoder.query"} for each operator that is
//                           about to run, then {"report": {...}}
//   anything that fails  -> {"error": "..."}
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_STEPWORKER_H
#define TAPML_LIB_MIGRATION_STEPWORKER_H

#include "MixedModel.h"
#include "tapml/Migration/Migrate.h"
#include "tapml/Migration/Step.h"
#include <sys/types.h>

namespace tapml {

/// What can be known of a model before any step.
struct ModelListing {
  std::vector<PlacedOperator> operators;
  std::string device;
  /// The samples that are run, and the number of input elements of each.
  std::vector<int64_t> samples;
  std::vector<int64_t> sampleSizes;
};

class StepWorker {
public:
  explicit StepWorker(const MigrateJob &job) : job(job) {}
  ~StepWorker() { stop(); }
  StepWorker(const StepWorker &) = delete;
  StepWorker &operator=(const StepWorker &) = delete;

  llvm::Expected<ModelListing> list();

  /// Runs a step. A worker that hangs or dies is a report with that as error,
  /// and the next step gets a new one.
  llvm::Expected<StepReport> run(const StepRequest &request);

  /// How often a worker was started.
  unsigned getNumStarts() const { return starts; }

private:
  enum class Ending { Answered, Died, Hung };

  llvm::Error start();
  void stop();
  /// Sends a line and waits for the answer to it.
  llvm::Expected<Ending> ask(const llvm::json::Value &question,
                             llvm::json::Value &answer, std::string &next);
  /// Reads one line, until `deadline` (seconds of a steady clock).
  Ending readLine(double deadline, std::string &line);
  std::string describeDeath();

  const MigrateJob &job;
  pid_t process = -1;
  int input = -1, output = -1;
  std::string buffered;
  unsigned starts = 0;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_STEPWORKER_H
