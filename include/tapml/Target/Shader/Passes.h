//===- Passes.h - From structured kernels to WGSL and MSL ----- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_SHADER_PASSES_H
#define TAPML_TARGET_SHADER_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace tapml {

#define GEN_PASS_DECL
#include "tapml/Target/Shader/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tapml/Target/Shader/Passes.h.inc"

/// How kernels become text.
struct ShaderOptions : mlir::PassPipelineOptions<ShaderOptions> {
  Option<std::string> profile{
      *this, "profile",
      llvm::cl::desc("Preset that is compiled for, where kernels are outside a "
                     "tapml.variant")};
};

/// Adds the passes up to kernels that only use what the language and the
/// profile have.
void buildLegalizeShaderPipeline(mlir::OpPassManager &pm,
                                 const ShaderOptions &options);

/// Adds the passes from legal kernels to binaries.
void buildSerializeShaderPipeline(mlir::OpPassManager &pm,
                                  const ShaderOptions &options);

/// Registers `tapml-gpu-to-shader`, which is both of the above, and
/// `tapml-to-legal-shader`, the first.
void registerShaderPipelines();

} // namespace tapml

#endif // TAPML_TARGET_SHADER_PASSES_H
