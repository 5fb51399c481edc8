//===- Uniformity.cpp - What all invocations of a workgroup agree on ------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Analysis/Uniformity.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

/// Returns whether the memory of a load may be written by the kernel, or is
/// each invocation's own.
static bool isWritable(Value memory) {
  auto argument = dyn_cast<BlockArgument>(memory);
  if (!argument)
    return !memory.getDefiningOp<memref::GetGlobalOp>();
  auto kernel = dyn_cast<gpu::GPUFuncOp>(argument.getOwner()->getParentOp());
  if (!kernel || argument.getArgNumber() >= kernel.getNumArguments())
    return true; // Attributions are memory of the workgroup.
  return llvm::any_of(memory.getUsers(), [](Operation *user) {
    return !isa<memref::LoadOp, vector::LoadOp>(user);
  });
}

UniformityAnalysis::UniformityAnalysis(gpu::GPUFuncOp kernel) {
  bool changed = true;
  while (changed) {
    changed = false;
    kernel.getBody().walk<WalkOrder::PreOrder>(
        [&](Operation *op) { changed |= visit(op); });
  }
}

bool UniformityAnalysis::mark(Value value) {
  return divergent.insert(value).second;
}

bool UniformityAnalysis::branchesApart(Operation *op) const {
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return !isUniform(branch.getCondition());
  if (auto choice = dyn_cast<scf::IndexSwitchOp>(op))
    return !isUniform(choice.getArg());
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return !isUniform(loop.getLowerBound()) ||
           !isUniform(loop.getUpperBound()) || !isUniform(loop.getStep());
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return !isUniform(loop.getConditionOp().getCondition());
  return op->getNumRegions() != 0 && !isa<gpu::GPUFuncOp>(op);
}

Operation *UniformityAnalysis::getDivergentParent(Operation *op) const {
  for (Operation *parent = op->getParentOp();
       parent && !isa<gpu::GPUFuncOp>(parent); parent = parent->getParentOp())
    if (branchesApart(parent))
      return parent;
  return nullptr;
}

bool UniformityAnalysis::visit(Operation *op) {
  bool changed = false;
  auto markAll = [&](ValueRange values) {
    for (Value value : values)
      changed |= mark(value);
  };
  /// Marks each of `targets` whose value may come from a divergent source.
  auto flow = [&](ValueRange sources, ValueRange targets) {
    for (auto [source, target] : llvm::zip(sources, targets))
      if (!isUniform(source))
        changed |= mark(target);
  };
  bool apart = branchesApart(op);
  TypeSwitch<Operation *>(op)
      .Case([&](scf::ForOp loop) {
        flow(loop.getInitArgs(), loop.getRegionIterArgs());
        flow(loop.getYieldedValues(), loop.getRegionIterArgs());
        flow(loop.getRegionIterArgs(), loop.getResults());
        if (apart) {
          changed |= mark(loop.getInductionVar());
          markAll(loop.getRegionIterArgs());
          markAll(loop.getResults());
        }
      })
      .Case([&](scf::WhileOp loop) {
        flow(loop.getInits(), loop.getBeforeArguments());
        flow(loop.getYieldedValues(), loop.getBeforeArguments());
        flow(loop.getConditionOp().getArgs(), loop.getAfterArguments());
        flow(loop.getAfterArguments(), loop.getResults());
        if (apart) {
          markAll(loop.getBeforeArguments());
          markAll(loop.getAfterArguments());
          markAll(loop.getResults());
        }
      })
      .Case<scf::IfOp, scf::IndexSwitchOp>([&](auto) {
        for (Region &region : op->getRegions())
          if (!region.empty())
            flow(region.front().getTerminator()->getOperands(),
                 op->getResults());
        if (apart)
          markAll(op->getResults());
      })
      .Case<gpu::ThreadIdOp, gpu::GlobalIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
            gpu::ShuffleOp, gpu::SubgroupReduceOp, gpu::SubgroupBroadcastOp,
            gpu::RotateOp, memref::AtomicRMWOp, memref::GenericAtomicRMWOp,
            func::CallOp>([&](auto) { markAll(op->getResults()); })
      .Default([&](Operation *) {
        bool isDivergent =
            apart || llvm::any_of(op->getOperands(), [&](Value operand) {
              return !isUniform(operand);
            });
        if (auto load = dyn_cast<memref::LoadOp>(op))
          isDivergent |= isWritable(load.getMemRef());
        if (auto load = dyn_cast<vector::LoadOp>(op))
          isDivergent |= isWritable(load.getBase());
        if (isDivergent)
          markAll(op->getResults());
      });
  return changed;
}
