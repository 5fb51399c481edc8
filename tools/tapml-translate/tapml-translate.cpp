//===- tapml-translate.cpp - Translates between TapML and other formats ---===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TapxTranslation.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "tapml/InitAll.h"
#include "tapml/Target/MSL/MSL.h"
#include "tapml/Target/SPIRV/Passes.h"
#include "tapml/Target/WGSL/WGSL.h"

int main(int argc, char **argv) {
  mlir::registerAllTranslations();
  auto registerDialects = [](mlir::DialectRegistry &registry) {
    mlir::registerAllDialects(registry);
    tapml::registerAllDialects(registry);
  };
  tapml::registerSPIRVTranslations(registerDialects);
  tapml::registerWGSLTranslation(registerDialects);
  tapml::registerMSLTranslation(registerDialects);
  tapml::registerTapxTranslations();
  return failed(
      mlir::mlirTranslateMain(argc, argv, "TapML translation driver"));
}
