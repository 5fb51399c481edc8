//===- MixedModel.cpp - A model, part host and part target ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MixedModel.h"
#include "AloneTests.h"
#include "SampleJudge.h"
#include "Support.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <functional>

using namespace mlir;
using namespace tapml;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;
using llvm::raw_string_ostream;
using llvm::zip;

namespace {
/// Adds the time that it lives to a number of seconds.
class Stopwatch {
public:
  explicit Stopwatch(double &seconds) : seconds(seconds) {}
  ~Stopwatch() {
    seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }

private:
  using Clock = std::chrono::steady_clock;
  double &seconds;
  Clock::time_point start = Clock::now();
};
} // namespace

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

/// Appends a diagnostic as compilers print it, without colours.
static void appendDiagnostic(Diagnostic &diagnostic, std::string &messages) {
  raw_string_ostream os(messages);
  if (!messages.empty())
    os << "\n";
  if (auto location =
          diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
    os << location.getFilename().getValue() << ":" << location.getLine() << ":"
       << location.getColumn() << ": ";
  os << diagnostic;
  for (Diagnostic &note : diagnostic.getNotes())
    appendDiagnostic(note, messages);
}

Expected<std::unique_ptr<MixedModel>> MixedModel::open(const MigrateJob &job) {
  std::unique_ptr<MixedModel> model(new MixedModel(job));
  Expected<Package> package = openPackage(job.package);
  if (!package)
    return package.takeError();
  model->package = std::move(*package);
  if (model->package.directory.empty())
    return makeError(job.package + ": a migration runs the model on its "
                                   "samples; give the captured package, not "
                                   "the graph alone");
  prepareContext(model->context);
  model->diagnostics = std::make_unique<ScopedDiagnosticHandler>(
      &model->context, [raw = model.get()](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          appendDiagnostic(diagnostic, raw->messages);
      });
  if (Error error = loadPassPlugins(job.plugins))
    return std::move(error);
  model->graph =
      parseGraph(model->package.graph, model->sourceMgr, model->context);
  if (!model->graph)
    return makeError(model->messages);
  Expected<std::unique_ptr<ModelData>> data =
      ModelData::open(model->package, *model->graph);
  if (!data)
    return data.takeError();
  model->data = std::move(*data);
  model->samples = job.samples;
  for (int64_t i = 0; job.samples.empty() && i < model->data->getNumSamples();
       ++i)
    model->samples.push_back(i);
  for (int64_t sample : model->samples)
    if (sample < 0 || sample >= model->data->getNumSamples())
      return makeError(job.package + ": there is no sample " + Twine(sample) +
                       ", only 0 to " +
                       Twine(model->data->getNumSamples() - 1));
  model->targetPlace = StringRef(job.target).split('=').first.str();
  if (Error error = model->openDevice())
    return std::move(error);
  return std::move(model);
}

std::vector<std::string> MixedModel::getTargetSpecs() const {
  if (targetPlace == kHostPlace)
    return {};
  return {job.target};
}

Error MixedModel::openDevice() {
  if (targetPlace == kHostPlace)
    return Error::success();
  FailureOr<SmallVector<Target>> targets =
      parseTargets(&context, getTargetSpecs());
  if (failed(targets))
    return makeError(messages);
  ProfileAttr profile = targets->front().profile;
  targetArithmetic = Arithmetic::get(profile);
  std::string id =
      job.device.empty() ? getDefaultDevice(job.target, profile) : job.device;
  if (Error error = takeStatus(
          tapml_device_open(id.c_str(), job.validation, device.out())))
    return error;
  deviceName = id;
  return Error::success();
}

std::vector<int64_t> MixedModel::getSampleSizes() const {
  std::vector<int64_t> sizes;
  for (int64_t sample : samples) {
    int64_t size = 0;
    for (const HostTensor &input : data->getSample(sample).inputs)
      size += input.getNumElements();
    sizes.push_back(size);
  }
  return sizes;
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

/// Returns the operators that the operands of `op` come from, directly or
/// through sizes and constants, in the order of first use.
static std::vector<std::string>
findProducers(Operation *op,
              const llvm::DenseMap<Operation *, StringRef> &instances) {
  std::vector<std::string> producers;
  SmallPtrSet<Operation *, 8> seen = {op};
  std::function<void(Operation *)> visit = [&](Operation *user) {
    for (Value operand : user->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!producer || !seen.insert(producer).second)
        continue;
      auto it = instances.find(producer);
      if (it != instances.end())
        producers.push_back(it->second.str());
      else
        visit(producer);
    }
  };
  // Regions use values from outside.
  op->walk<WalkOrder::PreOrder>(visit);
  return producers;
}

Expected<std::vector<PlacedOperator>> MixedModel::listOperators() {
  std::vector<PlacedOperator> operators;
  messages.clear();
  FailureOr<SmallVector<Target>> targets =
      parseTargets(&context, getTargetSpecs());
  if (failed(targets))
    return makeError(messages);
  FailureOr<EffectivePlan> plan =
      placeOperators(*graph, Plan::getDefault(*targets), *targets);
  if (failed(plan))
    return makeError(messages);
  llvm::DenseMap<Operation *, StringRef> instances;
  for (const Placement &placement : plan->placements)
    if (!placement.decision.instances.empty())
      instances[placement.op] = placement.decision.instances.front();
  for (const Placement &placement : plan->placements) {
    PlacedOperator entry;
    if (placement.decision.instances.empty())
      return makeError(package.graph + ": operator '" + placement.decision.op +
                       "' number " + Twine(placement.decision.index) +
                       " has no instance; capture the model again");
    entry.instance = placement.decision.instances.front();
    entry.op = placement.decision.op;
    entry.movable = placement.decision.place != kHostPlace;
    entry.reason = placement.decision.reason;
    entry.operands = findProducers(placement.op, instances);
    operators.push_back(std::move(entry));
  }
  return operators;
}

Expected<std::optional<int64_t>> MixedModel::carve() {
  messages.clear();
  return carveForMigration(job, package, *graph);
}

Expected<std::string> MixedModel::carve(const SetRequest &request) {
  messages.clear();
  return carveSetForMigration(job, package, *graph, request);
}

/// Returns `text` as a glob that matches it alone.
static std::string escapeGlob(StringRef text) {
  std::string glob;
  for (char c : text) {
    if (StringRef("*?[]{}\\").contains(c))
      glob += '\\';
    glob += c;
  }
  return glob;
}

std::string MixedModel::makePlan(const StepRequest &request) const {
  llvm::json::Array rules;
  if (!request.moved.empty()) {
    llvm::json::Array globs;
    for (const std::string &instance : request.moved)
      globs.push_back(escapeGlob(instance));
    rules.push_back(llvm::json::Object{
        {"match", llvm::json::Object{{"instance", std::move(globs)}}},
        {"place", targetPlace}});
  }
  llvm::json::Value plan = llvm::json::Object{{"version", Plan::kVersion},
                                              {"rules", std::move(rules)},
                                              {"default", kHostPlace},
                                              {"unsupported", "error"}};
  return formatv("{0}", plan);
}

//===----------------------------------------------------------------------===//
// Compiling and loading
//===----------------------------------------------------------------------===//

/// Returns the operator that gives each result of each dispatch of `module`,
/// which has been partitioned; empty where it cannot be told. Regions that
/// share an executable list their instances in the order of its operators.
static std::vector<std::vector<std::string>> findResults(ModuleOp module) {
  std::vector<std::vector<std::string>> results;
  SymbolTable symbols(module);
  module.walk([&](DispatchOp dispatch) {
    std::vector<std::string> names(dispatch->getNumResults());
    SmallVector<StringRef> instances;
    if (ArrayAttr attr = dispatch.getInstancesAttr())
      for (auto instance : attr.getAsRange<StringAttr>())
        instances.push_back(instance.getValue());
    auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutable());
    func::FuncOp body;
    for (auto variant : executable.getOps<VariantOp>())
      if (variant.getSymName() == dispatch.getPlace())
        body = variant.lookupSymbol<func::FuncOp>("body");
    if (body) {
      llvm::DenseMap<Operation *, unsigned> position;
      for (Operation &op : body.getOps())
        if (op.hasAttr("instance"))
          position.try_emplace(&op, position.size());
      Operation *terminator = body.getBody().front().getTerminator();
      for (auto [name, value] : zip(names, terminator->getOperands())) {
        auto it = position.find(value.getDefiningOp());
        if (position.size() == instances.size() && it != position.end())
          name = instances[it->second].str();
      }
    }
    results.push_back(std::move(names));
  });
  return results;
}

Error MixedModel::compile(const StepRequest &request) {
  std::string plan = makePlan(request);
  if (compiled && compiled->plan == plan &&
      compiled->largest == request.largest &&
      compiled->output == request.output)
    return Error::success();
  compiled.reset();
  Compiled next = {plan, request.output, request.largest, "", {}};
  messages.clear();
  OwningOpRef<ModuleOp> module(cast<ModuleOp>((*graph)->clone()));
  CompileOptions options;
  options.planJSON = std::move(plan);
  options.targets = getTargetSpecs();
  options.granularity = request.largest ? "largest" : "operator";
  options.hooks = job.hooks;
  options.executables = &executables;
  options.hostObjects = &hostObjects;
  // What is only tried needs code for this processor alone.
  if (request.output.empty())
    options.hostCpus = {"native"};
  StageCallbacks callbacks;
  callbacks.after = [&](Stage stage, ModuleOp module) {
    if (stage != Stage::Partition)
      return success();
    next.results = findResults(module);
    return success();
  };
  TapxOptions tapx;
  tapx.model = package.name;
  tapx.weights = package.weights;
  tapx.samples = package.samplesDir;
  tapx.output = request.output.empty() ? joinPath(job.output, "step.tapx")
                                       : request.output;
  FailureOr<std::string> bytes = failure();
  if (succeeded(runStages(*module, Stage::Binary, options, callbacks)))
    bytes = packExecutable(*module, tapx);
  if (failed(bytes))
    return makeError(messages.empty() ? "the compiler failed without saying why"
                                      : messages);
  next.bytes = std::move(*bytes);
  compiled = std::move(next);
  return Error::success();
}

Expected<std::unique_ptr<ExecutableHandle>>
MixedModel::load(StringRef bytes, StepReport &report) {
  Stopwatch watch(report.loadSeconds);
  tapml_binding binding = {targetPlace.c_str(), nullptr, device.get()};
  tapml_load_options options = {};
  options.struct_size = sizeof(options);
  options.validation = job.validation;
  options.deadline_ms = job.deadlineMs;
  options.bindings = &binding;
  options.num_bindings = device.get() ? 1 : 0;
  std::string path = joinPath(job.output, "step.tapx");
  auto executable = std::make_unique<ExecutableHandle>();
  // Without a moved operator the executable has no such place.
  tapml_status status = tapml_executable_load_memory(
      bytes.data(), bytes.size(), path.c_str(), &options, executable->out());
  if (Error error = takeStatus(status))
    return std::move(error);
  return std::move(executable);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Turns a failed call of the runtime into what ended the step.
static StepError describeFailure(tapml_status status) {
  StepError error;
  switch (tapml_status_get_code(status)) {
  case TAPML_STATUS_DEADLINE_EXCEEDED:
    error.kind = "deadline";
    break;
  case TAPML_STATUS_DEVICE_LOST:
    error.kind = "device lost";
    break;
  default:
    error.kind = "run";
  }
  error.message = tapml_status_get_message(status);
  tapml_status_free(status);
  return error;
}

/// Notes operators of an observed step that ran elsewhere than `moved` asks.
static void checkPlaces(const tapml_observed_step &step,
                        const llvm::StringSet<> &moved, StringRef target,
                        std::vector<MisplacedOperator> &misplaced) {
  for (const char *instance : ArrayRef(step.instances, step.num_instances)) {
    StringRef planned =
        moved.contains(instance) ? target : StringRef(kHostPlace);
    bool isNew = llvm::none_of(misplaced, [&](const MisplacedOperator &op) {
      return op.instance == instance;
    });
    if (planned != step.place && isNew)
      misplaced.push_back({instance, planned.str(), step.place});
  }
}

void MixedModel::runSample(tapml_session session, int64_t sample,
                           const StepRequest &request,
                           const ResultNames &results, Announcer announce,
                           StepReport &report) {
  const Sample &inputs = data->getSample(sample);
  std::vector<tapml_tensor> tensors;
  for (auto [name, tensor] : zip(data->getInputNames(), inputs.inputs))
    tensors.push_back({name.c_str(), getRuntimeType(tensor.getElementType()),
                       tensor.getShape().size(), tensor.getShape().data(),
                       const_cast<char *>(tensor.getBytes().data()),
                       tensor.getBytes().size()});
  SampleJudge judge(*data, sample, results, targetArithmetic, report);
  llvm::StringSet<> moved;
  for (const std::string &instance : request.moved)
    moved.insert(instance);
  auto observe = [&](const tapml_observed_step &step) {
    checkPlaces(step, moved, targetPlace, report.misplaced);
    judge.observe(step);
    announce(judge.getNextInstance());
  };
  announce(judge.getNextInstance());
  ResultHandle observed;
  tapml_status status = nullptr;
  {
    Stopwatch watch(report.runSeconds);
    status = tapml_session_observe(
        session, tensors.data(), tensors.size(),
        [](void *user, const tapml_observed_step *step) {
          (*static_cast<decltype(observe) *>(user))(*step);
          return 0;
        },
        &observe, observed.out());
  }
  if (status) {
    report.error = describeFailure(status);
    report.error->instance = judge.getNextInstance();
    return;
  }
  judge.setOutputs(observed.get());
  for (int64_t run = 0; run < request.repeats; ++run) {
    Stopwatch watch(report.runSeconds);
    ResultHandle again;
    if ((status =
             tapml_session_run(session, tensors.data(), tensors.size(), nullptr,
                               0, TAPML_RUN_DEFAULT, again.out()))) {
      report.error = describeFailure(status);
      return;
    }
    judge.compareRun(again.get());
  }
  Stopwatch watch(report.judgeSeconds);
  messages.clear();
  if (failed(judge.judge(*envelopes)))
    report.error = StepError{"judge", messages, ""};
}

Expected<StepReport> MixedModel::run(const StepRequest &request,
                                     Announcer announce) {
  StepReport report;
  {
    Stopwatch watch(report.compileSeconds);
    if (Error error = compile(request)) {
      report.error = StepError{"compile", toString(std::move(error)), ""};
      return report;
    }
  }
  if (!request.output.empty())
    if (Error error = writeFile(request.output, compiled->bytes))
      return std::move(error);
  Expected<std::unique_ptr<ExecutableHandle>> executable =
      load(compiled->bytes, report);
  if (!executable) {
    report.error = StepError{"load", toString(executable.takeError()), ""};
    return report;
  }
  SessionHandle session;
  if (Error error =
          takeStatus(tapml_session_create((*executable)->get(), session.out())))
    return std::move(error);
  // The envelope is the target's, which promises no more than the host, and the
  // same for all steps, which it is compared with.
  if (!envelopes)
    envelopes = std::make_unique<Envelopes>(*data, targetArithmetic);
  for (int64_t sample : request.samples.empty() ? samples : request.samples) {
    runSample(session.get(), sample, request, compiled->results, announce,
              report);
    if (report.error)
      break;
  }
  return report;
}
