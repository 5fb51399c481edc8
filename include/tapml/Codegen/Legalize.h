//===- Legalize.h - Kernels made fit for a shader language ------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_LEGALIZE_H
#define TAPML_CODEGEN_LEGALIZE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/PatternMatch.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace tapml {

/// Attributes of a kernel: what it does with each buffer ("read", "write",
/// "readwrite", or "texels FORMAT" for a read through a texel view), and the
/// operator instances that it computes.
inline constexpr llvm::StringLiteral kAccessAttrName = "tapml.access";
inline constexpr llvm::StringLiteral kInstancesAttrName = "tapml.instances";
/// Marks a conversion from a float to an integer whose operand is known to be
/// in range.
inline constexpr llvm::StringLiteral kInRangeAttrName = "tapml.in_range";
/// What the runtime has to know of an entry point, as an `EntryPointAttr`.
inline constexpr llvm::StringLiteral kEntryPointAttrName = "tapml.entry_point";

/// Calls `function` on every gpu.module in `root` that is compiled for one of
/// `kinds`, with its profile: the target of the variant around it or, outside
/// variants, the preset called `preset`. Reports a missing or unknown preset.
mlir::LogicalResult forEachKernelModule(
    mlir::Operation *root, llvm::StringRef preset,
    llvm::ArrayRef<TargetKind> kinds,
    llvm::function_ref<mlir::LogicalResult(mlir::gpu::GPUModuleOp, ProfileAttr)>
        function);

/// Starts an error at `op` that names the kernel around it and its instances.
mlir::InFlightDiagnostic emitKernelError(mlir::Operation *op);

/// Returns the buffers and sizes that a kernel takes: its arguments without the
/// memory of its workgroup and its invocations.
llvm::ArrayRef<mlir::BlockArgument> getInterface(mlir::gpu::GPUFuncOp kernel);

/// Returns whether bytes in buffers are 32-bit words for this profile.
bool packsBytes(ProfileAttr profile);
/// Returns whether 16-bit integers in buffers are 32-bit words for this
/// profile, two in each.
bool packsShorts(ProfileAttr profile);
/// Returns whether 16-bit floats in buffers are 32-bit words for this profile,
/// two in each.
bool packsHalves(ProfileAttr profile);
/// Returns whether 16-bit floats are 32-bit ones in kernels for this profile.
bool widensHalves(ProfileAttr profile);

/// Returns the number of elements of a vector or scalar type.
int64_t getWidth(mlir::Type type);

/// Describes a kernel with a block size for the runtime.
EntryPointAttr describeKernel(mlir::gpu::GPUFuncOp kernel,
                              SizeBlock block = SizeBlock::PushConstants);

//===----------------------------------------------------------------------===//
// Steps that the languages share, each on one kernel
//===----------------------------------------------------------------------===//

/// Makes the memory that a kernel is given beside its arguments, and the arrays
/// of an invocation, what the other steps know: `memref.alloc` and
/// `memref.alloca` in the address spaces of the gpu dialect.
void materializeMemory(mlir::gpu::GPUFuncOp kernel);

/// Gives buffers of several dimensions, or none, one: their elements row by
/// row. Transfers of vectors that are in bounds become loads and stores before.
/// Fails where a buffer is not contiguous, has a dynamic size that is not the
/// first, or is used other than by loads and stores.
mlir::LogicalResult flattenBuffers(mlir::gpu::GPUFuncOp kernel);

/// Puts the bodies of functions in place of their calls where a function takes,
/// gives or holds what `isLegal` refuses: the steps below see only kernels.
void inlineFunctions(mlir::gpu::GPUModuleOp module,
                     llvm::function_ref<bool(mlir::Type)> isLegal);

/// Gives constant tables elements of 32 bits where `profile` lacks theirs, or
/// they are infinities or NaN, and converts what is loaded.
mlir::LogicalResult legalizeTables(mlir::gpu::GPUModuleOp module,
                                   ProfileAttr profile);

/// Narrows 64-bit integers to 32 bits where ranges, or the 32 bits of an index
/// or a truncation, show that nothing is lost.
mlir::LogicalResult narrowIntegers(mlir::gpu::GPUFuncOp kernel);

/// Splits vectors of more than four elements into vectors of four or fewer.
mlir::LogicalResult legalizeVectors(mlir::gpu::GPUFuncOp kernel);

/// Makes a buffer whose vectors of four are all aligned a buffer of vectors,
/// and others one of scalars; packs bytes and 16-bit floats into words where
/// `packsBytes` and `packsHalves`.
mlir::LogicalResult legalizeBuffers(mlir::gpu::GPUFuncOp kernel,
                                    ProfileAttr profile);

/// Makes integers of 8 and 16 bits 32-bit ones, zero above.
mlir::LogicalResult widenIntegers(mlir::gpu::GPUFuncOp kernel);

/// Makes 16-bit floats of a kernel 32-bit ones, rounded where they were made;
/// those in buffers that are not packed are converted where they are loaded and
/// stored.
mlir::LogicalResult widenHalves(mlir::gpu::GPUFuncOp kernel);

/// Returns a constant of 16-bit floats with elements of f32.
mlir::TypedAttr widenConstant(mlir::TypedAttr value);

/// Adds patterns that spell out minimum, maximum, comparisons and conversions
/// with what every shader language defines alike, for NaN and values out of
/// range too. They apply once to each operation.
void populateLegalizeFloatsPatterns(mlir::RewritePatternSet &patterns);

/// Adds patterns that give divisions by a constant zero, and shifts by a
/// constant of the width or more, operands that are defined.
void populateLegalizeIntegersPatterns(mlir::RewritePatternSet &patterns);

/// Adds patterns that replace what is read of a constant table at a constant
/// place.
void populateLegalizeTablesPatterns(mlir::RewritePatternSet &patterns);

/// Marks the buffers of a kernel for Vulkan that are read through texels: those
/// that are only read, one element at a time, where the profile prefers it.
void readThroughTexels(mlir::gpu::GPUFuncOp kernel, ProfileAttr profile);

/// Returns whether a buffer is read through a view of texels.
bool isTexelBuffer(mlir::Type type);
/// Returns whether every buffer of this type that the profile allows fits in a
/// view of texels.
bool fitsTexelView(mlir::MemRefType type, ProfileAttr profile);

/// Adds patterns that make comparisons, divisions and loops over integers that
/// are provably not negative unsigned, as the indices of shaders are.
void populateUnsignedIndicesPatterns(mlir::RewritePatternSet &patterns);

/// Reports every type and operation that needs a feature the profile lacks.
mlir::LogicalResult verifyFeatures(mlir::gpu::GPUFuncOp kernel,
                                   ProfileAttr profile);

} // namespace tapml

#endif // TAPML_CODEGEN_LEGALIZE_H
