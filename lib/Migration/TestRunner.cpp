//===- TestRunner.cpp - Compiles, runs and judges tests -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/TestRunner.h"
#include "Envelope.h"
#include "Support.h"
#include "TestWorker.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <numeric>
#include <thread>

using namespace mlir;
using namespace tapml;
using Status = TestResult::Status;

/// The tests of the file at `path`, and the module that holds them.
static OwningOpRef<ModuleOp> parseTests(QuietContext &quiet, StringRef path,
                                        SmallVectorImpl<TestOp> &tests) {
  ParserConfig config(&quiet.context);
  auto module = parseSourceFile<ModuleOp>(path, config);
  if (module)
    llvm::append_range(tests, module->getOps<TestOp>());
  return module;
}

//===----------------------------------------------------------------------===//
// Target and files
//===----------------------------------------------------------------------===//

TestRunner::TestRunner(const TestSettings &settings)
    : job(settings), reader(std::make_unique<QuietContext>()) {}

TestRunner::~TestRunner() = default;

llvm::Error TestRunner::open(unsigned threads) {
  FailureOr<SmallVector<Target>> targets =
      parseTargets(&reader->context, {job.target});
  if (failed(targets))
    return makeError(reader->takeMessages());
  place = StringRef(job.target).split('=').first.str();
  arithmetic = Arithmetic::get(findTarget(*targets, place)->profile);
  hostThreads = std::max(1u, std::thread::hardware_concurrency() / threads);
  if (place == kHostPlace) {
    if (!job.exportTo.empty())
      return makeError("--export: tests of the host run here only; name a "
                       "target (--target=webgpu)");
    if (!job.device.empty())
      return makeError("--device=" + job.device +
                       ": the host is no device; name a target with one");
    device = kHostPlace.str();
    return llvm::Error::success();
  }
  if (!job.exportTo.empty()) {
    device = job.exportTo;
    return llvm::Error::success();
  }
  device = job.device.empty()
               ? getDefaultDevice(job.target, targets->front().profile)
               : job.device;
  return takeStatus(
      tapml_device_open(device.c_str(), job.validation, deviceHandle.out()));
}

ContentStore *TestRunner::getStore(StringRef file) {
  std::string directory = findStore(file);
  if (directory.empty())
    return nullptr;
  std::unique_ptr<ContentStore> &store = stores[directory];
  if (!store)
    store = std::make_unique<ContentStore>(directory);
  return store.get();
}

llvm::Error TestRunner::read(StringRef file) {
  SmallVector<TestOp> ops;
  OwningOpRef<ModuleOp> module = parseTests(*reader, file, ops);
  if (!module)
    return makeError(reader->takeMessages());
  if (ops.empty())
    return makeError(file + ": holds no 'tapml.test'");
  if (!getStore(file))
    return makeError(file + ": is in no directory that 'tapml carve' made, "
                            "which has the test's tensors");
  std::optional<llvm::GlobPattern> filter;
  if (!job.filter.empty()) {
    llvm::Expected<llvm::GlobPattern> pattern =
        llvm::GlobPattern::create(job.filter);
    if (!pattern)
      return makeError("--filter=" + job.filter + ": " +
                       llvm::toString(pattern.takeError()));
    filter = std::move(*pattern);
  }
  for (auto [index, op] : llvm::enumerate(ops)) {
    if (filter && !filter->match(op.getSymName()) && !filter->match(file))
      continue;
    TestCase test;
    test.file = file.str();
    test.symbol = op.getSymName().str();
    test.index = index;
    test.roundsOnce = roundsOnce(op);
    op.walk([&](TapMLOperator operation) {
      if (!isa<ConstantOp>(operation))
        test.op = operation->getName().stripDialect().str();
      if (std::optional<StringRef> instance = getInstance(operation))
        test.instances.push_back(instance->str());
    });
    std::string body;
    OwningOpRef<ModuleOp> bodyModule = makeBodyModule(op, !job.hooks.empty());
    llvm::raw_string_ostream(body) << *bodyModule << op->hasAttr(kFusedAttr);
    auto [it, inserted] = bodyNumbers.try_emplace(body, bodies.size());
    if (inserted)
      bodies.emplace_back();
    bodies[it->second].push_back(tests.size());
    tests.push_back(std::move(test));
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// Options that put every operator of `test` on the target, or fail.
static CompileOptions getOptions(const TestSettings &job, StringRef place,
                                 TestOp test) {
  CompileOptions options;
  options.hooks = job.hooks;
  options.hostObjects = job.hostObjects;
  // What runs here needs code for this processor alone; what is exported has
  // none of the host.
  options.hostCpus = {"native"};
  options.granularity = test->hasAttr(kFusedAttr) ? "largest" : "operator";
  if (job.target != kHostPlace)
    options.targets = {job.target};
  options.planJSON =
      llvm::formatv(
          "{0}",
          llvm::json::Value(llvm::json::Object{
              {"version", 1}, {"default", place}, {"unsupported", "error"}}))
          .str();
  return options;
}

std::string TestRunner::compileBody(Worker &worker, TestOp test,
                                    TestResult &result) {
  result.status = Status::Error;
  MLIRContext *context = &worker.quiet.context;
  FailureOr<SmallVector<Target>> targets = parseTargets(context, {job.target});
  if (failed(targets)) {
    result.message = worker.quiet.takeMessages();
    return "";
  }
  ProfileAttr profile = findTarget(*targets, place)->profile;
  std::optional<std::string> reason;
  test.walk([&](TapMLOperator op) {
    // Scalar constants are part of the operators that use them.
    if (isClonedConstant(op))
      return;
    if (std::optional<std::string> why = getPlacementReason(op, profile))
      reason = "'" + op->getName().getStringRef().str() + "': " + *why;
  });
  if (reason) {
    result.status = Status::Unsupported;
    result.message = *reason;
    return "";
  }
  OwningOpRef<ModuleOp> module = makeBodyModule(test, !job.hooks.empty());
  TapxOptions tapx;
  tapx.model = "test";
  tapx.output = "test.tapx";
  FailureOr<std::string> bytes = failure();
  if (succeeded(
          runStages(*module, Stage::Binary, getOptions(job, place, test)))) {
    module->walk([&](DispatchOp dispatch) {
      if (dispatch.getPlace() == place)
        return;
      result.isMisplaced = true;
      result.message = describePlaces(dispatch.getPlace(), place);
    });
    if (result.isMisplaced)
      return "";
    bytes = packExecutable(*module, tapx);
  }
  if (failed(bytes)) {
    result.message = "cannot be compiled: " + worker.quiet.takeMessages();
    return "";
  }
  result.status = Status::Pass;
  return *bytes;
}

void TestRunner::loadBody(Worker &worker, StringRef bytes, TestResult &result) {
  tapml_binding binding = {place.c_str(), nullptr, deviceHandle.get()};
  tapml_load_options options = {};
  options.struct_size = sizeof(options);
  options.threads = hostThreads;
  options.validation = job.validation;
  options.deadline_ms = job.deadlineMs;
  options.bindings = &binding;
  options.num_bindings = deviceHandle.get() ? 1 : 0;
  llvm::Error error = takeStatus(
      tapml_executable_load_memory(bytes.data(), bytes.size(), "test.tapx",
                                   &options, worker.executable.out()));
  if (!error)
    error = takeStatus(
        tapml_session_create(worker.executable.get(), worker.session.out()));
  if (error) {
    result.status = Status::Error;
    result.message = "cannot be loaded: " + llvm::toString(std::move(error));
  }
}

TestOp TestRunner::findTest(Worker &worker, const TestCase &test) {
  SmallVector<TestOp> ops;
  worker.module = parseTests(worker.quiet, test.file, ops);
  return worker.module && test.index < ops.size() ? ops[test.index] : TestOp();
}

std::optional<CarvedTest>
TestRunner::loadTest(Worker &worker, const TestCase &test, TestResult &result) {
  result.status = Status::Error;
  TestOp op = findTest(worker, test);
  if (!op) {
    result.message = changedMessage;
    return std::nullopt;
  }
  llvm::Expected<CarvedTest> data =
      CarvedTest::load(op, *stores.at(findStore(test.file)));
  if (!data) {
    result.message = llvm::toString(data.takeError());
    return std::nullopt;
  }
  if (job.valuesFrom.empty())
    return std::move(*data);
  SmallVector<TestOp> others;
  OwningOpRef<ModuleOp> module =
      parseTests(worker.quiet, job.valuesFrom, others);
  if (!module || others.empty()) {
    result.message = worker.quiet.takeMessages();
    if (result.message.empty())
      result.message = job.valuesFrom + ": holds no 'tapml.test'";
    return std::nullopt;
  }
  ContentStore store(findStore(job.valuesFrom));
  llvm::Expected<CarvedTest> other = CarvedTest::load(others.front(), store);
  llvm::Error error = other ? data->takeValues(*other) : other.takeError();
  if (error) {
    result.message = job.valuesFrom + ": " + llvm::toString(std::move(error));
    return std::nullopt;
  }
  return std::move(*data);
}

std::string TestRunner::dumpKernels(Worker &worker, const TestCase &test,
                                    TestOp op) {
  if (job.evidence.empty())
    return "";
  std::string path = joinPath(
      job.evidence,
      (llvm::sys::path::stem(test.file) + "." + place + ".mlir").str());
  OwningOpRef<ModuleOp> module = makeBodyModule(op, /*keepInstances=*/true);
  if (failed(runStages(*module, Stage::Structured, getOptions(job, place, op))))
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << *module << "\n";
  if (llvm::Error error = writeFile(path, text)) {
    // The failure itself is still to be told.
    llvm::consumeError(std::move(error));
    return "";
  }
  return path;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

std::string TestRunner::describeDevice() {
  std::call_once(deviceAsked, [this] {
    char *text = nullptr;
    tapml_status status =
        place == kHostPlace ? nullptr : tapml_list_devices(&text, nullptr);
    if (!status && text) {
      if (llvm::Expected<llvm::json::Value> devices = llvm::json::parse(text)) {
        if (const llvm::json::Array *array = devices->getAsArray())
          for (const llvm::json::Value &value : *array)
            if (const llvm::json::Object *entry = value.getAsObject())
              if (entry->getString("id") == StringRef(device))
                driver = entry->getString("driver").value_or("").str();
      } else {
        llvm::consumeError(devices.takeError());
      }
    }
    // A driver that does not say its name is still the same device.
    tapml_status_free(status);
    tapml_string_free(text);
  });
  return driver.empty() ? device : device + ", " + driver;
}

std::string TestRunner::describeRepeat(const TestCase &test) const {
  std::string command;
  if (place != kHostPlace)
    for (const char *name : {"VK_ICD_FILENAMES", "VK_DRIVER_FILES",
                             "TAPML_WEBGPU_LIBRARY", "TAPML_METAL_STAND_IN"})
      if (const char *value = std::getenv(name))
        command += std::string(name) + "=" + quoteForShell(value) + " ";
  command += "tapml test " + quoteForShell(test.file) + " " +
             quoteForShell("--target=" + job.target);
  if (place != kHostPlace)
    command += " " + quoteForShell("--device=" + device);
  for (const std::string &plugin : job.plugins)
    command += " " + quoteForShell("--load-pass-plugin=" + plugin);
  for (auto &[point, pipeline] : job.hooks)
    command += " " + quoteForShell("--pipeline-hook=" + point + ":" + pipeline);
  if (job.validation)
    command += " --validation";
  if (job.deadlineMs)
    command += " --deadline-ms=" + std::to_string(job.deadlineMs);
  if (!job.valuesFrom.empty())
    command += " " + quoteForShell("--values-from=" + job.valuesFrom);
  if (test.index)
    command += " " + quoteForShell("--filter=" + test.symbol);
  return command;
}

/// What a result with status `code` means for the device.
static bool losesDevice(tapml_status_code code) {
  return code == TAPML_STATUS_DEVICE_LOST ||
         code == TAPML_STATUS_DEADLINE_EXCEEDED;
}

std::optional<rt::DType> tapml::getRuntimeType(Type element,
                                               TestResult &result) {
  std::string type;
  llvm::raw_string_ostream(type) << element;
  std::optional<rt::DType> dtype = rt::parseDType(type);
  if (!dtype)
    result.message = "the runtime has no tensors of " + type;
  return dtype;
}

void TestRunner::runTest(Worker &worker, const TestCase &test,
                         TestResult &result) {
  std::optional<CarvedTest> data = loadTest(worker, test, result);
  if (!data)
    return;
  TestOp op = data->getOp();
  result.status = Status::Error;
  std::vector<tapml_tensor> inputs;
  for (const HostTensor &input : data->getInputs()) {
    std::optional<rt::DType> dtype =
        getRuntimeType(input.getElementType(), result);
    if (!dtype)
      return;
    inputs.push_back({nullptr, static_cast<tapml_dtype>(*dtype),
                      input.getShape().size(), input.getShape().data(),
                      const_cast<char *>(input.getBytes().data()),
                      input.getBytes().size()});
  }
  ResultHandle outputs;
  tapml_status status =
      tapml_session_run(worker.session.get(), inputs.data(), inputs.size(),
                        nullptr, 0, TAPML_RUN_DEFAULT, outputs.out());
  if (status) {
    if (losesDevice(tapml_status_get_code(status)))
      deviceLost = result.losesDevice = true;
    result.message = "cannot be run: " + llvm::toString(takeStatus(status));
    return;
  }
  FailureOr<SmallVector<Estimate>> estimates = data->estimate(arithmetic);
  if (failed(estimates)) {
    result.message = "cannot be judged: " + worker.quiet.takeMessages();
    return;
  }
  result.status = Status::Pass;
  llvm::raw_string_ostream details(result.details);
  for (auto [i, estimate] : llvm::enumerate(*estimates)) {
    tapml_tensor tensor = {};
    if (llvm::Error error =
            takeStatus(tapml_result_output(outputs.get(), i, &tensor))) {
      result.status = Status::Error;
      result.message = llvm::toString(std::move(error));
      return;
    }
    Type element = parseType(rt::name(static_cast<rt::DType>(tensor.dtype)),
                             op.getContext());
    HostTensor got = HostTensor::borrow(
        element, ArrayRef(tensor.shape, tensor.rank),
        ArrayRef(static_cast<const char *>(tensor.data), tensor.bytes));
    Comparison comparison = compare(estimate, got);
    if (!estimate.isExact())
      result.share = std::max(result.share.value_or(0), comparison.worstShare);
    if (!comparison.passes()) {
      details << "  " << test.symbol << " (" << test.op << "), result " << i
              << ":\n";
      printComparison(details, comparison,
                      data->getExpected().empty() ? HostTensor()
                                                  : data->getExpected()[i]);
      if (result.status == Status::Pass)
        result.message = summarizeComparison(comparison);
      result.status = Status::Fail;
    }
    result.comparisons.push_back(std::move(comparison));
  }
  if (result.status == Status::Pass)
    return;
  std::string kernels = dumpKernels(worker, test, op);
  if (!kernels.empty())
    details << "  kernels  " << kernels << "\n";
  details << "  device   " << describeDevice() << "\n";
}

void TestRunner::runBody(
    ArrayRef<unsigned> numbers, llvm::function_ref<void(unsigned)> begin,
    llvm::function_ref<void(unsigned, TestResult)> report) {
  using Clock = std::chrono::steady_clock;
  Worker worker;
  TestResult compiled;
  for (unsigned number : numbers) {
    const TestCase &test = tests[number];
    auto start = Clock::now();
    TestResult result;
    if (deviceLost) {
      result.message = "a test before it lost the device";
    } else {
      begin(number);
      if (compiled.status == Status::NotRun) {
        compiled.status = Status::Error;
        if (TestOp op = findTest(worker, test)) {
          std::string bytes = compileBody(worker, op, compiled);
          if (compiled.status == Status::Pass)
            loadBody(worker, bytes, compiled);
        } else {
          compiled.message = changedMessage;
        }
      }
      if (compiled.status == Status::Pass)
        runTest(worker, test, result);
      else
        result = compiled;
      if (result.status == Status::Fail || result.status == Status::Error) {
        result.command = describeRepeat(test);
        result.details += "  again    " + result.command + "\n";
      }
    }
    result.seconds =
        std::chrono::duration<double>(Clock::now() - start).count();
    report(number, std::move(result));
  }
}

void TestRunner::forEachBody(unsigned threads,
                             llvm::function_ref<void(unsigned)> handle) const {
  // The bodies with most tests first, so that no thread is left with one.
  std::vector<unsigned> order(bodies.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    size_t sizeA = bodies[a].size(), sizeB = bodies[b].size();
    return sizeA != sizeB ? sizeA > sizeB : a < b;
  });
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < order.size();)
      handle(order[i]);
  };
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();
}

void TestRunner::run(unsigned threads, const llvm::StringSet<> &skip,
                     llvm::function_ref<void(unsigned)> begin,
                     llvm::function_ref<void(unsigned, TestResult)> report) {
  std::mutex mutex;
  forEachBody(threads, [&](unsigned body) {
    std::vector<unsigned> numbers;
    for (unsigned number : bodies[body])
      if (!skip.contains(tests[number].file))
        numbers.push_back(number);
    runBody(numbers, begin, [&](unsigned number, TestResult result) {
      std::lock_guard<std::mutex> lock(mutex);
      report(number, std::move(result));
    });
  });
}
