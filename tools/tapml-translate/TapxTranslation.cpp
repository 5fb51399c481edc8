//===- TapxTranslation.cpp - Modules to executables -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TapxTranslation.h"
#include "TapxFile.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "tapml/InitAll.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace {
/// Where the files are that an executable names.
struct TapxCommandLine {
  llvm::cl::OptionCategory category{"Executables"};
  llvm::cl::opt<std::string> weights{
      "tapx-weights", llvm::cl::desc("Safetensors file with the weights"),
      llvm::cl::value_desc("file"), llvm::cl::cat(category)};
  llvm::cl::opt<std::string> samples{
      "tapx-samples", llvm::cl::desc("Directory with the samples"),
      llvm::cl::value_desc("directory"), llvm::cl::cat(category)};
  llvm::cl::opt<std::string> location{
      "tapx-location",
      llvm::cl::desc("Where the executable will be: it names files relative "
                     "to itself (default: in this directory)"),
      llvm::cl::value_desc("file"), llvm::cl::init("out.tapx"),
      llvm::cl::cat(category)};
};
} // namespace

static FailureOr<tapml::TapxContents> translate(Operation *op,
                                                const TapxCommandLine &where) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    return op->emitError("an executable is made of a module");
  tapml::TapxOptions options;
  options.weights = where.weights;
  options.samples = where.samples;
  options.output = where.location;
  return tapml::translateToTapx(module, options);
}

static LogicalResult writeTapx(Operation *op, raw_ostream &os,
                               const TapxCommandLine &where) {
  FailureOr<tapml::TapxContents> contents = translate(op, where);
  if (failed(contents))
    return failure();
  std::vector<tapml::rt::TapxSection> sections = {
      {tapml::rt::tapxManifestSection, contents->manifest}};
  for (const tapml::TapxSectionData &section : contents->sections)
    sections.push_back(
        {section.name, {section.data.data(), section.data.size()}});
  tapml::rt::Result<std::string> file = tapml::rt::encodeTapx(sections);
  if (!file.ok())
    return op->emitError() << file.status().message();
  os << *file;
  return success();
}

void tapml::registerTapxTranslations() {
  static TapxCommandLine where;
  auto registerDialects = [](DialectRegistry &registry) {
    mlir::registerAllDialects(registry);
    tapml::registerAllDialects(registry);
  };
  static TranslateFromMLIRRegistration toTapx(
      "tapml-to-tapx", "translate a compiled module to an executable",
      [](Operation *op, raw_ostream &os) { return writeTapx(op, os, where); },
      registerDialects);
  static TranslateFromMLIRRegistration toManifest(
      "tapml-to-manifest",
      "translate a compiled module to an executable's manifest (JSON)",
      [](Operation *op, raw_ostream &os) -> LogicalResult {
        FailureOr<TapxContents> contents = translate(op, where);
        if (failed(contents))
          return failure();
        os << contents->manifest;
        return success();
      },
      registerDialects);
}
