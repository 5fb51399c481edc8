//===- MigrateAlone.cpp - Operators by themselves, first of all -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AloneTests.h"
#include "Blame.h"
#include "Migration.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"

using namespace llvm;
using namespace tapml;

Error Migration::carve() {
  printer.beginCarving();
  double start = readSteadyClock();
  Expected<std::optional<int64_t>> tests = worker.carve();
  if (!tests)
    return tests.takeError();
  state.seconds += readSteadyClock() - start;
  state.tests = tests->value_or(-1);
  state.phase = *tests ? "host-alone" : "host";
  if (!*tests)
    printer.printUnrecorded();
  return state.save(job.output);
}

Error Migration::testAlone(bool isHost) {
  double start = readSteadyClock();
  TestRequest request;
  request.target = isHost ? kHostPlace.str() : job.target;
  TestCounts &counts = isHost ? state.hostTests : state.targetTests;
  counts = {};
  Error error = worker.test(request, [&](const TestVerdict &verdict) {
    noteVerdict(state, verdict, isHost);
    counts.run += verdict.status != "unsupported";
    counts.passed += verdict.status == "pass";
    counts.unsupported += verdict.status == "unsupported";
    printer.testAlone(counts.run + counts.unsupported, state.tests);
  });
  if (error)
    return error;
  state.seconds += readSteadyClock() - start;
  printer.endAlone(state, isHost);
  if (!isHost) {
    state.phase = "blame-alone";
    return state.save(job.output);
  }
  for (const MigrationOperator &op : state.operators) {
    const AloneVerdict &alone = op.hostAlone;
    if (alone.passes())
      continue;
    Fault fault = makeAloneFault(op, alone, "host");
    if (Error error = noteFault(std::move(fault), ""))
      return error;
    return makeError("the model fails on the host at " + op.instance);
  }
  state.phase = "alone";
  return state.save(job.output);
}

Expected<bool> Migration::failsBySize(const AloneVerdict &alone) {
  if (alone.status != "fail" || alone.passedFile.empty())
    return true;
  // The shape that fails with values that pass.
  TestRequest request;
  request.target = job.target;
  request.files = {alone.file};
  request.valuesFrom = alone.passedFile;
  bool passes = false;
  if (Error error = worker.test(request, [&](const TestVerdict &verdict) {
        passes = verdict.status == "pass";
      }))
    return std::move(error);
  return !passes;
}

/// Whether tests give something else when they run again.
static Expected<bool> differsAgain(StepWorker &worker, const MigrateJob &job,
                                   const AloneVerdict &alone) {
  bool differs = false;
  for (int64_t i = 0; i < std::max<int64_t>(2, job.repeats) && !differs; ++i) {
    TestRequest request;
    request.target = job.target;
    request.files = {alone.file};
    if (Error error = worker.test(request, [&](const TestVerdict &verdict) {
          differs |= verdict.status != alone.status ||
                     verdict.evidence != alone.evidence;
        }))
      return std::move(error);
  }
  return differs;
}

Error Migration::blameAlone() {
  for (const MigrationOperator &op : state.operators) {
    const AloneVerdict &alone = op.targetAlone;
    if (alone.passes() || op.state != OperatorState::Waiting)
      continue;
    if (alone.status == "fail") {
      // The running model tells more: its sizes, and whether runs differ.
      StepRequest request;
      request.repeats = job.repeats;
      request.moved = {op.instance};
      Expected<StepReport> report = runStep(request, "blame", 1);
      if (!report)
        return report.takeError();
      if (!report->passes()) {
        if (Error error = blame({}, {op.instance}, *report))
          return error;
        if (Error error = stopAtFault())
          return error;
        continue;
      }
      // One of several operators in the test, and not this one.
      if (alone.shared)
        continue;
    }
    Fault fault = makeAloneFault(op, alone, job.target);
    if (alone.status == "fail") {
      Expected<bool> differs = differsAgain(worker, job, alone);
      if (!differs)
        return differs.takeError();
      if (*differs)
        setKind(fault, FaultClass::Sometimes);
    }
    if (Error error = noteFault(std::move(fault), op.instance))
      return error;
    if (Error error = stopAtFault())
      return error;
  }
  state.phase = "host";
  return state.save(job.output);
}
