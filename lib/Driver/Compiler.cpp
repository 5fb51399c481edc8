//===- Compiler.cpp - From a graph to the bytes of an executable ----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Driver/Compiler.h"
#include "Messages.h"
#include "TapxFile.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tapml;

LogicalResult tapml::loadPlugins(ArrayRef<std::string> paths) {
  for (const std::string &path : paths) {
    llvm::Expected<PassPlugin> plugin = PassPlugin::load(path);
    if (!plugin)
      return fail(llvm::toString(plugin.takeError()));
    plugin->registerPassRegistryCallbacks();
  }
  return success();
}

LogicalResult tapml::runStage(ModuleOp module, Stage stage,
                              const CompileOptions &options, bool timing) {
  PassManager pm(module.getContext());
  if (timing)
    pm.enableTiming();
  if (failed(buildStagePipeline(pm, stage, options)))
    return failure();
  return pm.run(module);
}

FailureOr<std::string> tapml::packExecutable(ModuleOp module,
                                             const TapxOptions &tapx) {
  FailureOr<TapxContents> contents = translateToTapx(module, tapx);
  if (failed(contents))
    return failure();
  std::vector<rt::TapxSection> sections = {
      {rt::tapxManifestSection, contents->manifest}};
  for (const TapxSectionData &section : contents->sections)
    sections.push_back(
        {section.name, {section.data.data(), section.data.size()}});
  rt::Result<std::string> bytes = rt::encodeTapx(sections);
  if (!bytes.ok())
    return fail(tapx.output + ": " + bytes.status().message());
  return std::move(*bytes);
}

FailureOr<std::string>
tapml::compileToMemory(ModuleOp module, const CompileOptions &options,
                       const TapxOptions &tapx,
                       llvm::function_ref<LogicalResult(Stage)> afterStage) {
  for (unsigned i = 0, e = getStageNames().size(); i < e; ++i) {
    auto stage = static_cast<Stage>(i);
    if (failed(runStage(module, stage, options)) ||
        (afterStage && failed(afterStage(stage))))
      return failure();
  }
  return packExecutable(module, tapx);
}

LogicalResult tapml::writeModule(ModuleOp module, StringRef path) {
  OpPrintingFlags flags;
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  if (path == "-") {
    module->print(llvm::outs(), flags);
    llvm::outs() << "\n";
    return success();
  }
  llvm::Error error =
      llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
        module->print(os, flags);
        os << "\n";
        return llvm::Error::success();
      });
  if (error)
    return fail(path + ": " + llvm::toString(std::move(error)));
  return success();
}
