//===- Compile.cpp - From a captured model to an executable ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TapxFile.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Driver/Driver.h"
#include "tapml/InitAll.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace tapml;

static LogicalResult fail(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "tapml") << message << "\n";
  return failure();
}

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

/// Writes to a temporary file beside `path` and renames it, so that `path`
/// never holds half a file.
static LogicalResult
writeAtomically(StringRef path,
                llvm::function_ref<void(llvm::raw_ostream &)> write) {
  if (path == "-") {
    write(llvm::outs());
    return success();
  }
  llvm::Error error =
      llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
        write(os);
        return llvm::Error::success();
      });
  if (error)
    return fail(path + ": " + llvm::toString(std::move(error)));
  return success();
}

static LogicalResult writeModule(ModuleOp module, StringRef path) {
  OpPrintingFlags flags;
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  return writeAtomically(path, [&](llvm::raw_ostream &os) {
    module->print(os, flags);
    os << "\n";
  });
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

/// A module with what it needs to stay alive.
struct Compilation {
  explicit Compilation(const CompileJob &job) : job(job) {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// Opens the package and parses its graph.
  LogicalResult load();

  /// Runs the passes of `stage`.
  LogicalResult runStage(Stage stage);

  /// Writes the executable.
  LogicalResult pack();

  const CompileJob &job;
  MLIRContext context;
  llvm::SourceMgr sourceMgr;
  std::unique_ptr<SourceMgrDiagnosticHandler> diagnostics;
  Package package;
  OwningOpRef<ModuleOp> module;
};

} // namespace

LogicalResult Compilation::load() {
  llvm::Expected<Package> opened = openPackage(job.input);
  if (!opened)
    return fail(llvm::toString(opened.takeError()));
  package = std::move(*opened);
  for (const std::string &path : job.plugins) {
    llvm::Expected<PassPlugin> plugin = PassPlugin::load(path);
    if (!plugin)
      return fail(llvm::toString(plugin.takeError()));
    plugin->registerPassRegistryCallbacks();
  }
  std::string error;
  auto file = openInputFile(package.graph, &error);
  if (!file)
    return fail(error);
  sourceMgr.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  diagnostics =
      std::make_unique<SourceMgrDiagnosticHandler>(sourceMgr, &context);
  module = parseSourceFile<ModuleOp>(sourceMgr, &context);
  return success(static_cast<bool>(module));
}

LogicalResult Compilation::runStage(Stage stage) {
  showProgress(getStageNames()[static_cast<unsigned>(stage)]);
  PassManager pm(&context);
  if (job.timing)
    pm.enableTiming();
  LogicalResult result = buildStagePipeline(pm, stage, job.options);
  if (succeeded(result))
    result = pm.run(*module);
  showProgress("");
  return result;
}

LogicalResult Compilation::pack() {
  TapxOptions options;
  options.model = package.name;
  options.weights = package.weights;
  options.samples = package.samplesDir;
  options.output = job.output;
  FailureOr<TapxContents> contents = translateToTapx(*module, options);
  if (failed(contents))
    return failure();
  std::vector<rt::TapxSection> sections = {
      {rt::tapxManifestSection, contents->manifest}};
  for (const TapxSectionData &section : contents->sections)
    sections.push_back(
        {section.name, {section.data.data(), section.data.size()}});
  rt::Status status = rt::writeTapxFile(job.output, sections);
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
