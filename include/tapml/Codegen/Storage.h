//===- Storage.h - Where tensors live ---------------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_STORAGE_H
#define TAPML_CODEGEN_STORAGE_H

#include "tapml/Dialect/TapML/IR/TapMLOps.h"

namespace tapml {

/// On a launch, a dispatch or a transfer: the slot of each result, as i64s; -1
/// for a result that has none.
inline constexpr llvm::StringLiteral kSlotsAttr = "tapml.slots";
inline constexpr int64_t kNoSlot = -1;
/// Marks a launch that runs once per load.
inline constexpr llvm::StringLiteral kInitAttr = "tapml.init";
/// The estimated bytes of a function's slots, for people.
inline constexpr llvm::StringLiteral kMemoryAttr = "tapml.memory";
/// Marks an argument of a body as a weight.
inline constexpr llvm::StringLiteral kConstantAttr = "tapml.constant";

/// On a launch: in how many parts each of its buffers is bound, in the order of
/// inputs and outputs.
inline constexpr llvm::StringLiteral kPartsAttr = "tapml.parts";

/// Returns the bytes of the parts of a tensor that is larger than what devices
/// of `profile` bind at once: a power of two.
int64_t getPartBytes(ProfileAttr profile);

/// Returns in how many parts devices of `profile` bind a tensor: 1 as far as is
/// known where sizes are dynamic.
int64_t getNumParts(mlir::RankedTensorType type, ProfileAttr profile);

/// Returns in how many parts a launch binds a buffer, counted over its inputs
/// and then its outputs.
int64_t getNumParts(LaunchOp launch, unsigned buffer);

/// Returns what stands for the buffer that holds `tensor`: an argument, a
/// weight, or the result of a launch, dispatch or transfer. Reshapes and casts
/// are the same buffer seen otherwise. Null if `tensor` is in no buffer of its
/// own, as a slice of one.
mlir::Value getStorage(mlir::Value tensor);

/// Returns the slot of a result, or `kNoSlot` if none is assigned.
int64_t getSlot(mlir::OpResult result);

/// Returns the weight that `tensor` is, at whatever place: a transfer that
/// keeps the element type is where the runtime puts the weight, not a copy.
GetGlobalOp getWeight(mlir::Value tensor);

/// Returns the place of a value of the module's main function; null for a
/// weight, which is at every place that uses it.
mlir::StringAttr getPlace(mlir::Value tensor);

} // namespace tapml

#endif // TAPML_CODEGEN_STORAGE_H
