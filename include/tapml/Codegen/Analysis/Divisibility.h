//===- Divisibility.h - What divides an index -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels access memory in vectors only where an offset is provably a multiple
// of the vector's size; this analysis is the proof, for every target.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_ANALYSIS_DIVISIBILITY_H
#define TAPML_CODEGEN_ANALYSIS_DIVISIBILITY_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace tapml {

/// Computes divisors of integer and index values out of the arithmetic that
/// produces them: arith ops, the induction variables of scf.for and the ids of
/// the gpu dialect. Results are kept, so the IR must not change meanwhile.
class DivisibilityAnalysis {
public:
  /// Returns a number that divides every value that `value` takes; 1 where
  /// nothing is known, 0 for the value zero (which everything divides).
  uint64_t getDivisor(mlir::Value value) { return compute(value, 0); }

  /// Returns whether `value` is always a multiple of `divisor`.
  bool isMultipleOf(mlir::Value value, uint64_t divisor) {
    return getDivisor(value) % divisor == 0;
  }

private:
  uint64_t compute(mlir::Value value, unsigned depth);
  uint64_t computeArgument(mlir::BlockArgument argument, unsigned depth);
  uint64_t computeResult(mlir::OpResult result, unsigned depth);

  llvm::DenseMap<mlir::Value, uint64_t> divisors;
};

/// Builds `value` / `divisor` for a non-negative index `value` that is a
/// multiple of the power of two `divisor`. Sums and products by constants are
/// divided term by term, so that the address arithmetic stays as it was.
/// Returns null where `value` is not known to be such a multiple.
mlir::Value buildExactQuotient(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value value, uint64_t divisor,
                               DivisibilityAnalysis &analysis);

} // namespace tapml

#endif // TAPML_CODEGEN_ANALYSIS_DIVISIBILITY_H
