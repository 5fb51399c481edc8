//===- TestRunner.h - Compiles, runs and judges tests -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_TESTRUNNER_H
#define TAPML_MIGRATION_TESTRUNNER_H

#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Migration/CarvedTest.h"
#include "tapml/Migration/TestReport.h"
#include "tapml/Migration/TestSettings.h"
#include "llvm/ADT/StringSet.h"
#include <atomic>
#include <map>
#include <mutex>

namespace tapml {

struct QuietContext;

/// Compiles tests for one target and runs them on one device. What is shared is
/// made once; several threads may run tests.
class TestRunner {
public:
  explicit TestRunner(const TestSettings &settings);
  ~TestRunner();

  /// Checks the target and opens the device.
  llvm::Error open(unsigned threads);

  /// Reads a file's tests.
  llvm::Error read(llvm::StringRef file);

  /// The tests of all files, in order, and those with equal bodies together.
  llvm::ArrayRef<TestCase> getTests() const { return tests; }
  llvm::ArrayRef<std::vector<unsigned>> getBodies() const { return bodies; }

  /// Runs all tests but those whose files `skip` names, in `threads` threads.
  /// `report` is called after each, in one thread at a time; `begin` before
  /// each, in any.
  void run(unsigned threads, const llvm::StringSet<> &skip,
           llvm::function_ref<void(unsigned)> begin,
           llvm::function_ref<void(unsigned, TestResult)> report);

  /// Calls `handle` for every body, with its number, in `threads` threads.
  void forEachBody(unsigned threads,
                   llvm::function_ref<void(unsigned)> handle) const;

  /// Compiles a body once and writes it as `executable` in the directory of the
  /// job, and each of its tests' data beside it. `report` is called for every
  /// test with its entry in the directory's list; status and message are those
  /// of the compilation.
  void
  exportBody(llvm::ArrayRef<unsigned> numbers, llvm::StringRef executable,
             llvm::function_ref<void(unsigned, TestResult, llvm::json::Object)>
                 report);

  /// The target's name and the device, for people.
  llvm::StringRef getPlace() const { return place; }
  const std::string &getDevice() const { return device; }

private:
  struct Worker;
  /// Compiles a body once and runs its tests.
  void runBody(llvm::ArrayRef<unsigned> numbers,
               llvm::function_ref<void(unsigned)> begin,
               llvm::function_ref<void(unsigned, TestResult)> report);
  /// The body's executable; empty when `result` says why there is none.
  std::string compileBody(Worker &worker, TestOp test, TestResult &result);
  void loadBody(Worker &worker, llvm::StringRef bytes, TestResult &result);
  /// Reads a test; null when it is gone. The worker keeps the one it has read
  /// last.
  TestOp findTest(Worker &worker, const TestCase &test);
  /// The same with its data; nothing when `result` says why not.
  std::optional<CarvedTest> loadTest(Worker &worker, const TestCase &test,
                                     TestResult &result);
  llvm::json::Object exportTest(Worker &worker, const TestCase &test,
                                unsigned number, llvm::StringRef bytes,
                                TestResult &result);
  void runTest(Worker &worker, const TestCase &test, TestResult &result);
  std::string dumpKernels(Worker &worker, const TestCase &test, TestOp op);
  /// The device with its driver. Asks for it once: that takes a moment.
  std::string describeDevice();
  std::string describeRepeat(const TestCase &test) const;
  ContentStore *getStore(llvm::StringRef file);

  const TestSettings &job;
  std::string place, device, driver;
  std::once_flag deviceAsked;
  /// What the target's profile promises.
  Arithmetic arithmetic;
  std::unique_ptr<QuietContext> reader;
  DeviceHandle deviceHandle;
  unsigned hostThreads = 1;
  std::vector<TestCase> tests;
  std::vector<std::vector<unsigned>> bodies;
  std::map<std::string, unsigned> bodyNumbers;
  std::map<std::string, std::unique_ptr<ContentStore>> stores;
  std::atomic<bool> deviceLost = false;
};

} // namespace tapml

#endif // TAPML_MIGRATION_TESTRUNNER_H
