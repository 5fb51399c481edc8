//===- GraphSizes.h - Sizes of a graph's tensors from its inputs -*- C++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_TRANSFORMS_GRAPHSIZES_H
#define TAPML_LIB_DIALECT_TAPML_TRANSFORMS_GRAPHSIZES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <map>
#include <string>
#include <vector>

namespace tapml {

/// A polynomial in the sizes of a graph's inputs, for reports.
class SizePolynomial {
public:
  SizePolynomial() = default;
  explicit SizePolynomial(int64_t constant);
  explicit SizePolynomial(llvm::StringRef symbol);

  SizePolynomial &operator+=(const SizePolynomial &other);
  SizePolynomial operator*(const SizePolynomial &other) const;

  /// Returns whether the polynomial is too long for a person to read.
  bool isLong() const;

  /// Returns the polynomial as text, terms of high degree first:
  /// `1536*batch*seq + 4`.
  std::string str() const;

private:
  /// Coefficients by the symbols of the monomial, which are sorted.
  std::map<std::vector<std::string>, int64_t> terms;
};

/// The sizes of every tensor of a graph as index values that depend on sizes
/// of the graph's inputs only, not on tensors that operators compute. So sizes
/// are known before anything runs, and regions can be cut out of the graph.
class GraphSizes {
public:
  GraphSizes(mlir::func::FuncOp graph);

  /// Computes the sizes, and rewrites the graph's own size arithmetic to use
  /// them: equal values are computed once, and no `tensor.dim` of a computed
  /// tensor is left. Fails with a diagnostic on an operator that does not say
  /// the sizes of its results.
  mlir::LogicalResult run();

  /// Returns the sizes of `tensor`, which must be a ranked tensor of the graph.
  llvm::ArrayRef<mlir::OpFoldResult> get(mlir::Value tensor) const;

  /// Returns the number of bytes of `tensor` with elements of `elementType`.
  SizePolynomial getBytes(mlir::Value tensor, mlir::Type elementType);

private:
  /// Compares operations by what they compute.
  struct SameComputation : public llvm::DenseMapInfo<mlir::Operation *> {
    static unsigned getHashValue(const mlir::Operation *op);
    static bool isEqual(const mlir::Operation *lhs, const mlir::Operation *rhs);
  };

  void addArguments();
  mlir::LogicalResult addOperator(mlir::Operation *op);
  /// Records sizes for the results of an operation that is no operator.
  void addOther(mlir::Operation *op);
  /// Replaces `op` if its result is known, or was computed before.
  void simplify(mlir::Operation *op);
  void replace(mlir::Operation *op, mlir::ValueRange values);
  mlir::Value getConstant(int64_t value);
  mlir::Value getValue(mlir::OpFoldResult size);
  /// Returns `size` as a polynomial; what is no sum or product, is long, or
  /// nests deeper than a limit below `depth`, is a symbol.
  SizePolynomial getPolynomial(mlir::OpFoldResult size, unsigned depth = 0);

  mlir::func::FuncOp graph;
  mlir::OpBuilder builder;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::OpFoldResult>> sizes;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  llvm::DenseSet<mlir::Operation *, SameComputation> computed;
  /// Names of the sizes of inputs.
  llvm::DenseMap<mlir::Value, std::string> symbols;
  llvm::DenseMap<mlir::Value, SizePolynomial> polynomials;
  /// What replaced values became; the operations that are no longer used.
  llvm::DenseMap<mlir::Value, mlir::Value> replaced;
  llvm::SmallVector<mlir::Operation *> unused;
};

} // namespace tapml

#endif // TAPML_LIB_DIALECT_TAPML_TRANSFORMS_GRAPHSIZES_H
