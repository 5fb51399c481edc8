//===- Outliner.h - Cuts regions out of a graph -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_TRANSFORMS_OUTLINER_H
#define TAPML_LIB_DIALECT_TAPML_TRANSFORMS_OUTLINER_H

#include "GraphSizes.h"
#include "Regions.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "tapml/Dialect/TapML/Transforms/Profile.h"

namespace tapml {

/// The executables of a module. Regions that compute the same thing share one.
class ExecutableTable {
public:
  /// New executables are inserted before `insertionPoint`, an op of `module`.
  ExecutableTable(mlir::ModuleOp module, mlir::Operation *insertionPoint)
      : symbols(module), insertionPoint(insertionPoint) {}

  /// Returns the executable that has `body` in a variant for `target`, and
  /// creates what is missing. Takes `body`, a detached function whose operators
  /// have no instances; `instances` has those of each operator in turn.
  ExecutableOp getOrCreate(mlir::func::FuncOp body, const Target &target,
                           llvm::ArrayRef<mlir::ArrayAttr> instances);

  /// Writes the united instances to the operators of every body.
  void writeInstances();

  unsigned size() const { return executables.size(); }

private:
  struct Variant {
    std::string place;
    mlir::func::FuncOp body;
    /// One list per operator of the body.
    llvm::SmallVector<llvm::SetVector<mlir::Attribute>> instances;
  };
  struct Executable {
    ExecutableOp op;
    llvm::SmallVector<Variant> variants;
  };

  mlir::SymbolTable symbols;
  mlir::Operation *insertionPoint;
  std::vector<Executable> executables;
  /// Candidates for equality by a hash of the body.
  llvm::DenseMap<size_t, llvm::SmallVector<unsigned>> byHash;
};

/// What crosses between places when the module runs.
struct TransferCounts {
  unsigned transfers = 0;
  SizePolynomial bytes;
  /// Weights cross once per load, not once per run.
  unsigned weights = 0;
  SizePolynomial weightBytes;
};

/// Replaces the operators of one graph by dispatches of executables.
class Outliner {
public:
  Outliner(mlir::func::FuncOp graph, GraphSizes &sizes,
           llvm::ArrayRef<Target> targets, ExecutableTable &executables,
           TransferCounts &counts)
      : graph(graph), sizes(sizes), targets(targets), executables(executables),
        counts(counts), builder(graph.getContext()) {}

  /// Rewrites the graph into `regions`. Fails with a diagnostic on an operator
  /// that uses something other than tensors and sizes.
  mlir::LogicalResult run(const GraphRegions &regions);

private:
  /// What a region takes and gives, in the order of the body's arguments.
  struct Interface {
    llvm::SetVector<mlir::Value> tensors;
    llvm::SetVector<mlir::Value> indices;
    llvm::SmallVector<mlir::Value> results;
    /// Whether a body can compute a scalar, for those that were asked about.
    llvm::DenseMap<mlir::Value, bool> known;
  };

  mlir::LogicalResult dispatch(const PlacedRegion &region);
  mlir::FailureOr<Interface> getInterface(const PlacedRegion &region);
  /// Returns whether `index` can be computed in a body from the sizes of its
  /// tensor arguments, with expressions that nest up to a limit below `depth`.
  bool isKnownInside(mlir::Value index, Interface &interface,
                     unsigned depth = 0);
  mlir::func::FuncOp buildBody(const PlacedRegion &region, const Target &target,
                               const Interface &interface,
                               llvm::SmallVectorImpl<mlir::ArrayAttr> &names);
  /// Returns the index `value` of the graph inside the body that `mapping`
  /// belongs to, and computes it there where it is not an argument.
  mlir::Value getInside(mlir::OpBuilder &inside, mlir::Value value,
                        const Interface &interface, mlir::IRMapping &mapping);
  /// Returns the tensor argument that has `index` as a size, and which.
  std::optional<std::pair<mlir::Value, int64_t>>
  findSize(mlir::Value index, const Interface &interface);
  /// Returns `value` as it is at `target`, moved there if need be.
  mlir::Value getAt(mlir::Value value, const Target &target);
  void eraseOperators();

  mlir::func::FuncOp graph;
  GraphSizes &sizes;
  llvm::ArrayRef<Target> targets;
  ExecutableTable &executables;
  TransferCounts &counts;
  mlir::OpBuilder builder;
  /// What operators' results have become, and where they are.
  llvm::DenseMap<mlir::Value, mlir::Value> computed;
  llvm::DenseMap<mlir::Value, mlir::StringAttr> homes;
  llvm::DenseMap<std::pair<mlir::Value, mlir::StringAttr>, mlir::Value> moved;
};

} // namespace tapml

#endif // TAPML_LIB_DIALECT_TAPML_TRANSFORMS_OUTLINER_H
