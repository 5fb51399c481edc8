//===- MigrateDeployment.cpp - What has moved, in regions -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blame.h"
#include "Migration.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace tapml;

/// Finds the smallest set of moved operators whose regions are wrong.
Expected<Fault> Migration::blameFused(StepRequest request, StepReport report) {
  Fault fault;
  fault.step = int64_t(state.steps.size());
  fault.kind = FaultClass::Fused;
  fault.report = std::move(report);
  request.output.clear();
  auto fails = [&](const std::vector<std::string> &moved) -> Expected<bool> {
    request.moved = moved;
    Expected<StepReport> next =
        runStep(request, "blame", int64_t(moved.size()));
    if (!next)
      return next.takeError();
    if (next->passes())
      return false;
    fault.report = std::move(*next);
    return true;
  };
  Expected<std::vector<std::string>> minimal =
      minimizeSet(request.moved, fails);
  if (!minimal)
    return minimal.takeError();
  fault.minimalSet = std::move(*minimal);
  if (!fault.report.misplaced.empty()) {
    fault.instance = fault.report.misplaced.front().instance;
    if (const MigrationOperator *op = state.find(fault.instance))
      fault.op = op->op;
    setKind(fault, FaultClass::Elsewhere);
    return fault;
  }
  // Of a region that is wrong, the operator whose value can be seen.
  fault.instance = fault.minimalSet.back();
  std::vector<const OperatorVerdict *> failed = fault.report.getFailed();
  if (!failed.empty())
    fault.instance = failed.front()->instance;
  if (const MigrationOperator *op = state.find(fault.instance))
    fault.op = op->op;
  fault.sentence = "every operator is right by itself; merged into regions, " +
                   fault.instance + " is not";
  if (fault.minimalSet.size() > 1)
    fault.sentence += ", with " + join(drop_end(fault.minimalSet), ", ");
  if (fault.report.error)
    fault.sentence += ": " + fault.report.error->message;
  return fault;
}

Error Migration::fuse() {
  StepRequest request;
  request.repeats = job.repeats;
  request.moved = state.getInstances(OperatorState::Moved);
  request.largest = true;
  request.output = getPath(state.model + ".tapx");
  Expected<StepReport> report =
      runStep(request, "fuse", int64_t(request.moved.size()));
  if (!report)
    return report.takeError();
  state.fused = report->passes();
  if (!state.fused) {
    Expected<Fault> fault = blameFused(request, std::move(*report));
    if (!fault)
      return fault.takeError();
    // It is not looked for again.
    state.phase = "final";
    return noteFault(std::move(*fault), "");
  }
  state.finalReport = std::move(*report);
  state.phase = "done";
  return state.save(job.output);
}

/// One region per operator was right, so that is what is deployed.
Error Migration::deployApart() {
  StepRequest request;
  request.repeats = job.repeats;
  request.moved = state.getInstances(OperatorState::Moved);
  request.output = getPath(state.model + ".tapx");
  Expected<StepReport> report =
      runStep(request, "final", int64_t(request.moved.size()));
  if (!report)
    return report.takeError();
  if (!report->passes()) {
    // Not again: the operator stays on the host, and the rest is tried anew.
    state.phase = "fuse";
    if (Error error = blame({}, request.moved, *report))
      return error;
    return stopAtFault();
  }
  state.finalReport = std::move(*report);
  state.phase = "done";
  return state.save(job.output);
}

Error Migration::finish() {
  // The plan that leads to the same executable.
  json::Array instances;
  for (const MigrationOperator &op : state.operators)
    if (op.state == OperatorState::Moved)
      instances.push_back(op.instance);
  StringRef place = StringRef(job.target).split('=').first;
  json::Array rules;
  if (!instances.empty())
    rules.push_back(json::Object{
        {"match", json::Object{{"instance", std::move(instances)}}},
        {"place", place},
        {"why", "verified by tapml migrate"}});
  json::Value plan = json::Object{{"version", 1},
                                  {"rules", std::move(rules)},
                                  {"default", "host"},
                                  {"unsupported", "error"}};
  if (Error error =
          writeFile(getPath("plan.json"), formatv("{0:2}\n", plan).str()))
    return error;
  printer.printSummary(state, job);
  if (!state.faults.empty() && !job.keepGoing)
    return makeError(Twine(state.faults.size()) + " faults were found");
  return Error::success();
}
