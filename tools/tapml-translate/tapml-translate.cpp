//===- tapml-translate.cpp - Translates modules to executables ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
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

  tapml::TapxOptions getOptions() const {
    return {/*model=*/"", weights, samples, location};
  }
};
} // namespace

static void registerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  tapml::registerAllDialects(registry);
}

int main(int argc, char **argv) {
  static TapxCommandLine commandLine;
  TranslateFromMLIRRegistration toManifest(
      "tapml-to-manifest", "translate a compiled module to a manifest (JSON)",
      [](Operation *op, raw_ostream &os) -> LogicalResult {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module)
          return op->emitError("an executable is made of a module");
        FailureOr<tapml::TapxContents> contents =
            tapml::translateToTapx(module, commandLine.getOptions());
        if (failed(contents))
          return failure();
        os << contents->manifest;
        return success();
      },
      registerDialects);
  return failed(mlirTranslateMain(argc, argv, "TapML translation\n"));
}
