//===- Sizes.h - Arithmetic on the sizes of tensors -------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_SIZES_H
#define TAPML_DIALECT_TAPML_IR_SIZES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace tapml {

/// Returns `size` as a value of type index.
mlir::Value toIndexValue(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::OpFoldResult size);

/// Returns the size of dimension `dim` of `tensor`: an attribute where it is
/// static; else, where the tensor's producer says what it is (`tensor.empty`,
/// destination-passing operations, casts, reshapes, slices), that value; else a
/// `tensor.dim`.
mlir::OpFoldResult getSize(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value tensor, int64_t dim);

/// Returns the sizes of all dimensions of `tensor`, as getSize gives them.
llvm::SmallVector<mlir::OpFoldResult>
getSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// Returns whether two sizes are equal as far as the IR shows: the same
/// constant, or values that the same operations compute from the same values.
bool isSameSize(mlir::OpFoldResult lhs, mlir::OpFoldResult rhs);

/// Returns whether the products of two lists of sizes are equal as far as the
/// IR shows. Sizes that are products themselves are taken apart.
bool isSameProduct(llvm::ArrayRef<mlir::OpFoldResult> lhs,
                   llvm::ArrayRef<mlir::OpFoldResult> rhs);

/// Arithmetic on sizes that folds constants.
mlir::OpFoldResult addSizes(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::OpFoldResult lhs, mlir::OpFoldResult rhs);
mlir::OpFoldResult subtractSizes(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::OpFoldResult lhs,
                                 mlir::OpFoldResult rhs);
mlir::OpFoldResult multiplySizes(mlir::OpBuilder &builder, mlir::Location loc,
                                 llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// Returns the number of elements of a range that excludes its end: zero, or
/// the quotient of `end - start` and `step`, rounded up. `end` is taken not to
/// be negative.
mlir::OpFoldResult getRangeSize(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::OpFoldResult start,
                                mlir::OpFoldResult end,
                                mlir::OpFoldResult step);

/// The same where all three are known; `step` must not be zero.
int64_t getRangeSize(int64_t start, int64_t end, int64_t step);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_IR_SIZES_H
