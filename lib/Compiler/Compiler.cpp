//===- Compiler.cpp - From a graph to the bytes of an executable ----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Compiler/Compiler.h"
#include "TapxFile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "tapml/InitAll.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace tapml;

void tapml::prepareContext(MLIRContext &context) {
  // An operator may be made of any dialect's operations.
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  tapml::registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  context.printOpOnDiagnostic(false);
}

llvm::Error tapml::loadDialectPlugins(ArrayRef<std::string> paths,
                                      MLIRContext &context) {
  for (const std::string &path : paths) {
    llvm::Expected<DialectPlugin> plugin = DialectPlugin::load(path);
    if (!plugin)
      return plugin.takeError();
    DialectRegistry registry;
    plugin->registerDialectRegistryCallbacks(registry);
    context.appendDialectRegistry(registry);
  }
  return llvm::Error::success();
}

llvm::Error tapml::loadPassPlugins(ArrayRef<std::string> paths) {
  for (const std::string &path : paths) {
    llvm::Expected<PassPlugin> plugin = PassPlugin::load(path);
    if (!plugin)
      return plugin.takeError();
    plugin->registerPassRegistryCallbacks();
  }
  return llvm::Error::success();
}

OwningOpRef<ModuleOp> tapml::parseGraph(StringRef path,
                                        llvm::SourceMgr &sourceMgr,
                                        MLIRContext &context) {
  std::string error;
  auto file = openInputFile(path, &error);
  if (!file) {
    emitError(UnknownLoc::get(&context)) << error;
    return nullptr;
  }
  sourceMgr.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sourceMgr, &context);
}

LogicalResult tapml::runStages(ModuleOp module, Stage last,
                               const CompileOptions &options,
                               const StageCallbacks &callbacks) {
  for (unsigned i = 0, e = static_cast<unsigned>(last); i <= e; ++i) {
    auto stage = static_cast<Stage>(i);
    if (callbacks.before)
      callbacks.before(stage);
    PassManager pm(module.getContext());
    if (callbacks.timing)
      pm.enableTiming();
    if (failed(buildStagePipeline(pm, stage, options)))
      return failure();
    bool reproduce = !callbacks.reproducer.empty() && stage > Stage::Partition;
    if (reproduce)
      pm.enableCrashReproducerGeneration(callbacks.reproducer);
    if (failed(pm.run(module))) {
      if (reproduce && llvm::sys::fs::exists(callbacks.reproducer))
        emitError(UnknownLoc::get(module.getContext()))
            << "stage '" << getStageNames()[i]
            << "' failed; to repeat it: tapml-opt --run-reproducer "
            << callbacks.reproducer;
      return failure();
    }
    if (callbacks.after && failed(callbacks.after(stage, module)))
      return failure();
  }
  return success();
}

FailureOr<std::string> tapml::packExecutable(ModuleOp module,
                                             const TapxOptions &options) {
  FailureOr<TapxContents> contents = translateToTapx(module, options);
  if (failed(contents))
    return failure();
  std::vector<rt::TapxSection> sections = {
      {rt::tapxManifestSection, contents->manifest}};
  for (const TapxSectionData &section : contents->sections)
    sections.push_back(
        {section.name, {section.data.data(), section.data.size()}});
  rt::Result<std::string> bytes = rt::encodeTapx(sections);
  if (!bytes.ok())
    return emitError(module.getLoc()) << bytes.status().message();
  return std::move(*bytes);
}
