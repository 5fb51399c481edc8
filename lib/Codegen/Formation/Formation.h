//===- Formation.h - Parts of forming kernels -------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Forming kernels has three parts: `normalizeForKernels` brings the function
// into a small set of ops, `groupKernels` decides which of them are computed
// together, and `buildKernel` makes a `tapml.kernel` of a group.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CODEGEN_FORMATION_FORMATION_H
#define LIB_CODEGEN_FORMATION_FORMATION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tapml/Codegen/KernelAnalysis.h"
#include "tapml/Codegen/Storage.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace tapml {

/// Returns the profile that `function` is compiled for: the preset `option` if
/// that is not empty, else the target of the enclosing variant, else null.
/// Fails with a diagnostic if there is no preset of that name.
mlir::FailureOr<ProfileAttr> getProfileFor(mlir::func::FuncOp function,
                                           llvm::StringRef option);

/// Rewrites the body of `function` so that
/// - it holds only ops that kernels are made of, and arithmetic on sizes;
/// - sizes are computed from those of the arguments, equal ones once;
/// - generics have one result, and an output that is a `tensor.empty` or fill
///   unless they read it; contractions accumulate from zero;
/// - each returned tensor is the result of a generic or fill of its own.
/// Fails with a diagnostic on an op that cannot become part of a kernel.
mlir::LogicalResult normalizeForKernels(mlir::func::FuncOp function);

/// Ops that are computed together, to give the result of `root`.
struct KernelGroup {
  KernelGroup(mlir::Operation *root, bool weightOnly,
              const ExtentAnalysis &extents)
      : root(root), weightOnly(weightOnly),
        accesses(extents, root->getResult(0)) {}

  mlir::Operation *root;
  /// Depends on weights alone.
  bool weightOnly;
  AccessAnalysis accesses;
  /// In reverse program order. Fills and empty tensors are not listed.
  llvm::SetVector<mlir::Operation *> members;
  bool hasContraction = false;
  bool hasInlineReduction = false;
  std::optional<unsigned> rowRank;
};

/// Groups the ops of the normalised `block`, see the description of
/// `tapml-form-kernels`. No group needs more buffers than `profile` has, if
/// there is one, where that can be avoided. Groups are in the order of their
/// roots.
llvm::SmallVector<std::unique_ptr<KernelGroup>>
groupKernels(mlir::Block &block, ProfileAttr profile);

/// Returns the number of buffers of a kernel that reads `inputs` and writes
/// `result`: one for each tensor, more for those that are bound in parts.
template <typename Range>
int64_t getNumBuffers(const Range &inputs, mlir::Value result,
                      ProfileAttr profile) {
  auto parts = [&](mlir::Value tensor) {
    return getNumParts(llvm::cast<mlir::RankedTensorType>(tensor.getType()),
                       profile);
  };
  int64_t count = parts(result);
  for (mlir::Value input : inputs)
    count += parts(input);
  return count;
}

/// Returns a name for `group` that tells what it computes, not in `taken`, to
/// which it is added.
std::string nameKernel(const KernelGroup &group, llvm::StringSet<> &taken);

} // namespace tapml

#endif // LIB_CODEGEN_FORMATION_FORMATION_H
