//===- Test.cpp - Runs carved tests ---------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileIO.h"
#include "Output.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Driver/Driver.h"
#include "tapml/Migration/TestRunner.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <numeric>
#include <thread>

using namespace llvm;
using namespace tapml;
using Status = TestResult::Status;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

/// Shows how far it is, on a terminal.
static void showProgress(size_t done, size_t count, size_t failed) {
  raw_ostream &os = errs();
  if (!os.is_displayed())
    return;
  os << "\r\x1b[K";
  if (done < count) {
    os << "testing: " << done << " of " << count;
    if (failed)
      os << ", " << failed << " failed";
  }
  os.flush();
}

static Error readTests(const TestJob &job, TestRunner &runner) {
  std::vector<std::string> files;
  for (StringRef path : job.paths) {
    if (!sys::fs::exists(path))
      return makeError(path + ": no such file or directory");
    if (!sys::fs::is_directory(path))
      files.push_back(path.str());
    else if (Error error =
                 findTests(path.rtrim('/'), job.settings.evidence, files))
      return error;
  }
  for (const std::string &file : files)
    if (Error error = runner.read(file))
      return error;
  if (runner.getTests().empty())
    return makeError("--filter=" + job.settings.filter +
                     " matches none of the tests in " + Twine(files.size()) +
                     " files");
  return Error::success();
}

/// Writes all tests to a directory. What the target cannot run is in its list
/// with the reason; fails when something else cannot be written.
static LogicalResult exportTests(const TestJob &job, TestRunner &runner,
                                 unsigned threads) {
  if (std::error_code code = sys::fs::create_directories(job.settings.exportTo))
    return fail(job.settings.exportTo + ": " + code.message());
  std::vector<json::Object> entries(runner.getTests().size());
  size_t written = 0, unsupported = 0, failures = 0;
  std::mutex mutex;
  runner.forEachBody(threads, [&](unsigned body) {
    runner.exportBody(
        runner.getBodies()[body], std::to_string(body) + ".tapx",
        [&](unsigned number, TestResult result, json::Object entry) {
          std::lock_guard<std::mutex> lock(mutex);
          entries[number] = std::move(entry);
          if (result.status == Status::Pass) {
            ++written;
          } else if (result.status == Status::Unsupported) {
            ++unsupported;
          } else {
            ++failures;
            outs() << "ERROR " << runner.getTests()[number].file << " on "
                   << runner.getPlace() << "\n  " << result.message << "\n";
          }
        });
  });
  // Tests of one executable follow each other: the page loads it once.
  json::Array list;
  for (const std::vector<unsigned> &numbers : runner.getBodies())
    for (unsigned number : numbers)
      list.push_back(std::move(entries[number]));
  std::string text;
  raw_string_ostream os(text);
  os << formatv("{0:2}", json::Value(json::Object{{"version", 1},
                                                  {"tests", std::move(list)}}))
     << "\n";
  SmallString<256> path(job.settings.exportTo);
  sys::path::append(path, "tests.json");
  rt::Status status = rt::writeFileAtomically(path.str().str(), text);
  if (!status.ok())
    return fail(status.message());
  outs() << job.settings.exportTo << ": " << written << " tests for "
         << runner.getPlace();
  if (unsupported)
    outs() << ", " << unsupported << " that it cannot run";
  if (failures)
    outs() << ", " << failures << " with errors";
  outs() << "\n";
  return success(!failures);
}

LogicalResult tapml::test(const TestJob &job) {
  auto start = std::chrono::steady_clock::now();
  unsigned threads = job.jobs ? job.jobs : std::thread::hardware_concurrency();
  threads = std::max(1u, threads);
  if (Error error = loadPassPlugins(job.settings.plugins))
    return fail(toString(std::move(error)));
  TestRunner runner(job.settings);
  if (Error error = runner.open(threads))
    return fail(toString(std::move(error)));
  if (Error error = readTests(job, runner))
    return fail(toString(std::move(error)));
  if (!job.settings.exportTo.empty())
    return exportTests(job, runner, threads);

  TestReport report;
  report.place = runner.getPlace().str();
  report.device = runner.getDevice();
  report.tests = runner.getTests();
  report.results.resize(report.tests.size());
  report.bodies = runner.getBodies().size();
  size_t done = 0, failures = 0;
  auto note = [&](unsigned number, TestResult result) {
    bool bad = result.status == Status::Fail || result.status == Status::Error;
    failures += bad;
    showProgress(0, 0, 0);
    if (bad && !job.json) {
      outs() << (result.status == Status::Fail ? "FAIL " : "ERROR ")
             << report.tests[number].file << " on " << report.place << "\n";
      if (result.status == Status::Error)
        outs() << "  " << result.message << "\n";
      outs() << result.details << "\n";
      outs().flush();
    }
    report.results[number] = std::move(result);
    showProgress(++done, report.tests.size(), failures);
  };
  runner.run(threads, /*skip=*/{}, [](unsigned) {}, note);
  showProgress(0, 0, 0);
  report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  if (!job.junit.empty()) {
    rt::Status status = rt::writeFileAtomically(job.junit, report.toJUnit());
    if (!status.ok())
      return fail(status.message());
  }
  if (job.json) {
    printReadableJson(report.toJSON(), outs());
    outs() << "\n";
  } else {
    report.print(outs());
  }
  outs().flush();
  return success(!failures && !report.count(Status::NotRun));
}
