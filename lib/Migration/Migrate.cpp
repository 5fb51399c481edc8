//===- Migrate.cpp - Moves a model to a target, step by step --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Migrate.h"
#include "Blame.h"
#include "Migration.h"
#include "Repeat.h"
#include "ReportPage.h"
#include "tapml/Compiler/Package.h"
#include "tapml/Migration/ContentStore.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace tapml;

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

/// Returns what tells one captured model from another.
static Expected<std::string> hashModel(const Package &package) {
  std::string hashes;
  for (const std::string &path :
       {package.graph, joinPath(package.directory, "capture.json")}) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
    if (!buffer)
      return makeError(path + ": " + buffer.getError().message());
    StringRef text = (*buffer)->getBuffer();
    hashes += hashContent(ArrayRef<char>(text.data(), text.size()));
  }
  return hashContent(ArrayRef<char>(hashes.data(), hashes.size()));
}

Error Migration::openState() {
  Expected<Package> package = openPackage(job.package);
  if (!package)
    return package.takeError();
  if (package->directory.empty())
    return makeError(job.package + ": a migration runs the model on its "
                                   "samples; give the captured package, not "
                                   "the graph alone");
  Expected<std::string> hash = hashModel(*package);
  if (!hash)
    return hash.takeError();
  std::string settings = "repeats=" + std::to_string(job.repeats);
  for (int64_t sample : job.samples)
    settings += " sample=" + std::to_string(sample);
  for (const std::string &plugin : job.plugins)
    settings += " plugin=" + plugin;
  for (auto &[point, pipeline] : job.hooks)
    settings += " hook=" + point + ":" + pipeline;
  if (std::error_code error = sys::fs::create_directories(job.output))
    return makeError(job.output + ": " + error.message());
  Expected<std::optional<MigrationState>> loaded =
      MigrationState::load(job.output);
  if (!loaded)
    return makeError(toString(loaded.takeError()) +
                     "; give another -o, or delete the directory to start "
                     "again");
  if (*loaded) {
    StringRef what = (*loaded)->modelHash != *hash     ? "another model"
                     : (*loaded)->target != job.target ? "another target"
                     : (*loaded)->settings != settings ? "other settings"
                                                       : "";
    if (!what.empty())
      return makeError(job.output + " holds the migration of " + what +
                       "; give another -o, or delete it to start again");
    state = std::move(**loaded);
    return Error::success();
  }
  state.model = package->name;
  state.modelHash = std::move(*hash);
  state.target = job.target;
  state.settings = std::move(settings);
  return Error::success();
}

Error Migration::begin() {
  if (!state.operators.empty())
    return Error::success();
  Expected<ModelListing> listing = worker.list();
  if (!listing)
    return listing.takeError();
  state.device = listing->device;
  state.samples = listing->samples;
  state.sampleSizes = listing->sampleSizes;
  for (PlacedOperator &placed : listing->operators) {
    MigrationOperator op;
    op.instance = std::move(placed.instance);
    op.op = std::move(placed.op);
    op.reason = std::move(placed.reason);
    op.operands = std::move(placed.operands);
    op.state =
        placed.movable ? OperatorState::Waiting : OperatorState::Unsupported;
    state.operators.push_back(std::move(op));
  }
  return state.save(job.output);
}

void Migration::noteVerdicts(const StepReport &report, bool isHost) {
  for (const OperatorVerdict &verdict : report.operators)
    if (MigrationOperator *op = state.find(verdict.instance)) {
      if (isHost)
        op->host = verdict;
      else if (verdict.place != "host")
        op->target = verdict;
    }
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Expected<StepReport> Migration::runStep(const StepRequest &request,
                                        StringRef what, int64_t tried) {
  printer.beginStep(state, what, tried);
  double start = readSteadyClock();
  Expected<StepReport> report = worker.run(request);
  if (!report)
    return report.takeError();
  MigrationStep step;
  step.number = int64_t(state.steps.size()) + 1;
  step.what = what.str();
  step.moved = int64_t(request.moved.size());
  step.tried = tried;
  step.passes = report->passes();
  for (const OperatorVerdict &verdict : report->operators)
    if (verdict.share > step.share) {
      step.share = verdict.share;
      step.worst = verdict.instance;
    }
  step.seconds = readSteadyClock() - start;
  state.seconds += step.seconds;
  state.steps.push_back(std::move(step));
  if (Error error = state.save(job.output))
    return std::move(error);
  return report;
}

Error Migration::runHost() {
  StepRequest request;
  request.repeats = job.repeats;
  Expected<StepReport> report = runStep(request, "host", 0);
  if (!report)
    return report.takeError();
  state.hostReport = *report;
  noteVerdicts(*report, /*isHost=*/true);
  printer.endHost(state);
  if (!report->passes()) {
    // What a target is compared with has to be right first.
    Fault fault;
    fault.step = int64_t(state.steps.size());
    fault.report = *report;
    std::vector<const OperatorVerdict *> failed = report->getFailed();
    if (!failed.empty()) {
      fault.instance = failed.front()->instance;
      fault.op = failed.front()->op;
    }
    fault.sentence =
        report->error ? report->error->message
                      : "the host's own code is outside its bounds; there is "
                        "nothing to compare a target with";
    std::string where =
        fault.instance.empty() ? std::string() : " at " + fault.instance;
    if (Error error = noteFault(std::move(fault), ""))
      return error;
    return makeError("the model fails on the host" + where);
  }
  state.phase = "move";
  return state.save(job.output);
}

Error Migration::blame(const std::vector<std::string> &good,
                       const std::vector<std::string> &group,
                       const StepReport &report) {
  int64_t number = int64_t(state.steps.size());
  Blame search(state, good, group, [&](StepRequest request) {
    // What shows one time in many is looked for as often as it was found.
    request.repeats = std::max(request.repeats, job.repeats);
    return runStep(request, "blame", int64_t(group.size()));
  });
  Expected<Fault> fault = search.find(report);
  if (!fault)
    return fault.takeError();
  // Larger samples have other values too.
  if (fault->kind == FaultClass::BeyondSize)
    if (const MigrationOperator *op = state.find(fault->instance)) {
      Expected<bool> bySize = failsBySize(op->targetAlone);
      if (!bySize)
        return bySize.takeError();
      if (!*bySize)
        setKind(*fault, FaultClass::Alone);
    }
  fault->step = number;
  fault->command = makeRepeatCommand(job, *fault);
  // Where only a set is wrong, one of it stays: the last that was added, or
  // the one that writes where others read.
  std::string stays = fault->instance;
  bool isKnown = is_contained(group, stays);
  if (!isKnown)
    stays = group.back();
  if (!isKnown || fault->kind != FaultClass::Overwritten)
    for (const std::string &instance : fault->minimalSet)
      if (is_contained(group, instance))
        stays = instance;
  return noteFault(std::move(*fault), stays);
}

Error Migration::reduce(Fault &fault) {
  bool isOfSet =
      fault.kind == FaultClass::Together || fault.kind == FaultClass::Fused;
  std::vector<const OperatorVerdict *> failed = fault.report.getFailed();
  if (!isOfSet || fault.minimalSet.size() < 2 || failed.empty() ||
      state.tests < 0)
    return Error::success();
  SetRequest request;
  request.instances = fault.minimalSet;
  request.sample = failed.front()->sample;
  request.fused = fault.kind == FaultClass::Fused;
  request.output = "reduced/" + std::to_string(state.faults.size());
  // What an interrupted run may have left.
  if (sys::fs::exists(getPath(request.output)))
    if (std::error_code error = sys::fs::remove_directories(
            getPath(request.output), /*IgnoreErrors=*/false))
      return makeError(getPath(request.output) + ": " + error.message());
  Expected<std::string> file = worker.carve(request);
  if (!file)
    return file.takeError();
  TestRequest test;
  test.target = job.target;
  test.files = {*file};
  // Beside the test: sets may have the same first operator.
  test.evidence = request.output + "/failures";
  if (Error error = worker.test(test, [&](const TestVerdict &verdict) {
        if (verdict.status != "fail")
          return;
        fault.test = verdict.file;
        fault.command = verdict.command;
      }))
    return error;
  if (!fault.test.empty())
    return Error::success();
  sys::fs::remove_directories(getPath(request.output));
  return makeError("without the rest of the model it passes");
}

Error Migration::noteFault(Fault fault, StringRef guilty) {
  if (!fault.step)
    fault.step = int64_t(state.steps.size());
  fault.seconds = state.seconds;
  if (MigrationOperator *op = state.find(guilty)) {
    op->state = OperatorState::Guilty;
    op->step = fault.step;
    op->reason = fault.sentence;
  }
  state.faults.push_back(std::move(fault));
  state.group = 1;
  // The verdict is worth keeping whatever becomes of its test.
  if (Error error = state.save(job.output))
    return error;
  return settle(state.faults.back());
}

Error Migration::settle(Fault &fault) {
  if (Error error = reduce(fault))
    fault.sentence +=
        "; there is no test of the set: " + toString(std::move(error));
  fault.settled = true;
  printer.printFault(state, fault);
  return state.save(job.output);
}

Error Migration::stopAtFault() {
  if (job.keepGoing)
    return Error::success();
  const Fault &fault = state.faults.back();
  return makeError((fault.step ? "step " + Twine(fault.step) : Twine("it")) +
                   " fails at " + fault.instance +
                   "; '--keep-going' leaves it on the host and goes on");
}

Error Migration::move() {
  for (;;) {
    std::vector<std::string> good = state.getInstances(OperatorState::Moved);
    std::vector<std::string> group = state.getInstances(OperatorState::Waiting);
    if (group.empty())
      break;
    if (int64_t(group.size()) > state.group)
      group.resize(state.group);
    StepRequest request;
    request.repeats = job.repeats;
    request.moved = good;
    request.moved.insert(request.moved.end(), group.begin(), group.end());
    Expected<StepReport> report =
        runStep(request, "move", int64_t(group.size()));
    if (!report)
      return report.takeError();
    if (!report->passes()) {
      if (Error error = blame(good, group, *report))
        return error;
      if (Error error = stopAtFault())
        return error;
      continue;
    }
    noteVerdicts(*report, /*isHost=*/false);
    for (const std::string &instance : group) {
      MigrationOperator *op = state.find(instance);
      op->state = OperatorState::Moved;
      op->step = int64_t(state.steps.size());
    }
    state.finalReport = std::move(*report);
    state.group *= 2;
    if (Error error = state.save(job.output))
      return error;
  }
  state.phase = "fuse";
  return state.save(job.output);
}

Error Migration::run() {
  if (Error error = openState())
    return error;
  Error result = advance();
  // What was found out is worth reading however it ended.
  if (state.operators.empty())
    return result;
  printer.end(state);
  return joinErrors(std::move(result),
                    writeFile(getPath("report.html"), makeReportPage(state)));
}

Error Migration::advance() {
  if (Error error = begin())
    return error;
  printer.begin(state);
  if (!state.faults.empty() && !state.faults.back().settled)
    if (Error error = settle(state.faults.back()))
      return error;
  if (state.phase == "carve")
    if (Error error = carve())
      return error;
  if (state.phase == "host-alone")
    if (Error error = testAlone(/*isHost=*/true))
      return error;
  if (state.phase == "alone")
    if (Error error = testAlone(/*isHost=*/false))
      return error;
  if (state.phase == "blame-alone")
    if (Error error = blameAlone())
      return error;
  if (state.phase == "host")
    if (Error error = runHost())
      return error;
  if (state.phase == "move")
    if (Error error = move())
      return error;
  // Again, where an operator goes back to the host.
  while (state.phase != "done")
    if (Error error = state.phase == "fuse" ? fuse() : deployApart())
      return error;
  return finish();
}

Error tapml::migrate(const MigrateJob &job) {
  return job.only.empty() ? Migration(job).run() : repeatStep(job);
}
