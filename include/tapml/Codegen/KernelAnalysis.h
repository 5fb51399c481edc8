//===- KernelAnalysis.h - What the ops of a kernel do -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Questions that forming kernels, choosing their lowering and emitting them ask
// of linalg on tensors: what kind of op is this, which sizes are equal, and at
// which indices does a kernel read a value.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_KERNELANALYSIS_H
#define TAPML_CODEGEN_KERNELANALYSIS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineMap.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include <optional>

namespace tapml {

class KernelOp;

//===----------------------------------------------------------------------===//
// Kinds of ops
//===----------------------------------------------------------------------===//

/// What an op is to a kernel.
enum class KernelOpKind {
  /// Not an op that a kernel computes with: sizes, constants, terminators.
  None,
  /// `tensor.empty`: a shape without values.
  Empty,
  /// `linalg.fill`: one value everywhere.
  Fill,
  /// Renames indices: expand_shape, collapse_shape, extract_slice, cast.
  Shape,
  /// A generic with parallel loops only.
  Elementwise,
  /// A generic with reduction loops that is no contraction.
  Reduction,
  /// A matrix product: see `getContractionDims`.
  Contraction
};

KernelOpKind getKernelOpKind(mlir::Operation *op);

/// The loops of a contraction by role. `n` holds the innermost dimension of the
/// result, `lhs` is the operand that lacks `n` and `rhs` the one that lacks
/// `m`.
struct ContractionDims {
  llvm::SmallVector<unsigned> batch, m, n, k;
  unsigned lhs = 0, rhs = 1;
};

/// Returns the roles of the loops of `op`, or nothing unless it multiplies and
/// adds f32 values of two inputs, all maps are projected permutations, and
/// there are loops of the kinds m, n and k.
std::optional<ContractionDims> getContractionDims(mlir::linalg::GenericOp op);

/// Returns true if computing an element of `op` costs much more than loading
/// it: the body calls a transcendental function.
bool isExpensive(mlir::linalg::GenericOp op);

/// Returns true if the region of `op` reads the value its output held before.
bool readsInit(mlir::linalg::GenericOp op);

/// Calls `callback` for each value from outside that ops nested in `op` use.
void forEachCapture(mlir::Operation *op,
                    llvm::function_ref<void(mlir::Value)> callback);

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Which sizes are known to be equal: static ones, those computed by the same
/// SSA value, and those that one linalg op loops over together.
class ExtentAnalysis {
public:
  /// Analyses the ops of `block`, and of the kernels in it.
  explicit ExtentAnalysis(mlir::Block &block);

  /// Returns true if dimension `a` of `lhs` and `b` of `rhs` are equal.
  bool areEqual(mlir::Value lhs, unsigned a, mlir::Value rhs, unsigned b) const;

private:
  using Key = std::pair<const void *, int64_t>;

  Key getKey(mlir::Value tensor, unsigned dim) const;
  Key getKey(mlir::OpFoldResult size) const;
  void addOp(mlir::Operation *op);

  llvm::EquivalenceClasses<Key> classes;
};

/// Returns an operand of `op` and the dimension of it that `loop` walks.
std::optional<std::pair<mlir::Value, unsigned>>
getLoopExtent(mlir::linalg::GenericOp op, unsigned loop);

/// Returns the number of iterations of `loop`, or ShapedType::kDynamic.
int64_t getStaticLoopExtent(mlir::linalg::GenericOp op, unsigned loop);

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

/// At which indices a kernel reads a value, while it computes one element of
/// its result.
struct Access {
  /// From the result's indices to the value's; null where that is not known.
  /// Inside a row reduction, the reduced indices go by the names of the
  /// result's trailing ones.
  mlir::AffineMap map;
  /// One element of the value is read for several elements of the result, or
  /// several times in a reduction.
  bool repeated = false;
  /// Read inside the loops of a reduction.
  bool inReduction = false;
  /// Read to compute an input of the contraction.
  bool contractionInput = false;

  /// Read once, at the indices of the result.
  bool isPlain() const {
    return map && map.isIdentity() && !repeated && !inReduction &&
           !contractionInput;
  }
  /// Returns r if the indices are the first r of the result, then zeros.
  std::optional<unsigned> getRowRank() const;

  bool operator==(const Access &other) const {
    return map == other.map && repeated == other.repeated &&
           inReduction == other.inReduction &&
           contractionInput == other.contractionInput;
  }
};

/// Collects the accesses to every value of a kernel, from its result backwards.
class AccessAnalysis {
public:
  explicit AccessAnalysis(const ExtentAnalysis &extents, mlir::Value root);

  mlir::Value getRoot() const { return root; }
  /// Returns how the ops added so far read `value`; unequal accesses only, but
  /// unknown ones count each.
  llvm::ArrayRef<Access> getAccesses(mlir::Value value) const;
  /// Adds what `op` reads. All users of `op` in the kernel were added before.
  void addOp(mlir::Operation *op);

  /// Returns the number of leading indices that select a row if `op` is a
  /// reduction over the rows of the kernel's result; nothing otherwise.
  std::optional<unsigned> getReducedRowRank(mlir::linalg::GenericOp op) const;

private:
  std::optional<unsigned> getReducedRowRank(mlir::linalg::GenericOp op,
                                            const Access &access) const;
  void record(mlir::Value value, const Access &access);
  void addGeneric(mlir::linalg::GenericOp op, const Access &access);
  void addShape(mlir::Operation *op, const Access &access);

  const ExtentAnalysis &extents;
  mlir::Value root;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Access, 2>> accesses;
};

//===----------------------------------------------------------------------===//
// Whole kernels
//===----------------------------------------------------------------------===//

/// What a kernel's region computes.
struct KernelInfo {
  /// The strategy that fits; any kernel may also be run as elementwise unless
  /// it reduces rows.
  Strategy strategy = Strategy::Elementwise;
  /// The op whose result is yielded.
  mlir::Operation *root = nullptr;
  /// Strategy matmul: the contraction.
  mlir::linalg::GenericOp contraction;
  std::optional<ContractionDims> dims;
  /// Strategy row_reduction: the number of indices that select a row.
  unsigned rowRank = 0;
  /// Every captured tensor is read at the result's own indices or is a scalar,
  /// so that the result may be computed as one long row.
  bool linearisable = false;
  /// The sizes of the strategy's iteration space, kDynamic where not static:
  /// elementwise [elements], row_reduction [rows, row length], matmul
  /// [M, N, K].
  llvm::SmallVector<int64_t> sizes;
  /// Strategy matmul: the product of the static sizes of the batch.
  int64_t batch = 1;
};

/// Analyses a kernel as `tapml-form-kernels` builds them. Fails with a
/// diagnostic on a kernel of another form.
mlir::FailureOr<KernelInfo> analyzeKernel(KernelOp kernel);

/// Returns the tensors that `kernel` uses from outside, each once, in the order
/// of their first use.
llvm::SmallVector<mlir::Value> getCapturedTensors(KernelOp kernel);

} // namespace tapml

#endif // TAPML_CODEGEN_KERNELANALYSIS_H
