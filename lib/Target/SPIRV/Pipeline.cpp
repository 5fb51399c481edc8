//===- Pipeline.cpp - From structured kernels to SPIR-V ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Target/SPIRV/Passes.h"

using namespace mlir;
using namespace tapml;

void tapml::buildLegalizeSPIRVPipeline(OpPassManager &pm,
                                       const SPIRVOptions &options) {
  pm.addPass(createSplitBuffersPass());
  pm.addPass(createTapMLExpandMathPass({options.fma}));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createTapMLLegalizeSPIRVPass({options.profile}));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createCSEPass());
}

void tapml::buildSerializeSPIRVPipeline(OpPassManager &pm,
                                        const SPIRVOptions &options) {
  pm.addPass(createTapMLVerifyLimitsPass({options.profile}));
  pm.addPass(createTapMLConvertToSPIRVPass({options.profile}));
  pm.addPass(createTapMLSerializeSPIRVPass());
}

void tapml::buildGPUToSPIRVPipeline(OpPassManager &pm,
                                    const SPIRVOptions &options) {
  buildLegalizeSPIRVPipeline(pm, options);
  buildSerializeSPIRVPipeline(pm, options);
}

void tapml::registerSPIRVPipelines() {
  PassPipelineRegistration<SPIRVOptions>(
      "tapml-gpu-to-spirv",
      "Compile the GPU kernels of Vulkan variants to SPIR-V",
      buildGPUToSPIRVPipeline);
}
