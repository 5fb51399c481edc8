//===- Utils.h - Shared by the SPIR-V passes -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SPIRV_UTILS_H
#define TAPML_LIB_TARGET_SPIRV_UTILS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace tapml {

/// Attributes of a kernel: what it does with each buffer ("read", "write",
/// "readwrite", or "texels FORMAT" for a read through a texel view), and the
/// operator instances that it computes.
inline constexpr llvm::StringLiteral kAccessAttrName = "tapml.access";
inline constexpr llvm::StringLiteral kInstancesAttrName = "tapml.instances";
/// What the runtime has to know of an entry point, as a dictionary.
inline constexpr llvm::StringLiteral kEntryPointAttrName = "tapml.entry_point";

/// Calls `function` on every gpu.module in `root` that is compiled for Vulkan,
/// with its profile: the target of the variant around it or, outside variants,
/// the preset called `preset`. Reports a missing or unknown preset.
mlir::LogicalResult forEachKernelModule(
    mlir::Operation *root, llvm::StringRef preset,
    llvm::function_ref<mlir::LogicalResult(mlir::gpu::GPUModuleOp, ProfileAttr)>
        function);

/// Starts an error at `op` that names the kernel around it and its instances.
mlir::InFlightDiagnostic emitKernelError(mlir::Operation *op);

/// Returns whether bytes in buffers are 32-bit words for this profile.
bool packsBytes(ProfileAttr profile);

/// Returns the number of elements of a vector or scalar type.
int64_t getWidth(mlir::Type type);

// The steps of `tapml-legalize-spirv`, each on one kernel.
mlir::LogicalResult narrowIntegers(mlir::gpu::GPUFuncOp kernel);
mlir::LogicalResult legalizeVectors(mlir::gpu::GPUFuncOp kernel);
mlir::LogicalResult legalizeBuffers(mlir::gpu::GPUFuncOp kernel,
                                    ProfileAttr profile);
void readThroughTexels(mlir::gpu::GPUFuncOp kernel, ProfileAttr profile);

/// Returns whether a buffer is read through a view of texels.
bool isTexelBuffer(mlir::Type type);
/// Returns whether every buffer of this type that the profile allows fits in a
/// view of texels.
bool fitsTexelView(mlir::MemRefType type, ProfileAttr profile);
/// Adds the conversion of buffers that are read as texels, and of their loads.
void populateTexelToSPIRVPatterns(mlir::SPIRVTypeConverter &types,
                                  mlir::RewritePatternSet &patterns);

/// Adds the conversion of loops, in place of the stock one.
void populateLoopToSPIRVPatterns(mlir::SPIRVTypeConverter &types,
                                 mlir::RewritePatternSet &patterns);

/// Reports every type and operation that needs a feature the profile lacks.
mlir::LogicalResult verifyFeatures(mlir::gpu::GPUFuncOp kernel,
                                   ProfileAttr profile);

} // namespace tapml

#endif // TAPML_LIB_TARGET_SPIRV_UTILS_H
