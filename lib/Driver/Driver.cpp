//===- Driver.cpp - The command line of the tapml tool ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Driver/Driver.h"
#include "tapml/Dialect/TapML/Transforms/Profile.h"
#include "tapml/Migration/Migrate.h"
#include "tapml/Migration/Report.h"
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
cl::SubCommand migrateCommand(
    "migrate", "Move a model to a target, operator by operator, checking each");
cl::SubCommand reportCommand("report", "Say what a migration found out");
cl::SubCommand carveCommand("carve",
                            "Make tests of operators from a model's records");
cl::SubCommand testCommand("test", "Run carved tests");
cl::SubCommand devicesCommand("devices", "List the devices of this machine");

//===----------------------------------------------------------------------===//
// tapml compile, tapml explain
//===----------------------------------------------------------------------===//

cl::opt<std::string> package(cl::Positional, cl::Required,
                             cl::desc("<model.tapml or graph.mlir>"),
                             cl::sub(compileCommand), cl::sub(explainCommand),
                             cl::sub(migrateCommand));
cl::opt<std::string> compileOutput("o", cl::desc("Output file or directory"),
                                   cl::value_desc("path"),
                                   cl::sub(compileCommand),
                                   cl::sub(migrateCommand),
                                   cl::sub(reportCommand));
cl::list<std::string>
    targets("target",
            cl::desc("Target: NAME, NAME=PRESET, NAME=DEVICE (the profile of a "
                     "device here, such as vulkan=vulkan:0) or "
                     "NAME=PROFILE.json"),
            cl::value_desc("target"), cl::sub(compileCommand),
            cl::sub(explainCommand), cl::sub(migrateCommand),
            cl::sub(testCommand));
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
cl::opt<std::string>
    reproducer("reproducer",
               cl::desc("Where to write what repeats the failure of a pass "
                        "(default: the output file's name with "
                        ".reproducer.mlir)"),
               cl::value_desc("file.mlir"), cl::sub(compileCommand));
cl::list<std::string>
    dialectPlugins("load-dialect-plugin",
                   cl::desc("Load dialects from a shared object"),
                   cl::value_desc("file.so"), cl::sub(compileCommand),
                   cl::sub(explainCommand));
cl::list<std::string> plugins("load-pass-plugin",
                              cl::desc("Load passes from a shared object"),
                              cl::value_desc("file.so"),
                              cl::sub(compileCommand), cl::sub(explainCommand),
                              cl::sub(migrateCommand), cl::sub(testCommand));
cl::list<std::string>
    hooks("pipeline-hook",
          cl::desc("Run passes at an extension point: POINT:PIPELINE"),
          cl::value_desc("hook"), cl::sub(compileCommand),
          cl::sub(migrateCommand), cl::sub(testCommand));
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
                              cl::value_desc("device"), cl::sub(runCommand),
                              cl::sub(migrateCommand), cl::sub(testCommand));
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
               cl::value_desc("number"), cl::init(0), cl::sub(runCommand),
               cl::sub(migrateCommand), cl::sub(testCommand));
cl::opt<unsigned> repeat("repeat",
                         cl::desc("Run this often; the times are the median's"),
                         cl::init(1), cl::sub(runCommand),
                         cl::sub(migrateCommand));
cl::opt<bool> validation("validation",
                         cl::desc("Turn the driver's validation layer on; its "
                                  "messages are errors"),
                         cl::sub(runCommand), cl::sub(migrateCommand),
                         cl::sub(testCommand));
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
// tapml migrate
//===----------------------------------------------------------------------===//

cl::list<std::string> only("only",
                           cl::desc("Move exactly this operator, and others "
                                    "given so; run once and judge"),
                           cl::value_desc("instance"), cl::sub(migrateCommand));
cl::opt<bool> keepGoing("keep-going",
                        cl::desc("Leave operators that fail on the host and "
                                 "go on"),
                        cl::sub(migrateCommand));
cl::opt<double>
    stepDeadline("step-deadline",
                 cl::desc("Seconds that an operator or a test may take"),
                 cl::init(600), cl::sub(migrateCommand));
cl::list<int64_t> migrateSamples("sample",
                                 cl::desc("Run this sample, in place of all"),
                                 cl::value_desc("number"),
                                 cl::sub(migrateCommand));
cl::opt<bool> serveStepsOption("serve-steps", cl::Hidden,
                               cl::desc("Do steps for another process"),
                               cl::sub(migrateCommand));

//===----------------------------------------------------------------------===//
// tapml carve, tapml test
//===----------------------------------------------------------------------===//

cl::opt<std::string> recordedPackage(cl::Positional, cl::Required,
                                     cl::desc("<model.tapml>"),
                                     cl::sub(carveCommand));
cl::opt<std::string> carveOutput("o", cl::desc("Directory of the tests"),
                                 cl::value_desc("directory"),
                                 cl::sub(carveCommand));
cl::opt<unsigned>
    keep("keep",
         cl::desc("Visits of equal signature that become tests, those whose "
                  "value ranges differ most"),
         cl::init(2), cl::value_desc("number"), cl::sub(carveCommand));

cl::list<std::string> testPaths(cl::Positional, cl::OneOrMore,
                                cl::desc("<directory or file>..."),
                                cl::sub(testCommand));
cl::opt<std::string>
    filter("filter", cl::desc("Run only tests whose operator or file matches"),
           cl::value_desc("glob"), cl::sub(testCommand));
cl::opt<unsigned> jobs("j", cl::desc("Tests at a time (0: one per core)"),
                       cl::init(0), cl::value_desc("number"),
                       cl::sub(testCommand));
cl::opt<std::string>
    exportTo("export",
             cl::desc("Write the tests for a page that runs them in a browser, "
                      "instead of running them here"),
             cl::value_desc("directory"), cl::sub(testCommand));
cl::opt<std::string> junit("junit", cl::desc("Write a report as JUnit XML"),
                           cl::value_desc("file.xml"), cl::sub(testCommand));
cl::opt<std::string>
    evidence("evidence",
             cl::desc("Directory for the kernels of tests that fail"),
             cl::init("tapml-failures"), cl::value_desc("directory"),
             cl::sub(testCommand));

//===----------------------------------------------------------------------===//
// tapml devices
//===----------------------------------------------------------------------===//

cl::opt<std::string> profileOf("profile",
                               cl::desc("Print the profile of this device, for "
                                        "--target=NAME=FILE"),
                               cl::value_desc("device"),
                               cl::sub(devicesCommand));

cl::opt<bool> printJSON("json", cl::desc("Print JSON"), cl::sub(runCommand),
                        cl::sub(explainCommand), cl::sub(devicesCommand),
                        cl::sub(migrateCommand), cl::sub(carveCommand),
                        cl::sub(testCommand), cl::sub(reportCommand));

//===----------------------------------------------------------------------===//
// tapml report
//===----------------------------------------------------------------------===//

cl::opt<std::string> migration(cl::Positional, cl::Required,
                               cl::desc("<directory of a migration>"),
                               cl::sub(reportCommand));

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
  job.dialectPlugins.assign(dialectPlugins.begin(), dialectPlugins.end());
  job.plugins.assign(plugins.begin(), plugins.end());
  if (granularity != "operator" && granularity != "largest")
    return "--granularity must be 'operator' or 'largest', got '" +
           granularity + "'";
  return "";
}

/// Reads the hooks. Returns an error's text, empty if there is none.
static std::string fillHooks(std::multimap<std::string, std::string> &byPoint) {
  for (StringRef hook : hooks) {
    auto [point, pipeline] = hook.split(':');
    if (pipeline.empty() || !is_contained(getExtensionPoints(), point))
      return "--pipeline-hook must be POINT:PIPELINE with POINT one of " +
             join(getExtensionPoints(), ", ") + "; got '" + hook.str() + "'";
    byPoint.emplace(point, pipeline);
  }
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
  error = fillHooks(job.options.hooks);
  if (!error.empty())
    return fail(error);
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
  job.reproducer = reproducer;
  if (job.reproducer.empty())
    job.reproducer =
        (job.output == "-" ? "tapml" : job.output) + ".reproducer.mlir";
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
  job.json = printJSON;
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

static int runMigrate() {
  MigrateJob job;
  job.package = package;
  if (targets.size() != 1)
    return fail("say where to migrate to: --target=NAME, once");
  job.target = targets.front();
  if (devices.size() > 1)
    return fail("a migration has one target, so one --device is enough");
  if (!devices.empty())
    job.device = devices.front();
  job.output = compileOutput;
  if (job.output.empty())
    return fail("say where to keep the migration: -o DIRECTORY");
  job.plugins.assign(plugins.begin(), plugins.end());
  std::string error = fillHooks(job.hooks);
  if (!error.empty())
    return fail(error);
  if (!(stepDeadline > 0))
    return fail("--step-deadline must be above 0");
  job.samples.assign(migrateSamples.begin(), migrateSamples.end());
  job.keepGoing = keepGoing;
  job.only.assign(only.begin(), only.end());
  job.repeats = std::max(1u, repeat.getValue());
  job.deadlineMs = deadlineMs;
  job.stepDeadline = stepDeadline;
  job.validation = validation;
  job.json = printJSON;
  if (serveStepsOption)
    return serveSteps(job, /*input=*/0, /*output=*/1);
  Error failure = migrate(job);
  outs().flush();
  return failure ? fail(toString(std::move(failure))) : 0;
}

static int runReport() {
  ReportJob job;
  job.directory = migration;
  job.output = compileOutput;
  job.json = printJSON;
  if (job.json && !job.output.empty())
    return fail("--json prints the state, -o writes a page: use one of them");
  Error failure = report(job);
  outs().flush();
  return failure ? fail(toString(std::move(failure))) : 0;
}

static int runCarve() {
  CarveJob job;
  job.package = recordedPackage;
  job.output = carveOutput;
  job.keep = keep;
  job.json = printJSON;
  if (job.output.empty())
    return fail("say where to write the tests: -o DIRECTORY");
  if (!job.keep)
    return fail("--keep must be at least 1");
  return failed(carve(job));
}

static int runTest() {
  TestJob job;
  job.paths.assign(testPaths.begin(), testPaths.end());
  if (targets.size() > 1 || devices.size() > 1)
    return fail("tests run on one target at a time; name one --target and at "
                "most one --device");
  if (!targets.empty())
    job.settings.target = targets.front();
  if (!devices.empty())
    job.settings.device = devices.front();
  job.settings.filter = filter;
  job.jobs = jobs;
  job.junit = junit;
  job.settings.evidence = evidence;
  job.settings.exportTo = exportTo;
  job.settings.plugins.assign(plugins.begin(), plugins.end());
  job.settings.validation = validation;
  job.settings.deadlineMs = deadlineMs;
  job.json = printJSON;
  std::string error = fillHooks(job.settings.hooks);
  return error.empty() ? failed(test(job)) : fail(error);
}

int tapml::runDriver(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "tapml " TAPML_VERSION "\n"; });
  cl::ParseCommandLineOptions(
      argc, argv,
      "TapML: gets machine-learning models onto GPU platforms, one operator "
      "at a time\n");
  setDeviceProfileSource(getDeviceProfile);
  if (compileCommand)
    return runCompile();
  if (explainCommand) {
    CompileJob job;
    std::string error = fillJob(job);
    return error.empty() ? failed(explain(job, printJSON)) : fail(error);
  }
  if (runCommand)
    return runRun();
  if (migrateCommand)
    return runMigrate();
  if (reportCommand)
    return runReport();
  if (carveCommand)
    return runCarve();
  if (testCommand)
    return runTest();
  if (devicesCommand)
    return failed(listDevices(printJSON, profileOf));
  cl::PrintHelpMessage();
  return 1;
}
