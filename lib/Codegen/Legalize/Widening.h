//===- Widening.h - Elements held in wider ones -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_LEGALIZE_WIDENING_H
#define TAPML_LIB_CODEGEN_LEGALIZE_WIDENING_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tapml {

/// Returns `element` in the shape of `like`: a vector or a scalar.
mlir::Type getTypeLike(mlir::Type like, mlir::Type element);

/// Makes values of `kernel` whose elements are narrow values with elements of
/// type `wide`, in the memory of the workgroup and the invocation, too; buffers
/// keep their layout. `populate` adds what converts the operations, with a
/// benefit of at most 2; control flow is converted here. What no pattern
/// converts stays, and is reported where features are verified. Operations that
/// `stays` accepts are left as they are; floats that they give or take are
/// converted there.
mlir::LogicalResult widenKernel(
    mlir::gpu::GPUFuncOp kernel, mlir::Type wide,
    llvm::function_ref<bool(mlir::Type)> isNarrow,
    llvm::function_ref<bool(mlir::Operation *)> stays,
    llvm::function_ref<void(mlir::TypeConverter &, mlir::RewritePatternSet &)>
        populate);

} // namespace tapml

#endif // TAPML_LIB_CODEGEN_LEGALIZE_WIDENING_H
