//===- SizeExpr.h - Sizes as tables of expressions --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_SIZEEXPR_H
#define TAPML_CODEGEN_SIZEEXPR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "tapml/Runtime/SizeOp.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>
#include <tuple>

namespace tapml {

/// One row of a table of size expressions: `a` is the constant, the tensor
/// argument or the size argument; `b` the dimension. For the binary operations
/// both are earlier rows. Arithmetic is that of 64-bit signed integers, and
/// overflow is an error.
struct SizeExpr {
  using Op = SizeOp;
  Op op;
  int64_t a = 0;
  int64_t b = 0;
};

/// The sizes that a function computes (of tensors, of grids, of kernels), as a
/// table of expressions over the shapes of its tensor arguments and over its
/// `index` arguments. This is how the host side of an executable leaves the
/// compiler: a runtime, or a page in a browser, evaluates the table.
///
/// Rows are made on demand and never twice.
class SizeExprTable {
public:
  using Id = unsigned;

  /// A table for `function`, whose tensor arguments come before its sizes. With
  /// `quiet`, values that cannot be expressed fail without a diagnostic.
  explicit SizeExprTable(mlir::func::FuncOp function, bool quiet = false);

  Id getConstant(int64_t value);
  Id getBinary(SizeExpr::Op op, Id a, Id b);

  /// Returns the row of an `index` or integer value.
  mlir::FailureOr<Id> get(mlir::Value value);
  /// Returns the row of a tensor's dimension.
  mlir::FailureOr<Id> getDim(mlir::Value tensor, int64_t dim);
  mlir::FailureOr<llvm::SmallVector<Id>> getShape(mlir::Value tensor);
  mlir::FailureOr<Id> getNumElements(mlir::Value tensor);
  /// Returns the row of the bytes that `tensor` takes in a buffer.
  mlir::FailureOr<Id> getNumBytes(mlir::Value tensor);

  llvm::ArrayRef<SizeExpr> getRows() const { return rows; }
  /// The value of a row that does not depend on arguments.
  std::optional<int64_t> getConstantValue(Id id) const;

  /// Rows that must not be negative, because an unsigned operation takes them.
  /// Those for which this follows from the table are left out.
  llvm::ArrayRef<Id> getAssumedNonNegative() const { return assumed; }

  /// Evaluates every row. `dimOf(arg, dim)` and `sizeOf(index)` give what the
  /// arguments are; rows that cannot be computed have no value.
  llvm::SmallVector<std::optional<int64_t>>
  evaluate(llvm::function_ref<int64_t(unsigned arg, unsigned dim)> dimOf,
           llvm::function_ref<int64_t(unsigned index)> sizeOf) const;

private:
  Id getRow(SizeExpr expr);
  bool isNonNegative(Id id) const { return nonNegative[id]; }
  /// Notes that an unsigned operation takes `id` and returns it.
  Id assumeNonNegative(Id id);
  Id getTruncatingDiv(Id a, Id b);
  Id getSelect(Id condition, Id whenTrue, Id whenFalse);
  Id getNot(Id condition);
  mlir::FailureOr<Id> build(mlir::Value value);
  mlir::FailureOr<Id> buildDim(mlir::Value tensor, int64_t dim);
  mlir::FailureOr<Id> buildAffine(mlir::AffineExpr expr,
                                  llvm::ArrayRef<Id> dims,
                                  llvm::ArrayRef<Id> symbols);
  mlir::LogicalResult buildOperands(mlir::ValueRange operands,
                                    llvm::SmallVectorImpl<Id> &ids);
  /// Reports that `value` has no expression.
  mlir::LogicalResult fail(mlir::Value value);

  mlir::func::FuncOp function;
  unsigned numTensors = 0;
  bool quiet;
  llvm::SmallVector<SizeExpr> rows;
  llvm::SmallVector<bool> nonNegative;
  llvm::SmallVector<Id> assumed;
  llvm::DenseMap<std::tuple<int, int64_t, int64_t>, Id> known;
  llvm::DenseMap<mlir::Value, Id> values;
};

/// The bytes of one element of `type` in a buffer: i1 takes a byte.
int64_t getElementBytes(mlir::Type type);

/// Buffers of one step are placed at, and slots take, multiples of this.
inline constexpr int64_t kBufferAlignment = 256;

} // namespace tapml

#endif // TAPML_CODEGEN_SIZEEXPR_H
