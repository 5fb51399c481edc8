//===- Compile.cpp - From a captured model to an executable ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileIO.h"
#include "Messages.h"
#include "ParsedModule.h"
#include "tapml/Driver/Compiler.h"
#include "tapml/Driver/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tapml;

/// Says on a terminal which stage is running; quiet otherwise.
static void showProgress(StringRef stage) {
  llvm::raw_ostream &os = llvm::errs();
  if (!os.is_displayed())
    return;
  os << "\r\x1b[K";
  if (!stage.empty())
    os << "compiling: " << stage;
  os.flush();
}

/// Writes the module after `stage`, and its binaries where there are any.
static LogicalResult dump(ModuleOp module, Stage stage, StringRef directory) {
  if (std::error_code error = llvm::sys::fs::create_directories(directory))
    return fail(directory + ": " + error.message());
  unsigned number = static_cast<unsigned>(stage);
  SmallString<256> path(directory);
  llvm::sys::path::append(path, llvm::Twine(number) + "-" +
                                    getStageNames()[number] + ".mlir");
  return writeModule(module, path);
}

namespace {

/// A module on its way through the stages.
struct Compilation : ParsedModule {
  explicit Compilation(const CompileJob &job) : job(job) {}

  /// Opens the package and parses its graph.
  LogicalResult load();

  /// Runs the passes of `stage`.
  LogicalResult runStage(Stage stage);

  /// Writes the executable.
  LogicalResult pack();

  const CompileJob &job;
  Package package;
};

} // namespace

LogicalResult Compilation::load() {
  llvm::Expected<Package> opened = openPackage(job.input);
  if (!opened)
    return fail(llvm::toString(opened.takeError()));
  package = std::move(*opened);
  if (failed(loadPlugins(job.plugins)))
    return failure();
  return parse(package.graph);
}

LogicalResult Compilation::runStage(Stage stage) {
  showProgress(getStageNames()[static_cast<unsigned>(stage)]);
  LogicalResult result =
      tapml::runStage(*module, stage, job.options, job.timing);
  showProgress("");
  return result;
}

LogicalResult Compilation::pack() {
  TapxOptions options;
  options.model = package.name;
  options.weights = package.weights;
  options.samples = package.samplesDir;
  options.output = job.output;
  FailureOr<std::string> bytes = packExecutable(*module, options);
  if (failed(bytes))
    return failure();
  rt::Status status = rt::writeFileAtomically(job.output, *bytes);
  return status.ok() ? success() : fail(status.message());
}

LogicalResult tapml::compile(const CompileJob &job) {
  Compilation compilation(job);
  if (failed(compilation.load()))
    return failure();
  for (unsigned i = 0, e = getStageNames().size(); i < e; ++i) {
    auto stage = static_cast<Stage>(i);
    if (failed(compilation.runStage(stage)))
      return failure();
    if (!job.dumpDir.empty() &&
        failed(dump(*compilation.module, stage, job.dumpDir)))
      return failure();
    if (job.stopAfter == stage)
      return writeModule(*compilation.module, job.output);
  }
  return compilation.pack();
}

LogicalResult tapml::explain(const CompileJob &job, bool json) {
  CompileJob quiet = job;
  quiet.options.explanation = json ? "" : "-";
  if (json)
    quiet.options.effectivePlan = "-";
  Compilation compilation(quiet);
  if (failed(compilation.load()))
    return failure();
  return compilation.runStage(Stage::Partition);
}
