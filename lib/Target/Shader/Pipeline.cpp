//===- Pipeline.cpp - From structured kernels to WGSL and MSL -------------===//
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
#include "tapml/Target/Shader/Passes.h"

using namespace mlir;
using namespace tapml;

void tapml::buildLegalizeShaderPipeline(OpPassManager &pm,
                                        const ShaderOptions &options) {
  pm.addPass(createTapMLOutlineMathPass({options.profile}));
  pm.addPass(createTapMLExpandMathPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createLegalizeShaderPass({options.profile}));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createCSEPass());
  pm.addPass(createTapMLVerifyLimitsPass({options.profile}));
}

void tapml::buildSerializeShaderPipeline(OpPassManager &pm,
                                         const ShaderOptions &options) {
  pm.addPass(createSerializeShaderPass());
}

void tapml::registerShaderPipelines() {
  PassPipelineRegistration<ShaderOptions>(
      "tapml-to-legal-shader",
      "Make GPU kernels what WGSL or MSL and the profile can express",
      buildLegalizeShaderPipeline);
  PassPipelineRegistration<ShaderOptions>(
      "tapml-gpu-to-shader",
      "Compile the GPU kernels of WebGPU and Metal variants to text",
      [](OpPassManager &pm, const ShaderOptions &options) {
        buildLegalizeShaderPipeline(pm, options);
        buildSerializeShaderPipeline(pm, options);
      });
}
