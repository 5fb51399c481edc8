//===- DecompositionUtils.h - Building blocks in linalg ---------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operators' decompositions are written in terms of these: a map over
// elements, a reduction, a contraction, a view. Each yields one linalg.generic
// (and what it writes to), so that kernels can be formed from the pieces.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_IR_DECOMPOSITIONUTILS_H
#define TAPML_LIB_DIALECT_TAPML_IR_DECOMPOSITIONUTILS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"

namespace tapml::detail {

using Values = llvm::SmallVector<mlir::Value>;
using Sizes = llvm::SmallVector<mlir::OpFoldResult>;

/// Builds one element from elements of the operands at the same place.
using ScalarBuilder = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// Builds the next value of an accumulator from elements of the operands.
using CombineBuilder = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::ValueRange, mlir::Value)>;

/// A tensor, and the map from an iteration space to its elements.
struct MappedOperand {
  mlir::Value value;
  mlir::AffineMap map;
};

/// A type and its sizes.
struct ShapeAndSizes {
  mlir::RankedTensorType type;
  Sizes sizes;

  int64_t getRank() const { return type.getRank(); }
};

/// Returns the type and sizes of the operator's only result.
ShapeAndSizes getResultShape(mlir::Operation *op, mlir::OpBuilder &builder);

/// Returns the type and sizes of `tensor`.
ShapeAndSizes getShapeOf(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value tensor);

/// Returns `shape` without the dimensions `dims`.
ShapeAndSizes dropDims(const ShapeAndSizes &shape,
                       llvm::ArrayRef<int64_t> dims);

/// Returns `shape` with another element type.
ShapeAndSizes withElementType(const ShapeAndSizes &shape, mlir::Type element);

/// Returns a tensor of that shape without defined elements.
mlir::Value createEmpty(mlir::OpBuilder &builder, mlir::Location loc,
                        const ShapeAndSizes &shape);

/// Returns a tensor of that shape with all elements `value`.
mlir::Value createFill(mlir::OpBuilder &builder, mlir::Location loc,
                       const ShapeAndSizes &shape, mlir::TypedAttr value);

/// Returns `tensor` as a tensor of `type`, which differs in what is known of
/// the sizes at most.
mlir::Value castTo(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value tensor, mlir::RankedTensorType type);

/// Returns the map from places of `result` to elements of `operand`, which
/// broadcasts to it. The last `trailing` dimensions of `result` do not take
/// part.
mlir::AffineMap getBroadcastMap(mlir::RankedTensorType operand,
                                mlir::RankedTensorType result,
                                int64_t trailing = 0);

/// Computes each element of a tensor of that shape. Operands that are constants
/// with equal elements are given to `build` as scalars.
mlir::Value createMap(mlir::OpBuilder &builder, mlir::Location loc,
                      const ShapeAndSizes &shape,
                      llvm::ArrayRef<MappedOperand> operands,
                      ScalarBuilder build);

/// Reduces over the dimensions `dims` of the iteration space `space`; the
/// result has the other dimensions and starts as `init`.
mlir::Value createReduction(mlir::OpBuilder &builder, mlir::Location loc,
                            const ShapeAndSizes &space,
                            llvm::ArrayRef<int64_t> dims,
                            llvm::ArrayRef<MappedOperand> operands,
                            mlir::TypedAttr init, CombineBuilder combine);

/// Multiplies and adds: sums `a * b` over the last dimension of the iteration
/// space `space`.
mlir::Value createContraction(mlir::OpBuilder &builder, mlir::Location loc,
                              const ShapeAndSizes &space, MappedOperand a,
                              MappedOperand b);

/// Returns the elements of `x`, in order, in another shape: a collapse and an
/// expansion of as few dimensions as the IR shows to suffice.
mlir::Value createReshape(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value x, const ShapeAndSizes &shape);

/// Returns a map's constant of the element type, converted from a double.
mlir::Value createScalar(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Type type, double value);

/// Returns the smallest value of a number type: minus infinity for floats.
mlir::TypedAttr getLowest(mlir::OpBuilder &builder, mlir::Type type);

/// Returns the larger of two numbers; NaN if either is.
mlir::Value createMaximum(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value lhs, mlir::Value rhs);

/// Adds two numbers.
mlir::Value createAdd(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value lhs, mlir::Value rhs);

/// Returns a float in another floating-point type, rounded where that is
/// narrower.
mlir::Value convertFloat(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value x, mlir::Type type);

/// Returns `tensor` with its elements in the type that operators compute in.
mlir::Value widenElements(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value tensor);

/// Returns an index as a number of type `type`.
mlir::Value castIndex(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::OpFoldResult index, mlir::Type type);

/// The decomposition of an operator that maps over elements of its operands,
/// which broadcast.
llvm::FailureOr<Values> decomposeElementwise(mlir::Operation *op,
                                             mlir::OpBuilder &builder,
                                             ScalarBuilder build);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_IR_DECOMPOSITIONUTILS_H
