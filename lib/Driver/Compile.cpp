//===- Compile.cpp - From a captured model to an executable ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileIO.h"
#include "Output.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Driver/Driver.h"
#include "tapml/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

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

LogicalResult tapml::writeModule(ModuleOp module, StringRef path,
                                 bool locations) {
  OpPrintingFlags flags;
  flags.enableDebugInfo(locations, /*prettyForm=*/false);
  llvm::Error error = writeOutput(path, [&](llvm::raw_ostream &os) {
    module->print(os, flags);
    os << "\n";
  });
  return error ? fail(llvm::toString(std::move(error))) : success();
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
    prepareContext(context);
  }

  /// Opens the package and parses its graph.
  LogicalResult load();

  const CompileJob &job;
  MLIRContext context;
  llvm::SourceMgr sourceMgr;
  SourceMgrDiagnosticHandler diagnostics{sourceMgr, &context};
  Package package;
  OwningOpRef<ModuleOp> module;
};

} // namespace

LogicalResult Compilation::load() {
  llvm::Expected<Package> opened = openPackage(job.input);
  if (!opened)
    return fail(llvm::toString(opened.takeError()));
  package = std::move(*opened);
  if (llvm::Error error = loadDialectPlugins(job.dialectPlugins, context))
    return fail(llvm::toString(std::move(error)));
  if (llvm::Error error = loadPassPlugins(job.plugins))
    return fail(llvm::toString(std::move(error)));
  module = parseGraph(package.graph, sourceMgr, context);
  return success(static_cast<bool>(module));
}

LogicalResult tapml::compile(const CompileJob &job) {
  Compilation compilation(job);
  if (failed(compilation.load()))
    return failure();
  ModuleOp module = *compilation.module;
  StageCallbacks callbacks;
  callbacks.timing = job.timing;
  callbacks.reproducer = job.reproducer;
  callbacks.before = [](Stage stage) {
    showProgress(getStageNames()[static_cast<unsigned>(stage)]);
  };
  callbacks.after = [&](Stage stage, ModuleOp module) {
    return job.dumpDir.empty() ? success() : dump(module, stage, job.dumpDir);
  };
  LogicalResult result = runStages(
      module, job.stopAfter.value_or(Stage::Binary), job.options, callbacks);
  showProgress("");
  if (failed(result))
    return failure();
  if (job.stopAfter)
    return writeModule(module, job.output);
  TapxOptions options;
  options.model = compilation.package.name;
  options.weights = compilation.package.weights;
  options.samples = compilation.package.samplesDir;
  options.output = job.output;
  FailureOr<std::string> executable = packExecutable(module, options);
  if (failed(executable))
    return failure();
  rt::Status status = rt::writeFileAtomically(job.output, *executable);
  return status.ok() ? success() : fail(status.message());
}

LogicalResult tapml::explain(const CompileJob &job, bool json) {
  CompileJob quiet = job;
  quiet.options.explanation = json ? "" : "-";
  if (json)
    quiet.options.effectivePlan = "-";
  Compilation compilation(quiet);
  if (failed(compilation.load()))
    return failure();
  return runStages(*compilation.module, Stage::Partition, quiet.options);
}
