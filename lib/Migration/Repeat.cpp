//===- Repeat.cpp - Runs one step of a migration again --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Repeat.h"
#include "MigrationPrinter.h"
#include "StepWorker.h"
#include "Support.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tapml;

std::string tapml::makeRepeatCommand(const MigrateJob &job,
                                     const Fault &fault) {
  if (fault.minimalSet.empty())
    return "";
  std::vector<std::string> words = {"tapml", "migrate", job.package,
                                    "--target=" + job.target};
  if (!job.device.empty())
    words.push_back("--device=" + job.device);
  words.insert(words.end(), {"-o", job.output});
  for (const std::string &plugin : job.plugins)
    words.push_back("--load-pass-plugin=" + plugin);
  for (auto &[point, pipeline] : job.hooks)
    words.push_back("--pipeline-hook=" + point + ":" + pipeline);
  for (int64_t sample : job.samples)
    words.push_back("--sample=" + std::to_string(sample));
  // What is wrong only sometimes shows between runs.
  int64_t repeats = std::max<int64_t>(
      job.repeats, fault.kind == FaultClass::Sometimes ? 2 : 1);
  if (repeats > 1)
    words.push_back("--repeat=" + std::to_string(repeats));
  if (job.validation)
    words.push_back("--validation");
  for (const std::string &instance : fault.minimalSet)
    words.push_back("--only=" + instance);
  for (std::string &word : words)
    word = quoteForShell(word);
  return join(words, " ");
}

Error tapml::repeatStep(const MigrateJob &job) {
  if (std::error_code error = sys::fs::create_directories(job.output))
    return makeError(job.output + ": " + error.message());
  StepWorker worker(job);
  Expected<ModelListing> listing = worker.list();
  if (!listing)
    return listing.takeError();
  for (const std::string &instance : job.only) {
    auto op = find_if(listing->operators,
                      [&](auto &op) { return op.instance == instance; });
    if (op == listing->operators.end())
      return makeError("the model has no operator '" + instance +
                       "'; 'tapml explain' lists them");
    if (!op->movable)
      return makeError("'" + instance + "' cannot move to " + job.target +
                       ": " + op->reason);
  }
  StepRequest request;
  request.moved = job.only;
  request.repeats = job.repeats;
  request.samples = job.samples;
  Expected<StepReport> report = worker.run(request);
  if (!report)
    return report.takeError();
  if (job.json)
    outs() << formatv("{0:2}\n", toJSON(*report));
  else
    MigrationPrinter(/*json=*/false).printRun(*report);
  outs().flush();
  if (report->passes())
    return Error::success();
  return makeError("the model fails with " + Twine(job.only.size()) +
                   (job.only.size() == 1 ? " operator" : " operators") +
                   " on " + job.target);
}
