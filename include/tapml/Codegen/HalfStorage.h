//===- HalfStorage.h - 16-bit floats where a target has none ----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_HALFSTORAGE_H
#define TAPML_CODEGEN_HALFSTORAGE_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace tapml {

/// Returns whether 16-bit floats in buffers are 32-bit words for this profile,
/// two in each, and 32-bit floats in kernels.
bool packsHalves(ProfileAttr profile);

/// Makes 16-bit floats of `kernel`, whose buffers are packed, 32-bit ones,
/// rounded where they were made.
mlir::LogicalResult widenHalves(mlir::gpu::GPUFuncOp kernel);

} // namespace tapml

#endif // TAPML_CODEGEN_HALFSTORAGE_H
