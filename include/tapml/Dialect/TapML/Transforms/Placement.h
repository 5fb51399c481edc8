//===- Placement.h - Places the operators of a graph by a plan --*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PLACEMENT_H
#define TAPML_DIALECT_TAPML_TRANSFORMS_PLACEMENT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Transforms/Plan.h"

namespace tapml {

/// Where one operator runs, and why.
struct Placement {
  mlir::Operation *op = nullptr;
  /// What the plan file says about the operator: identity, place and reason.
  PlanPin decision;
};

/// A plan, and what it means for every operator of a module.
struct EffectivePlan {
  Plan plan;
  llvm::SmallVector<Target> targets;
  /// In the order of the graphs; operators cloned into the regions that use
  /// them (see `isClonedConstant`) are not listed.
  llvm::SmallVector<Placement> placements;

  /// Returns the plan with a decision for every operator.
  Plan toPlan() const;
};

/// Returns whether `op` is a constant without dimensions that only operators
/// use. Such a constant is cloned into every region that uses it; moving it
/// between places would cost more than making it twice.
bool isClonedConstant(mlir::Operation *op);

/// Returns the graphs of `module`: its public functions with a body.
llvm::SmallVector<mlir::func::FuncOp> getGraphs(mlir::ModuleOp module);

/// Returns the type that `type` has on a place with `profile`: without 64-bit
/// integers there, i64 tensors cross as i32, each value checked.
mlir::Type getTypeAt(mlir::Type type, ProfileAttr profile);

/// Checks that `module` can be partitioned: graphs have one block, operators
/// stand at the top of a graph, and no two operators of a graph have the same
/// instance. Reports every operator for which this does not hold.
mlir::LogicalResult verifyGraphs(mlir::ModuleOp module);

/// Returns why `op` cannot run under `profile`, as a clause, or nothing if it
/// can: the operator's own reason, or one that follows from its types.
std::optional<std::string> getPlacementReason(TapMLOperator op,
                                              ProfileAttr profile);

/// Decides for every operator of `module` where it runs: the plan's `instances`
/// first, then the first rule that matches, then the default. An operator that
/// its place cannot run goes to the host with the reason, or is an error,
/// as the plan says; all such errors are reported before this fails. Warns
/// about rules that name instances the module does not have. Does not change
/// the module.
mlir::FailureOr<EffectivePlan> placeOperators(mlir::ModuleOp module,
                                              const Plan &plan,
                                              llvm::ArrayRef<Target> targets);

/// Writes where each operator of `plan` runs and why: a table within 80
/// columns, with operators that differ only in a layer's number in one row, and
/// the number of operators by reason at its end; or as JSON, the effective
/// plan.
void printExplanation(llvm::raw_ostream &os, const EffectivePlan &plan,
                      bool json = false);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PLACEMENT_H
