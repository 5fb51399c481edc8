//===- InitAll.cpp - Registration of everything in TapML ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/InitAll.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Conversion/Passes.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "tapml/Dialect/TapML/Transforms/Passes.h"
#include "tapml/Pipelines/Pipelines.h"
#include "tapml/Target/Host/Passes.h"
#include "tapml/Target/SPIRV/Passes.h"
#include "tapml/Target/Shader/Passes.h"

void tapml::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<TapMLDialect>();
  mlir::tensor::registerInferTypeOpInterfaceExternalModels(registry);
}

void tapml::registerAllPasses() {
  registerTapMLPasses();
  registerTapMLConversionPasses();
  registerTapMLCodegenPasses();
  registerTapMLHostPasses();
  registerTapMLSPIRVPasses();
  registerSPIRVPipelines();
  registerTapMLShaderPasses();
  registerShaderPipelines();
  registerPipelines();
}
