//===- Driver.cpp - The command line of the tapml tool ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Driver/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace tapml;

namespace {

cl::SubCommand compileCommand("compile",
                              "Compile a captured model to an executable");
cl::SubCommand explainCommand("explain",
                              "Say where each operator runs, and why");
cl::SubCommand runCommand("run", "Run an executable");
cl::SubCommand devicesCommand("devices", "List the devices of this machine");

//===----------------------------------------------------------------------===//
// tapml compile, tapml explain
//===----------------------------------------------------------------------===//

cl::opt<std::string> package(cl::Positional, cl::Required,
                             cl::desc("<model.tapml or graph.mlir>"),
                             cl::sub(compileCommand), cl::sub(explainCommand));
cl::opt<std::string> compileOutput("o", cl::desc("Output file"),
                                   cl::value_desc("file"),
                                   cl::sub(compileCommand));
cl::list<std::string> targets(
    "target", cl::desc("Target: NAME, NAME=PRESET or NAME=PROFILE.json"),
    cl::value_desc("target"), cl::sub(compileCommand), cl::sub(explainCommand));
cl::opt<std::string> plan("plan", cl::desc("Plan: which operator runs where"),
                          cl::value_desc("file.json"), cl::sub(compileCommand),
                          cl::sub(explainCommand));
cl::opt<std::string> granularity(
    "granularity", cl::desc("Regions: 'operator' (one each) or 'largest'"),
    cl::init("largest"), cl::sub(compileCommand), cl::sub(explainCommand));
cl::opt<std::string> effectivePlan(
    "effective-plan",
    cl::desc("Write the place of every operator, with its reason"),
    cl::value_desc("file.json"), cl::sub(compileCommand),
    cl::sub(explainCommand));
cl::opt<std::string> hostTriple("host-triple",
                                cl::desc("Triple of the host code"),
                                cl::sub(compileCommand));
cl::list<std::string> hostCpus("host-cpu",
                               cl::desc("CPU levels of the host code"),
                               cl::CommaSeparated, cl::sub(compileCommand));
cl::opt<std::string>
    stopAfter("stop-after", cl::desc("Stop after this stage and write its IR"),
              cl::value_desc("stage"), cl::sub(compileCommand));
cl::opt<std::string>
    dumpDir("dump-intermediates",
            cl::desc("Write the IR after every stage and every binary"),
            cl::value_desc("directory"), cl::sub(compileCommand));
cl::list<std::string> plugins("load-pass-plugin",
                              cl::desc("Load passes from a shared object"),
                              cl::value_desc("file.so"),
                              cl::sub(compileCommand), cl::sub(explainCommand));
cl::list<std::string>
    hooks("pipeline-hook",
          cl::desc("Run passes at an extension point: POINT:PIPELINE"),
          cl::value_desc("hook"), cl::sub(compileCommand));
cl::opt<bool> timing("timing", cl::desc("Print the time of each pass"),
                     cl::sub(compileCommand));

//===----------------------------------------------------------------------===//
// tapml run
//===----------------------------------------------------------------------===//

cl::opt<std::string> executable(cl::Positional, cl::Required,
                                cl::desc("<model.tapx>"), cl::sub(runCommand));
cl::opt<int> sample("sample",
                    cl::desc("Run this recorded sample and compare with the "
                             "source's outputs"),
                    cl::init(-1), cl::value_desc("number"),
                    cl::sub(runCommand));
cl::list<std::string> inputs("input", cl::desc("An input: NAME=FILE.npy"),
                             cl::value_desc("input"), cl::sub(runCommand));
cl::opt<std::string> runOutput("output", cl::desc("Write all outputs"),
                               cl::value_desc("file.npz"), cl::sub(runCommand));
cl::list<std::string> devices("device",
                              cl::desc("Device of the target, or PLACE=DEVICE"),
                              cl::value_desc("device"), cl::sub(runCommand));
cl::opt<std::string> weights("weights",
                             cl::desc("Weights file, if not where the "
                                      "executable says"),
                             cl::value_desc("file.safetensors"),
                             cl::sub(runCommand));
cl::opt<unsigned> threads("threads", cl::desc("Host threads (0: one per core)"),
                          cl::init(0), cl::sub(runCommand));
cl::opt<uint64_t>
    deadlineMs("deadline-ms",
               cl::desc("Milliseconds that a device may take (default 60000)"),
               cl::value_desc("number"), cl::init(0), cl::sub(runCommand));
cl::opt<unsigned> repeat("repeat",
                         cl::desc("Run this often; the times are the median's"),
                         cl::init(1), cl::sub(runCommand));
cl::opt<bool> validation("validation",
                         cl::desc("Turn the driver's validation layer on; its "
                                  "messages are errors"),
                         cl::sub(runCommand));
cl::opt<bool> noHostCode("no-host-code",
                         cl::desc("Load device code only, for a file that is "
                                  "not trusted"),
                         cl::sub(runCommand));
cl::opt<std::string>
    maxDifference("max-difference",
                  cl::desc("Fail if an output differs more than this from the "
                           "sample's"),
                  cl::value_desc("number"), cl::sub(runCommand));

//===----------------------------------------------------------------------===//
// tapml devices
//===----------------------------------------------------------------------===//

cl::opt<std::string> profileOf("profile",
                               cl::desc("Print the profile of this device, for "
                                        "--target=NAME=FILE"),
                               cl::value_desc("device"),
                               cl::sub(devicesCommand));

cl::opt<bool> json("json", cl::desc("Print JSON"), cl::sub(runCommand),
                   cl::sub(explainCommand), cl::sub(devicesCommand));

} // namespace

static int fail(const Twine &message) {
  WithColor::error(errs(), "tapml") << message << "\n";
  return 1;
}

/// Fills the parts of a job that compile and explain share. Returns an error's
/// text, empty if there is none.
static std::string fillJob(CompileJob &job) {
  job.input = package;
  job.options.plan = plan;
  job.options.targets.assign(targets.begin(), targets.end());
  job.options.granularity = granularity;
  job.options.effectivePlan = effectivePlan;
  job.plugins.assign(plugins.begin(), plugins.end());
  if (granularity != "operator" && granularity != "largest")
    return "--granularity must be 'operator' or 'largest', got '" +
           granularity + "'";
  return "";
}

static int runCompile() {
  CompileJob job;
  std::string error = fillJob(job);
  if (!error.empty())
    return fail(error);
  job.options.hostTriple = hostTriple;
  job.options.hostCpus.assign(hostCpus.begin(), hostCpus.end());
  job.dumpDir = dumpDir;
  job.timing = timing;
  for (StringRef hook : hooks) {
    auto [point, pipeline] = hook.split(':');
    if (pipeline.empty() || !is_contained(getExtensionPoints(), point))
      return fail("--pipeline-hook must be POINT:PIPELINE with POINT one of " +
                  join(getExtensionPoints(), ", ") + "; got '" + hook + "'");
    job.options.hooks.emplace(point, pipeline);
  }
  if (!stopAfter.empty()) {
    auto names = getStageNames();
    auto it = find(names, StringRef(stopAfter));
    if (it == names.end())
      return fail("--stop-after must be one of " + join(names, ", ") +
                  "; got '" + stopAfter + "'");
    job.stopAfter = static_cast<Stage>(it - names.begin());
  }
  job.output = compileOutput;
  if (job.output.empty()) {
    if (!job.stopAfter)
      return fail("say where to write the executable: -o FILE.tapx");
    job.output = "-";
  }
  return failed(compile(job));
}

static int runRun() {
  RunJob job;
  job.executable = executable;
  if (sample.getNumOccurrences()) {
    if (sample < 0)
      return fail("--sample must not be negative, got " + Twine(sample));
    job.sample = sample;
  }
  if (job.sample.has_value() == !inputs.empty())
    return fail("say what to run: either --sample=N or --input=NAME=FILE.npy "
                "for each input");
  job.inputs.assign(inputs.begin(), inputs.end());
  job.output = runOutput;
  job.devices.assign(devices.begin(), devices.end());
  job.weights = weights;
  job.threads = threads;
  job.deadlineMs = deadlineMs;
  job.repeat = std::max(1u, repeat.getValue());
  job.validation = validation;
  job.noHostCode = noHostCode;
  job.json = json;
  if (!maxDifference.empty()) {
    double value;
    if (StringRef(maxDifference).getAsDouble(value) || !(value >= 0))
      return fail("--max-difference must be a non-negative number, got '" +
                  maxDifference + "'");
    if (!job.sample)
      return fail("--max-difference compares with a sample: add --sample=N");
    job.maxDifference = value;
  }
  return failed(run(job));
}

int tapml::runDriver(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "tapml " TAPML_VERSION "\n"; });
  cl::ParseCommandLineOptions(
      argc, argv,
      "TapML: gets machine-learning models onto GPU platforms, one operator "
      "at a time\n");
  if (compileCommand)
    return runCompile();
  if (explainCommand) {
    CompileJob job;
    std::string error = fillJob(job);
    return error.empty() ? failed(explain(job, json)) : fail(error);
  }
  if (runCommand)
    return runRun();
  if (devicesCommand)
    return failed(listDevices(json, profileOf));
  cl::PrintHelpMessage();
  return 1;
}
