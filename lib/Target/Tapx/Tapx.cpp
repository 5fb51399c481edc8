//===- Tapx.cpp - From a lowered module to an executable ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Tapx/Tapx.h"
#include "ManifestBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

/// The version of the manifest that this translation writes.
static constexpr int64_t kManifestMajor = 1, kManifestMinor = 0;

/// The function that runs the model: the only one in the module.
static FailureOr<func::FuncOp> getMainFunction(ModuleOp module) {
  func::FuncOp main;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    if (main)
      return function.emitOpError("is a second function of the module; an "
                                  "executable has one, the model's");
    main = function;
  }
  if (!main)
    return module.emitError("the module has no function that runs the model");
  return main;
}

FailureOr<TapxContents> tapml::translateToTapx(ModuleOp module,
                                               const TapxOptions &options) {
  FailureOr<func::FuncOp> main = getMainFunction(module);
  ManifestBuilder builder(module);
  if (failed(main) || failed(builder.collect()))
    return failure();

  json::Object manifest{
      {"format",
       json::Object{{"major", kManifestMajor}, {"minor", kManifestMinor}}},
      {"producer", "tapml " TAPML_VERSION},
      {"model", !options.model.empty()
                    ? options.model
                    : module.getSymName().value_or("model").str()}};
  json::Array executables;
  for (auto executable : module.getOps<ExecutableOp>()) {
    json::Array variants;
    for (auto variant : executable.getBody().getOps<VariantOp>()) {
      FailureOr<json::Object> translated = translateVariant(builder, variant);
      if (failed(translated))
        return failure();
      variants.push_back(std::move(*translated));
    }
    executables.push_back(json::Object{{"name", executable.getSymName()},
                                       {"variants", std::move(variants)}});
  }
  manifest["executables"] = std::move(executables);
  if (failed(translateMain(builder, *main, manifest)))
    return failure();
  FailureOr<json::Object> package =
      describePackage(module, builder.getWeights(), options);
  if (failed(package) || failed(builder.addTables(manifest)))
    return failure();
  if (!package->empty())
    manifest["package"] = std::move(*package);

  TapxContents contents;
  llvm::raw_string_ostream os(contents.manifest);
  printReadableJson(std::move(manifest), os);
  contents.sections = builder.takeSections();
  return contents;
}
