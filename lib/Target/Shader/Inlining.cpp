//===- Inlining.cpp - Which values get a name -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Inlining.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace tapml::shader;

/// An expression that is part of another gets a name if it is longer.
static constexpr unsigned kMaxPart = 40;
/// Statements longer than this have parts named.
static constexpr unsigned kMaxStatement = 84;
static constexpr unsigned kNameWidth = 6;

bool tapml::shader::isTransparent(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    return !elements || elements.isSplat();
  }
  if (auto extract = dyn_cast<vector::ExtractOp>(op))
    return !extract.hasDynamicPosition() && !isa<VectorType>(extract.getType());
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op))
    return true;
  return isa<arith::IndexCastOp, gpu::ThreadIdOp, gpu::BlockIdOp,
             gpu::BlockDimOp, gpu::GridDimOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
             gpu::SubgroupSizeOp, gpu::NumSubgroupsOp, memref::GetGlobalOp>(op);
}

/// Returns whether `op` is an operation between invocations, which must stay
/// where it is.
static bool isCollective(Operation *op) {
  return isa<gpu::ShuffleOp, gpu::SubgroupReduceOp, gpu::AllReduceOp,
             gpu::SubgroupBroadcastOp, gpu::BarrierOp>(op);
}

bool tapml::shader::hasNoEffects(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return isMemoryEffectFree(op);
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, call.getCalleeAttr());
  return callee &&
         !callee
              .walk([&](Operation *nested) {
                return nested == callee ||
                               nested->hasTrait<OpTrait::IsTerminator>() ||
                               hasNoEffects(nested)
                           ? WalkResult::advance()
                           : WalkResult::interrupt();
              })
              .wasInterrupted();
}

/// Returns whether `op` may change what a load reads.
static bool mayWrite(Operation *op) {
  if (isa<memref::LoadOp>(op))
    return false;
  if (isa<gpu::BarrierOp>(op))
    return true;
  if (hasNoEffects(op))
    return false;
  if (!op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
    return !isa<memref::AllocaOp, memref::AllocOp>(op);
  return op
      ->walk([&](Operation *nested) {
        return nested != op && mayWrite(nested) ? WalkResult::interrupt()
                                                : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
/// The uses of a value, those by transparent operations replaced by theirs.
struct Uses {
  unsigned count = 0;
  OpOperand *first = nullptr;
};
} // namespace

static void collectUses(Value value, Uses &uses) {
  for (OpOperand &use : value.getUses()) {
    if (uses.count > 1)
      return;
    Operation *user = use.getOwner();
    if (isTransparent(user) && user->getNumResults() == 1) {
      collectUses(user->getResult(0), uses);
      continue;
    }
    ++uses.count;
    uses.first = &use;
  }
}

/// Returns whether an expression may stand at `use` in the text.
static bool takesExpression(OpOperand &use) {
  // The bound and step of a loop are evaluated again and again.
  if (isa<scf::ForOp>(use.getOwner()))
    return use.getOperandNumber() == 0 || use.getOperandNumber() > 2;
  // What a loop carries is set where it is computed, if nothing reads the old
  // value after that.
  if (isa<scf::YieldOp>(use.getOwner()))
    return !isa<scf::ForOp>(use.getOwner()->getParentOp());
  // These write their operands several times.
  return !isa<vector::InsertOp, vector::InsertStridedSliceOp,
              vector::ShuffleOp>(use.getOwner());
}

/// Returns the operation of `block` that is `user` or has it in one of its
/// branches; null if `user` is elsewhere, or where it runs again and again.
static Operation *findHolder(Operation *user, Block &block) {
  while (user->getBlock() != &block) {
    user = user->getParentOp();
    if (!isa_and_nonnull<scf::IfOp, scf::IndexSwitchOp>(user))
      return nullptr;
  }
  return user;
}

unsigned Inlining::getWidth(Value value) const {
  Operation *op = value.getDefiningOp();
  auto it = op ? widths.find(op) : widths.end();
  return it == widths.end() ? kNameWidth : it->second;
}

void Inlining::visitBlock(Block &block) {
  SmallVector<Operation *> ops;
  llvm::DenseMap<Operation *, unsigned> position;
  SmallVector<unsigned> writesBefore;
  unsigned writes = 0;
  for (Operation &op : block) {
    position[&op] = ops.size();
    ops.push_back(&op);
    writesBefore.push_back(writes);
    writes += mayWrite(&op);
  }

  // Backwards, so that it is known where a user is evaluated.
  SmallVector<unsigned> evaluatedAt(ops.size());
  llvm::SmallPtrSet<Operation *, 16> isInBranch;
  llvm::SmallPtrSet<Operation *, 16> isPart;
  for (unsigned i = ops.size(); i-- > 0;) {
    Operation *op = ops[i];
    evaluatedAt[i] = i;
    if (isTransparent(op)) {
      inlined.insert(op);
      continue;
    }
    // Becomes a variable that is changed.
    if (auto insert = dyn_cast<vector::InsertOp>(op);
        insert && insert.hasDynamicPosition())
      continue;
    bool isLoad = isa<memref::LoadOp>(op);
    if (op->getNumResults() != 1 || op->getNumRegions() || isCollective(op) ||
        (!isLoad && !hasNoEffects(op)))
      continue;
    Uses uses;
    collectUses(op->getResult(0), uses);
    if (uses.count != 1 || !takesExpression(*uses.first))
      continue;
    Operation *user = uses.first->getOwner();
    Operation *holder = findHolder(user, block);
    if (!holder)
      continue;
    unsigned at = evaluatedAt[position[holder]];
    // A branch may write before the user.
    bool branches = holder != user || isInBranch.contains(user);
    if (isLoad && (branches || writesBefore[at] != writesBefore[i]))
      continue;
    evaluatedAt[i] = at;
    inlined.insert(op);
    if (branches)
      isInBranch.insert(op);
    if (inlined.contains(user))
      isPart.insert(op);
  }

  // Forwards: as much as fits on a line.
  for (Operation *op : ops) {
    unsigned width = isa<arith::ConstantOp>(op) ? 3 : 0;
    auto sum = [&] {
      unsigned result = width;
      for (Value operand : op->getOperands())
        result += getWidth(operand) + 3;
      return result;
    };
    if (isTransparent(op)) {
      widths[op] = op->getNumOperands() ? getWidth(op->getOperand(0)) + 2
                                        : std::max(width, kNameWidth);
      continue;
    }
    // Each operand of a yield is assigned by a statement of its own.
    while (!isa<scf::YieldOp>(op) && sum() > kMaxStatement) {
      // Name the longest part.
      Operation *longest = nullptr;
      for (Value operand : op->getOperands()) {
        Operation *part = operand.getDefiningOp();
        while (part && isTransparent(part) && part->getNumOperands())
          part = part->getOperand(0).getDefiningOp();
        if (part && !isTransparent(part) && inlined.contains(part) &&
            (!longest || widths[part] > widths[longest]))
          longest = part;
      }
      if (!longest || widths[longest] <= kNameWidth)
        break;
      inlined.erase(longest);
      widths.erase(longest);
      for (Value operand : op->getOperands())
        if (Operation *part = operand.getDefiningOp();
            part && part != longest && isTransparent(part) &&
            part->getNumOperands())
          widths[part] = getWidth(part->getOperand(0)) + 2;
    }
    if (!inlined.contains(op))
      continue;
    if (isPart.contains(op) && sum() > kMaxPart) {
      inlined.erase(op);
      continue;
    }
    widths[op] = sum();
  }
}

Inlining::Inlining(Operation *function) {
  function->walk<WalkOrder::PreOrder>(
      [&](Block *block) { visitBlock(*block); });
}

bool Inlining::isLastUse(Operation *op, Value value) const {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (isInlined(user))
      return llvm::all_of(user->getResults(),
                          [&](Value result) { return isLastUse(op, result); });
    Operation *holder = op->getBlock()->findAncestorOpInBlock(*user);
    return holder && (holder == op || holder->isBeforeInBlock(op));
  });
}
