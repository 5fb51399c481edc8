//===- Uniformity.h - What all invocations of a workgroup agree on - -*- C++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_ANALYSIS_UNIFORMITY_H
#define TAPML_CODEGEN_ANALYSIS_UNIFORMITY_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/DenseSet.h"

namespace tapml {

/// Which values of a kernel are the same in all invocations of a workgroup that
/// compute them. Sizes, the workgroup's number and constants are; the
/// invocation's number, what others may have written to memory, and what
/// subgroups compute are not; the rest follows from its operands and from the
/// branches and loops that chose it. Says "uniform" only where WGSL's own
/// analysis does.
class UniformityAnalysis {
public:
  explicit UniformityAnalysis(mlir::gpu::GPUFuncOp kernel);

  bool isUniform(mlir::Value value) const { return !divergent.contains(value); }

  /// Returns the innermost operation around `op` whose condition or bounds
  /// differ between invocations, so that not all reach `op`; null if there is
  /// none.
  mlir::Operation *getDivergentParent(mlir::Operation *op) const;

private:
  /// Returns whether invocations may take different ways through `op`.
  bool branchesApart(mlir::Operation *op) const;
  bool mark(mlir::Value value);
  bool visit(mlir::Operation *op);

  llvm::DenseSet<mlir::Value> divergent;
};

} // namespace tapml

#endif // TAPML_CODEGEN_ANALYSIS_UNIFORMITY_H
