//===- KernelEmitter.h - One entry point being emitted ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_KERNELEMITTER_H
#define TAPML_LIB_CODEGEN_EMISSION_KERNELEMITTER_H

#include "ElementEvaluator.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace tapml::emission {

/// A number computed from sizes: in the kernel, and where it is launched.
using SizeFormula =
    std::function<mlir::Value(IndexBuilder &ix, const SizeMap &sizes)>;

/// Emits a kernel op with one configuration as a function. The function is a
/// `gpu.func` for a target, a `func.func` over a range of workgroups for the
/// host; strategies see no difference.
class KernelEmitter {
public:
  KernelEmitter(KernelOp kernel, ConfigAttr config, ProfileAttr profile,
                KernelSizes &sizes);
  ~KernelEmitter();

  /// Creates the function at the end of `block` and fills it.
  mlir::LogicalResult emit(mlir::Block *block, mlir::StringRef name);

  /// Emits the part that every workgroup runs: `body` gets the workgroup's
  /// number. Numbers of `groups` and above occur where `mayOverrun`.
  mlir::LogicalResult
  emitGroups(SizeFormula groups,
             llvm::function_ref<mlir::LogicalResult(mlir::Value group)> body);
  /// Returns whether there may be more workgroups than were asked for.
  bool mayOverrun() const { return overruns; }
  /// Returns the number of the running invocation, counted over all workgroups.
  mlir::Value getInvocation(mlir::Value group);
  /// Returns the number of this invocation's subgroup over all workgroups, and
  /// of the invocation in its subgroup. One invocation is a subgroup where the
  /// configuration uses none.
  std::pair<mlir::Value, mlir::Value> getSubgroup(mlir::Value group);
  int64_t getInvocationsPerGroup() const;
  bool isHost() const { return profile.isHost(); }

  /// Computes the elements of the kernel's result at `at` and stores them.
  mlir::LogicalResult emitResult(mlir::ArrayRef<Index> at, int64_t lanes);
  void storeResult(mlir::Value value, mlir::ArrayRef<Index> at, int64_t lanes);
  /// Calls `body` for `[begin, end)`, each `step` apart: for `config.vector`
  /// adjacent elements as long as there are so many, then one by one. With
  /// several invocations (`lane` of `config.subgroup`) each takes its share.
  mlir::LogicalResult emitElements(
      mlir::Value begin, mlir::Value end, mlir::Value lane,
      llvm::function_ref<mlir::LogicalResult(Index index, int64_t lanes)> body);

  /// Returns the value of a size in the kernel.
  mlir::Value getSize(SizeId size);
  /// Returns the tensor that the kernel computes.
  mlir::Value getResult();
  mlir::SmallVector<mlir::Value> getResultSizes();
  mlir::FunctionOpInterface getFunction() { return function; }
  const SizeFormula &getGroups() const { return groups; }

  /// Removes code that computes nothing, and returns which inputs and sizes
  /// are used.
  void finish(llvm::SetVector<unsigned> &usedInputs,
              std::vector<SizeId> &usedSizes);
  /// Makes the arguments those of the launch: the given inputs, the output, the
  /// given sizes.
  void setArguments(const llvm::SetVector<unsigned> &keptInputs,
                    mlir::ArrayRef<SizeId> keptSizes);

  KernelOp kernel;
  ConfigAttr config;
  ProfileAttr profile;
  KernelSizes &sizes;
  mlir::OpBuilder builder;
  mlir::Location loc;
  std::unique_ptr<IndexBuilder> ix;
  std::unique_ptr<IndexContext> indices;
  std::unique_ptr<ElementEvaluator> evaluator;

private:
  mlir::LogicalResult createFunction(mlir::Block *block, mlir::StringRef name);
  mlir::Value getGroupNumber(mlir::Value groups);

  mlir::FunctionOpInterface function;
  mlir::Block *entry = nullptr;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  mlir::Value output, begin, end;
  std::vector<std::pair<SizeId, mlir::BlockArgument>> sizeArguments;
  SizeFormula groups;
  bool overruns = false;
};

/// The strategies. Each fills the emitter's function.
mlir::LogicalResult emitElementwise(KernelEmitter &emitter);
mlir::LogicalResult emitRowReduction(KernelEmitter &emitter);
mlir::LogicalResult emitMatmul(KernelEmitter &emitter);

/// Returns the sizes that a configuration's `at_least` is compared with:
/// [elements], [rows, row length], or [rows, columns, depth].
mlir::FailureOr<mlir::SmallVector<SizeFormula>>
getIterationSpace(KernelOp kernel, Strategy strategy, KernelSizes &sizes);

/// Creates the three grid sizes that launch `groups` workgroups.
mlir::SmallVector<mlir::Value, 3>
createGrid(IndexBuilder &ix, ProfileAttr profile, mlir::Value groups);

/// Returns the product of sizes as a formula.
SizeFormula getProduct(mlir::ArrayRef<SizeId> sizes);

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_KERNELEMITTER_H
