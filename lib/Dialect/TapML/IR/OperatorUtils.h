//===- OperatorUtils.h - What operators' methods share ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_IR_OPERATORUTILS_H
#define TAPML_LIB_DIALECT_TAPML_IR_OPERATORUTILS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"

namespace tapml::detail {

using Shape = llvm::SmallVector<int64_t>;

/// An operand as a diagnostic names it.
struct NamedOperand {
  llvm::StringRef name;
  mlir::Value value;

  mlir::RankedTensorType getType() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
};

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Returns the shape that `shapes` broadcast to, aligned at the last dimension.
/// Fails with a diagnostic on `op` where they do not.
llvm::FailureOr<Shape> inferBroadcast(mlir::Operation *op,
                                      llvm::ArrayRef<NamedOperand> operands,
                                      llvm::ArrayRef<Shape> shapes);

/// Checks that the operator's operands, called `names`, broadcast to the shape
/// of its result.
llvm::LogicalResult verifyBroadcast(mlir::Operation *op,
                                    llvm::ArrayRef<llvm::StringRef> names);

/// Checks that the operator's result has `shape` wherever both are known.
llvm::LogicalResult verifyResultShape(mlir::Operation *op,
                                      llvm::ArrayRef<int64_t> shape);

/// Checks that there is one size for each dynamic dimension of the result.
llvm::LogicalResult verifySizes(mlir::Operation *op, mlir::OperandRange sizes);

/// Checks that `dim` is a dimension of `operand`.
llvm::LogicalResult verifyDim(mlir::Operation *op, int64_t dim,
                              NamedOperand operand);

/// Checks that `dims` are different dimensions of `operand`, and not none.
llvm::LogicalResult verifyDims(mlir::Operation *op,
                               llvm::ArrayRef<int64_t> dims,
                               NamedOperand operand);

/// Returns whether two sizes can be equal: they are, or one is dynamic.
bool isCompatible(int64_t lhs, int64_t rhs);

/// Prints a shape as "[2, ?, 4]".
std::string printShape(llvm::ArrayRef<int64_t> shape);

//===----------------------------------------------------------------------===//
// Shape inference
//===----------------------------------------------------------------------===//

/// Stores `sizes` as the shape of the operator's result: attributes exactly
/// where the result's type is static.
void setReifiedShape(mlir::Operation *op, mlir::OpBuilder &builder,
                     llvm::ArrayRef<mlir::OpFoldResult> sizes,
                     mlir::ReifiedRankedShapedTypeDims &shapes);

/// The shape of a result that all of the operator's operands broadcast to.
llvm::LogicalResult
reifyBroadcastShape(mlir::Operation *op, mlir::OpBuilder &builder,
                    mlir::ReifiedRankedShapedTypeDims &shapes);

/// The shape of a result whose dynamic dimensions `dynamicSizes` gives.
llvm::LogicalResult reifyFromSizes(mlir::Operation *op,
                                   mlir::OpBuilder &builder,
                                   mlir::ValueRange dynamicSizes,
                                   mlir::ReifiedRankedShapedTypeDims &shapes);

/// Returns the sizes of the last `rank` dimensions but `trailing` of what
/// `operands` broadcast to, where the last `trailing` do not take part.
llvm::SmallVector<mlir::OpFoldResult>
getBroadcastSizes(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::ValueRange operands, int64_t trailing = 0);

//===----------------------------------------------------------------------===//
// Numerical class and support
//===----------------------------------------------------------------------===//

/// Returns `floatClass` for an operator with a floating-point result, else
/// NumericalClass::Discrete. Movement stays movement.
NumericalClass getClassOfElementwise(mlir::Operation *op,
                                     NumericalClass floatClass);

/// Returns why arithmetic on the result's type cannot be done under `profile`:
/// the types, or 64-bit integers, whose values may leave the 32 bits in which a
/// device without them holds them.
std::optional<std::string> getUnsupportedArithmeticReason(mlir::Operation *op,
                                                          ProfileAttr profile);

/// Returns why `value` cannot be held under `profile`: an i64 beyond 32 bits.
std::optional<std::string> getUnsupportedValueReason(mlir::Operation *op,
                                                     mlir::Attribute value,
                                                     ProfileAttr profile);

/// Returns why an operator that reads all its operands in one kernel cannot run
/// under `profile`: it needs more buffers than there are.
std::optional<std::string> getUnsupportedBuffersReason(mlir::Operation *op,
                                                       ProfileAttr profile);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_IR_OPERATORUTILS_H
