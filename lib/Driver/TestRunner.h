//===- TestRunner.h - Compiles, runs and judges tests -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DRIVER_TESTRUNNER_H
#define TAPML_LIB_DRIVER_TESTRUNNER_H

#include "TestReport.h"
#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Driver/Driver.h"
#include "tapml/Migration/CarvedTest.h"
#include <atomic>
#include <map>
#include <mutex>

namespace tapml {

struct QuietContext;

/// Compiles tests for one target and runs them on one device. What is shared is
/// made once; several threads may run tests.
class TestRunner {
public:
  explicit TestRunner(const TestJob &job);
  ~TestRunner();

  /// Checks the target and opens the device.
  llvm::Error open(unsigned threads);

  /// Reads a file's tests.
  llvm::Error read(llvm::StringRef file);

  /// The tests of all files, in order, and those with equal bodies together.
  llvm::ArrayRef<TestCase> getTests() const { return tests; }
  llvm::ArrayRef<std::vector<unsigned>> getBodies() const { return bodies; }

  /// Compiles a body once and runs its tests; `report` is called after each.
  void runBody(llvm::ArrayRef<unsigned> numbers,
               llvm::function_ref<void(unsigned, TestResult)> report);

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

  const TestJob &job;
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

#endif // TAPML_LIB_DRIVER_TESTRUNNER_H
