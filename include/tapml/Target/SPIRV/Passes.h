//===- Passes.h - From structured kernels to SPIR-V -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_SPIRV_PASSES_H
#define TAPML_TARGET_SPIRV_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace mlir::spirv {
class ModuleOp;
} // namespace mlir::spirv

namespace tapml {

#define GEN_PASS_DECL
#include "tapml/Target/SPIRV/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tapml/Target/SPIRV/Passes.h.inc"

/// How kernels become SPIR-V.
struct SPIRVOptions : mlir::PassPipelineOptions<SPIRVOptions> {
  Option<std::string> profile{
      *this, "profile",
      llvm::cl::desc("Preset that is compiled for, where kernels are outside a "
                     "tapml.variant")};
  Option<bool> fma{*this, "fma",
                   llvm::cl::desc("Evaluate polynomials with math.fma"),
                   llvm::cl::init(false)};
};

/// Adds the passes up to kernels that only use what SPIR-V and the profile
/// have.
void buildLegalizeSPIRVPipeline(mlir::OpPassManager &pm,
                                const SPIRVOptions &options);

/// Adds the passes from legal kernels to a binary.
void buildSerializeSPIRVPipeline(mlir::OpPassManager &pm,
                                 const SPIRVOptions &options);

/// Both of the above: the passes that turn the GPU kernels of every Vulkan
/// variant (or, with `options.profile`, of the module) into a `tapml.binary` of
/// SPIR-V words. `pm` may be anchored on the module, an executable or a
/// variant. Kernels outside a variant end as `spirv.module`.
void buildGPUToSPIRVPipeline(mlir::OpPassManager &pm,
                             const SPIRVOptions &options);

/// Registers `tapml-gpu-to-spirv`.
void registerSPIRVPipelines();

/// Returns the words of `module` as the runtime loads them.
mlir::FailureOr<llvm::SmallVector<uint32_t>>
serializeToSPIRV(mlir::spirv::ModuleOp module);

/// Registers the translation `tapml-binary-to-spirv`, which reads modules of
/// the dialects that `registerDialects` adds.
void registerSPIRVTranslations(
    const std::function<void(mlir::DialectRegistry &)> &registerDialects);

} // namespace tapml

#endif // TAPML_TARGET_SPIRV_PASSES_H
