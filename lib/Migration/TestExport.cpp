//===- TestExport.cpp - Tests that run elsewhere --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileIO.h"
#include "Manifest.h"
#include "Safetensors.h"
#include "TapxFile.h"
#include "TestWorker.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tapml;
using Status = TestResult::Status;

/// A view of numbers for a file.
template <typename T> static rt::ByteSpan bytesOf(ArrayRef<T> numbers) {
  return {numbers.data(), numbers.size() * sizeof(T)};
}

llvm::json::Object TestRunner::exportTest(Worker &worker, const TestCase &test,
                                          unsigned number, StringRef bytes,
                                          TestResult &result) {
  llvm::json::Object none;
  std::optional<CarvedTest> data = loadTest(worker, test, result);
  if (!data)
    return none;
  result.status = Status::Error;
  FailureOr<SmallVector<Estimate>> estimates = data->estimate(arithmetic);
  if (failed(estimates)) {
    result.message = "cannot be judged: " + worker.quiet.takeMessages();
    return none;
  }
  // The names of inputs and outputs are the executable's.
  auto file =
      rt::TapxFile::fromBytes({bytes.begin(), bytes.end()}, "test.tapx");
  if (!file.ok()) {
    result.message = file.status().message();
    return none;
  }
  auto manifest =
      rt::Manifest::parse((*file)->find(rt::tapxManifestSection)->data.text());
  if (!manifest.ok()) {
    result.message = manifest.status().message();
    return none;
  }
  std::vector<rt::NamedTensor> tensors;
  auto add = [&](const std::string &name, rt::DType dtype,
                 ArrayRef<int64_t> shape, rt::ByteSpan span) {
    tensors.push_back(
        {name, dtype, rt::Shape(shape.begin(), shape.end()), span});
  };
  for (auto [i, input] : llvm::enumerate(data->getInputs())) {
    std::optional<rt::DType> dtype =
        getRuntimeType(input.getElementType(), result);
    if (!dtype)
      return none;
    add("input." + manifest->inputs[i].name, *dtype, input.getShape(),
        bytesOf(input.getBytes()));
  }
  for (auto [i, estimate] : llvm::enumerate(*estimates)) {
    const std::string &name = manifest->outputs[i].name;
    if (estimate.isFloat())
      add("expect." + name, rt::DType::F64, estimate.getShape(),
          bytesOf(estimate.getFloats()));
    else
      add("expect." + name, rt::DType::I64, estimate.getShape(),
          bytesOf(estimate.getIntegers()));
    if (!estimate.isExact())
      add("bound." + name, rt::DType::F64, estimate.getShape(),
          bytesOf(estimate.getBounds()));
  }
  std::string name = std::to_string(number) + ".safetensors";
  rt::Status status = rt::writeSafetensors(job.exportTo + "/" + name, tensors);
  if (!status.ok()) {
    result.message = status.message();
    return none;
  }
  result.status = Status::Pass;
  return llvm::json::Object{{"data", name}};
}

void TestRunner::exportBody(
    ArrayRef<unsigned> numbers, StringRef executable,
    llvm::function_ref<void(unsigned, TestResult, llvm::json::Object)> report) {
  Worker worker;
  TestResult compiled;
  compiled.status = Status::Error;
  std::string bytes;
  if (TestOp op = findTest(worker, tests[numbers.front()]))
    bytes = compileBody(worker, op, compiled);
  else
    compiled.message = changedMessage;
  if (compiled.status == Status::Pass) {
    rt::Status status =
        rt::writeFileAtomically((job.exportTo + "/" + executable).str(), bytes);
    if (!status.ok()) {
      compiled.status = Status::Error;
      compiled.message = status.message();
    }
  }
  for (unsigned number : numbers) {
    const TestCase &test = tests[number];
    TestResult result = compiled;
    llvm::json::Object entry;
    if (compiled.status == Status::Pass)
      entry = exportTest(worker, test, number, bytes, result);
    if (result.status == Status::Pass)
      entry["executable"] = executable.str();
    else
      entry[result.status == Status::Unsupported ? "unsupported" : "error"] =
          result.message;
    entry["name"] = llvm::sys::path::stem(test.file).str() +
                    (test.index ? ":" + test.symbol : "");
    entry["operator"] = test.op;
    report(number, std::move(result), std::move(entry));
  }
}
