//===- AloneTests.cpp - Every operator by itself --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AloneTests.h"
#include "JSONNumber.h"
#include "Support.h"
#include "tapml/Compiler/Package.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "tapml/Migration/Carve.h"
#include "tapml/Migration/TestRunner.h"
#include "llvm/Support/FileSystem.h"
#include <thread>

using namespace llvm;
using namespace tapml;

static constexpr StringLiteral kCarvedDirectory = "carved";

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

json::Value tapml::toJSON(const TestRequest &request) {
  return json::Object{
      {"target", request.target},    {"files", request.files},
      {"skip", request.skip},        {"hung", request.hung},
      {"threads", request.threads},  {"values_from", request.valuesFrom},
      {"evidence", request.evidence}};
}

bool tapml::fromJSON(const json::Value &value, TestRequest &request,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("target", request.target) &&
         map.map("files", request.files) && map.map("skip", request.skip) &&
         map.map("hung", request.hung) && map.map("threads", request.threads) &&
         map.map("values_from", request.valuesFrom) &&
         map.map("evidence", request.evidence);
}

json::Value tapml::toJSON(const SetRequest &request) {
  return json::Object{{"instances", request.instances},
                      {"sample", request.sample},
                      {"fused", request.fused},
                      {"output", request.output}};
}

bool tapml::fromJSON(const json::Value &value, SetRequest &request,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("instances", request.instances) &&
         map.map("sample", request.sample) && map.map("fused", request.fused) &&
         map.map("output", request.output);
}

json::Value tapml::toJSON(const TestVerdict &verdict) {
  return json::Object{{"file", verdict.file},
                      {"instances", verdict.instances},
                      {"status", verdict.status},
                      {"message", json::fixUTF8(verdict.message)},
                      {"command", json::fixUTF8(verdict.command)},
                      {"equal", !verdict.share.has_value()},
                      {"share", toNumber(verdict.share)},
                      {"evidence", verdict.evidence}};
}

bool tapml::fromJSON(const json::Value &value, TestVerdict &verdict,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  bool equal = false;
  double share = 0;
  if (!map || !map.map("file", verdict.file) ||
      !map.map("instances", verdict.instances) ||
      !map.map("status", verdict.status) ||
      !map.map("message", verdict.message) ||
      !map.map("command", verdict.command) || !map.map("equal", equal) ||
      !mapNumber(map, "share", share))
    return false;
  if (!equal)
    verdict.share = share;
  if (const json::Value *evidence = value.getAsObject()->get("evidence"))
    verdict.evidence = *evidence;
  return true;
}

//===----------------------------------------------------------------------===//
// Carving and running
//===----------------------------------------------------------------------===//

/// Options to carve tests into `directory`; nothing without records.
static std::optional<CarveOptions> getCarveOptions(const MigrateJob &job,
                                                   const Package &package,
                                                   StringRef directory) {
  if (!sys::fs::exists(joinPath(package.directory, "records")))
    return std::nullopt;
  CarveOptions options;
  options.model = package.name;
  options.directory = package.directory;
  options.graphPath = package.graph;
  options.weightsPath = package.weights;
  options.output = joinPath(job.output, directory);
  options.samples = job.samples;
  return options;
}

Expected<std::string> tapml::carveSetForMigration(const MigrateJob &job,
                                                  const Package &package,
                                                  mlir::ModuleOp graph,
                                                  const SetRequest &request) {
  std::optional<CarveOptions> options =
      getCarveOptions(job, package, request.output);
  if (!options)
    return makeError("the model was captured without records");
  options->samples = {request.sample};
  Expected<std::string> file =
      carveSet(graph, *options, request.instances, request.fused);
  if (!file)
    return file;
  return joinPath(options->output, *file);
}

Expected<std::optional<int64_t>>
tapml::carveForMigration(const MigrateJob &job, const Package &package,
                         mlir::ModuleOp graph) {
  std::optional<CarveOptions> options =
      getCarveOptions(job, package, kCarvedDirectory);
  if (!options)
    return std::nullopt;
  Expected<Coverage> coverage = carveTests(graph, *options);
  if (!coverage)
    return coverage.takeError();
  if (unsigned doubts = coverage->countDoubts())
    return makeError("the framework's float64 evaluation and TapML's do not "
                     "agree on " +
                     Twine(doubts) +
                     " visits; 'tapml carve' says on which of them");
  int64_t count = 0;
  for (const OperatorCoverage &op : coverage->operators)
    count += int64_t(op.tests.size());
  return count;
}

Error tapml::runAlone(const MigrateJob &job, const TestRequest &request,
                      HostObjectCache &hostObjects,
                      function_ref<void(const TestVerdict &)> begin,
                      function_ref<void(const TestVerdict &)> report) {
  TestSettings settings;
  settings.target = request.target;
  if (request.target != kHostPlace)
    settings.device = job.device;
  settings.evidence = joinPath(job.output, request.evidence);
  settings.valuesFrom = request.valuesFrom;
  settings.plugins = job.plugins;
  settings.hooks = job.hooks;
  settings.validation = job.validation;
  settings.deadlineMs = job.deadlineMs;
  settings.hostObjects = &hostObjects;
  unsigned threads = request.threads;
  if (!threads)
    threads = std::max(1u, std::thread::hardware_concurrency());
  TestRunner runner(settings);
  if (Error error = runner.open(threads))
    return error;
  std::vector<std::string> files = request.files;
  if (files.empty())
    if (Error error = findTests(joinPath(job.output, kCarvedDirectory),
                                settings.evidence, files))
      return error;
  for (const std::string &file : files)
    if (Error error = runner.read(file))
      return error;
  StringSet<> skip;
  for (const std::string &file : request.skip)
    skip.insert(file);
  ArrayRef<TestCase> tests = runner.getTests();
  auto makeVerdict = [&](unsigned number) {
    TestVerdict verdict;
    verdict.file = tests[number].file;
    verdict.instances = tests[number].instances;
    return verdict;
  };
  for (auto [number, test] : enumerate(tests)) {
    if (test.instances.empty() || skip.contains(test.file) ||
        !all_of(test.instances, [&](const std::string &instance) {
          return is_contained(request.hung, instance);
        }))
      continue;
    skip.insert(test.file);
    TestVerdict verdict = makeVerdict(unsigned(number));
    verdict.status = "avoided";
    report(verdict);
  }
  runner.run(
      threads, skip, [&](unsigned number) { begin(makeVerdict(number)); },
      [&](unsigned number, TestResult result) {
        TestVerdict verdict = makeVerdict(number);
        verdict.status = result.losesDevice   ? "hang"
                         : result.isMisplaced ? "elsewhere"
                                              : stringifyStatus(result.status);
        verdict.message = std::move(result.message);
        verdict.command = std::move(result.command);
        verdict.share = result.share;
        for (const Comparison &comparison : result.comparisons)
          if (!comparison.passes() && verdict.evidence == nullptr)
            verdict.evidence = describeComparison(comparison);
        report(verdict);
      });
  return Error::success();
}

void tapml::noteVerdict(MigrationState &state, const TestVerdict &verdict,
                        bool isHost) {
  for (const std::string &instance : verdict.instances) {
    MigrationOperator *op = state.find(instance);
    if (!op || verdict.status == "unsupported" || verdict.status == "not run")
      continue;
    AloneVerdict &alone = isHost ? op->hostAlone : op->targetAlone;
    ++alone.tests;
    if (verdict.status == "avoided")
      continue;
    if (verdict.share)
      alone.share = std::max(alone.share, *verdict.share);
    if (verdict.status == "pass") {
      ++alone.passed;
      if (alone.passedFile.empty() || verdict.file < alone.passedFile)
        alone.passedFile = verdict.file;
    } else if (alone.status.empty() || alone.status == "pass" ||
               verdict.file < alone.file) {
      // The first of them, however the threads took turns.
      alone.file = verdict.file;
      alone.shared = verdict.instances.size() > 1;
      alone.message = verdict.message;
      alone.command = verdict.command;
      alone.status = verdict.status;
      alone.evidence = verdict.evidence;
    }
    if (alone.status.empty())
      alone.status = "pass";
  }
}
