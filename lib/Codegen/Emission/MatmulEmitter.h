//===- MatmulEmitter.h - Kernels around a contraction -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_MATMULEMITTER_H
#define TAPML_LIB_CODEGEN_EMISSION_MATMULEMITTER_H

#include "KernelEmitter.h"
#include "Strategies.h"

namespace tapml::emission {

/// Emits tiles of `rows x columns` results whose accumulators stay in
/// registers: one vector of the right-hand side is used for every row, one
/// element of the left-hand side for every column.
///
/// With a subgroup, its invocations compute the same rows of adjacent columns:
/// each reads the left-hand side of another row, and gives it to the others.
class MatmulEmitter {
public:
  MatmulEmitter(KernelEmitter &e, Contraction contraction)
      : e(e), ix(*e.ix), evaluator(*e.evaluator), c(std::move(contraction)),
        tileRows(e.config.getTile()[0]), tileColumns(e.config.getTile()[1]),
        width(e.config.getVector()), share(e.config.getSubgroup()) {}

  mlir::LogicalResult emit();

private:
  using Loops = mlir::SmallVector<Index>;

  /// How the columns of a tile relate to those of the result.
  enum class Edge {
    /// All columns of every tile are there.
    None,
    /// Vectors of columns are there or not, as a whole.
    Vectors,
    /// A vector may end behind the last column.
    Elements
  };

  mlir::FailureOr<SizeFormula> getSize(mlir::ArrayRef<unsigned> loops);
  /// Sets the loops that `dims` lists from their common linear index.
  void setLoops(Loops &loops, mlir::ArrayRef<unsigned> dims, Index linear);
  Loops getLoops(mlir::Value row, Index column, Index depth);

  // Tiles and results.
  mlir::LogicalResult emitTile(mlir::Value batch, mlir::Value firstRow,
                               mlir::Value firstColumn);
  mlir::LogicalResult emitColumns(mlir::Value firstColumn, Edge edge);
  mlir::LogicalResult storeTile(mlir::ArrayRef<mlir::Value> accumulators,
                                Edge edge);
  mlir::FailureOr<mlir::Value> finishResult(mlir::Value sum,
                                            const Loops &loops);
  mlir::SmallVector<Index> getResultIndices(const Loops &loops);

  // The sum of products.
  mlir::FailureOr<mlir::SmallVector<mlir::Value>> accumulate();
  mlir::LogicalResult emitStep(Index depth, mlir::Value firstDepth,
                               int64_t steps,
                               mlir::MutableArrayRef<mlir::Value> accumulators);
  /// Decides how the inputs are read: fills `depthSteps` and `rhsAlongDepth`.
  mlir::LogicalResult planAccesses();
  /// Returns how many accesses to `operand` are one by one at `loops`.
  std::optional<unsigned> countScalarized(mlir::OpOperand *operand,
                                          const Loops &loops, int64_t lanes);
  /// Returns the elements of the left-hand side in row `number` of `lhsRows` at
  /// `steps` depths.
  mlir::Value evaluateLhs(int64_t number, Index depth, int64_t steps);
  /// Returns vectors of the right-hand side along the columns, one for each of
  /// `steps` depths from `firstDepth`.
  mlir::FailureOr<mlir::SmallVector<mlir::Value>>
  evaluateRhs(Index column, Index depth, mlir::Value firstDepth, int64_t steps);
  mlir::Value multiplyAdd(mlir::Value lhs, mlir::Value rhs,
                          mlir::Value accumulator);

  KernelEmitter &e;
  IndexBuilder &ix;
  ElementEvaluator &evaluator;
  Contraction c;
  int64_t tileRows, tileColumns, width, share;
  /// Sizes of the four groups of loops, in the kernel.
  mlir::Value rowCount, columnCount, batchCount, depthCount;
  /// The number of the invocation in its subgroup.
  mlir::Value lane;
  /// The tile's position; rows behind the last one are the last one again.
  Index batch = nullptr;
  mlir::SmallVector<mlir::Value> rows;
  /// The rows whose left-hand side this invocation reads, one for every
  /// `share` rows of the tile. Without a subgroup they are `rows`.
  mlir::SmallVector<mlir::Value> lhsRows;
  /// The invocation's vectors of columns: where they start, and the columns
  /// that are computed; those behind the last one are the last ones again.
  mlir::SmallVector<mlir::Value> columnStarts;
  mlir::SmallVector<Index> columns;
  mlir::Value firstRow;
  /// Number of depths that one iteration of the loop adds.
  int64_t depthSteps = 1;
  /// The right-hand side is read along the depth and then transposed, because
  /// its columns are not adjacent in memory.
  bool rhsAlongDepth = false;
};

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_MATMULEMITTER_H
