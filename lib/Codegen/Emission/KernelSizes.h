//===- KernelSizes.h - Sizes and inputs of a kernel's region ----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_KERNELSIZES_H
#define TAPML_LIB_CODEGEN_EMISSION_KERNELSIZES_H

#include "IndexMath.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/SetVector.h"
#include <functional>

namespace tapml::emission {

/// A size of a kernel, shared by every dimension that must have it.
struct SizeId {
  unsigned number;
  bool operator==(SizeId other) const { return number == other.number; }
  bool operator!=(SizeId other) const { return number != other.number; }
};

/// Gives the value of a size: in a kernel, or in the function that launches it.
using SizeMap = std::function<mlir::Value(SizeId)>;

/// What a kernel's region takes from outside, and which of its dimensions are
/// known to be equal: two operands of a `linalg.generic` that share a loop, a
/// tensor and the `tensor.empty` it was written to, and so on. A size is passed
/// to the kernel once, however many tensors have it.
class KernelSizes {
public:
  explicit KernelSizes(KernelOp kernel);

  /// Tensors that the region reads, in the order of their first use.
  mlir::ArrayRef<mlir::Value> getInputs() const { return inputs.getArrayRef(); }

  SizeId getSize(mlir::Value tensor, int64_t dim);
  mlir::SmallVector<SizeId> getSizes(mlir::Value tensor);
  /// Returns the size that an index value of the region stands for.
  SizeId getSize(mlir::Value index);
  /// Returns the number of iterations of a loop of `op`, if an operand has it.
  std::optional<SizeId> getLoopSize(mlir::linalg::LinalgOp op, unsigned loop);

  /// Returns what people call the size; empty if nobody said.
  mlir::StringRef getName(SizeId size);
  /// Returns the size where it is the same for all inputs.
  std::optional<int64_t> getStatic(SizeId size);
  /// Creates the size's value in front of the kernel. Null, with a diagnostic,
  /// if it depends on the data of a tensor.
  mlir::Value createOutside(SizeId size, IndexBuilder &ix);

private:
  using Item = std::pair<mlir::Value, int64_t>; // Dimension -1: the value.
  unsigned getNumber(mlir::Value value, int64_t dim);
  unsigned find(unsigned number);
  void unite(unsigned a, unsigned b);
  void unite(mlir::Value tensor, int64_t dim, mlir::OpFoldResult size);
  void visit(mlir::Operation *op);
  void visitLinalg(mlir::linalg::LinalgOp op);
  /// Follows the definitions of a value from outside.
  void visitOutside(mlir::Value value);
  mlir::Value cloneOutside(mlir::Value index, IndexBuilder &ix);

  KernelOp kernel;
  llvm::SetVector<mlir::Value> inputs;
  llvm::DenseSet<mlir::Value> seenOutside;
  std::map<std::pair<void *, int64_t>, unsigned> numbers;
  std::vector<Item> items;
  std::vector<unsigned> parents;
  std::vector<std::optional<int64_t>> constants;
};

/// Returns the constant that every element of `tensor` has, if its definition
/// says so.
mlir::TypedAttr getSplatConstant(mlir::Value tensor);

/// Returns whether `tensor` has a shape but no defined elements.
bool isUninitialized(mlir::Value tensor);

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_KERNELSIZES_H
