//===- Strategies.h - What strategies find in a region ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_STRATEGIES_H
#define TAPML_LIB_CODEGEN_EMISSION_STRATEGIES_H

#include "KernelSizes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tapml::emission {

/// The rows of a row reduction: the result's leading dimensions, which are the
/// parallel dimensions of its reductions.
struct Rows {
  mlir::SmallVector<mlir::linalg::LinalgOp> reductions;
  /// Number of leading dimensions of the result.
  size_t rank = 0;
  mlir::SmallVector<SizeId> rowSizes, columnSizes;
};
mlir::FailureOr<Rows> findRows(KernelOp kernel, KernelSizes &sizes);

/// The contraction of a matmul: `output += lhs * rhs`. `rhs` holds the
/// innermost dimension of the output.
struct Contraction {
  mlir::linalg::LinalgOp op;
  unsigned lhs, rhs;
  /// The factors of the product in the body, in the order lhs, rhs.
  mlir::Value lhsFactor, rhsFactor;
  /// Loops of the rows (lhs only), columns (rhs only), batch (both), depth.
  mlir::SmallVector<unsigned> rows, columns, batch, depth;
};
mlir::FailureOr<Contraction> findContraction(KernelOp kernel);

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_STRATEGIES_H
