//===- Inlining.h - Which values get a name ------------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_INLINING_H
#define TAPML_LIB_TARGET_SHADER_INLINING_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace tapml::shader {

/// Decides, before anything is printed, which operations are written inside the
/// one that uses them and which are statements of their own.
///
/// Constants, parts of vectors and the like are written wherever they are used.
/// Other operations without effects are written inside their only user, if it
/// is in the same block or a branch in it, no write comes between them and a
/// read, and the line stays short enough.
class Inlining {
public:
  explicit Inlining(mlir::Operation *function);

  bool isInlined(mlir::Operation *op) const { return inlined.contains(op); }

  /// Returns whether `op`, a statement, is the last in its block that reads
  /// `value`.
  bool isLastUse(mlir::Operation *op, mlir::Value value) const;

private:
  void visitBlock(mlir::Block &block);
  /// Returns the number of characters that the value takes, roughly.
  unsigned getWidth(mlir::Value value) const;

  llvm::DenseSet<mlir::Operation *> inlined;
  /// Characters of an operation that is written inside others.
  llvm::DenseMap<mlir::Operation *, unsigned> widths;
};

/// Returns whether `op` is written wherever it is used.
bool isTransparent(mlir::Operation *op);

/// Returns whether `op` has no effects, also if it is a call.
bool hasNoEffects(mlir::Operation *op);

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_INLINING_H
