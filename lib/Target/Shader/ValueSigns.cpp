//===- ValueSigns.cpp - Signed or unsigned integers -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ValueSigns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml::shader;

/// What an atomic minimum or maximum adds to the votes: memory that has an
/// order has one sign, whatever else is done with it.
static constexpr int kOrderVotes = 1 << 16;

/// Returns whether `type` is or holds integers that have a sign.
static bool hasSign(Type type) {
  if (auto memory = dyn_cast<MemRefType>(type))
    type = memory.getElementType();
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() || (element.isInteger() && !element.isInteger(1));
}

static ValueSigns::Demand getDemand(arith::CmpIPredicate predicate) {
  using arith::CmpIPredicate;
  switch (predicate) {
  case CmpIPredicate::eq:
  case CmpIPredicate::ne:
    return ValueSigns::Demand::Any;
  case CmpIPredicate::slt:
  case CmpIPredicate::sle:
  case CmpIPredicate::sgt:
  case CmpIPredicate::sge:
    return ValueSigns::Demand::Signed;
  default:
    return ValueSigns::Demand::Unsigned;
  }
}

/// Returns the sign of the integers that a subgroup combines, and of the
/// result.
static ValueSigns::Demand getDemand(gpu::AllReduceOperation kind) {
  switch (kind) {
  case gpu::AllReduceOperation::MINSI:
  case gpu::AllReduceOperation::MAXSI:
    return ValueSigns::Demand::Signed;
  case gpu::AllReduceOperation::MINUI:
  case gpu::AllReduceOperation::MAXUI:
    return ValueSigns::Demand::Unsigned;
  default:
    return ValueSigns::Demand::Any;
  }
}

ValueSigns::Demand ValueSigns::getDemand(Operation *op, unsigned number) {
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::MaxSIOp, arith::MinSIOp,
          arith::SIToFPOp, arith::ExtSIOp, math::AbsIOp>(op))
    return Demand::Signed;
  if (isa<arith::DivUIOp, arith::RemUIOp, arith::MaxUIOp, arith::MinUIOp,
          arith::UIToFPOp, arith::ExtUIOp, arith::IndexCastUIOp>(op))
    return Demand::Unsigned;
  if (isa<arith::ShRSIOp>(op))
    return number == 0 ? Demand::Signed : Demand::Unsigned;
  if (isa<arith::ShRUIOp>(op) || (isa<arith::ShLIOp>(op) && number == 1))
    return Demand::Unsigned;
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return ::getDemand(compare.getPredicate());
  if (auto reduce = dyn_cast<gpu::SubgroupReduceOp>(op))
    return ::getDemand(reduce.getOp());
  if (isa<scf::ForOp>(op) && number < 3)
    return cast<scf::ForOp>(op).getUnsignedCmp() ? Demand::Unsigned
                                                 : Demand::Signed;
  if (auto update = dyn_cast<memref::AtomicRMWOp>(op)) {
    if (number != 0)
      return Demand::Any;
    switch (update.getKind()) {
    case arith::AtomicRMWKind::maxs:
    case arith::AtomicRMWKind::mins:
      return Demand::Signed;
    case arith::AtomicRMWKind::maxu:
    case arith::AtomicRMWKind::minu:
    case arith::AtomicRMWKind::andi:
    case arith::AtomicRMWKind::ori:
    case arith::AtomicRMWKind::xori:
      return Demand::Unsigned;
    default:
      return Demand::Any;
    }
  }
  return Demand::Any;
}

ValueSigns::Demand ValueSigns::getResultDemand(Operation *op) {
  if (auto reduce = dyn_cast<gpu::SubgroupReduceOp>(op))
    return ::getDemand(reduce.getOp());
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::MaxSIOp, arith::MinSIOp,
          arith::ShRSIOp, arith::FPToSIOp, arith::ExtSIOp, math::AbsIOp>(op))
    return Demand::Signed;
  if (isa<arith::DivUIOp, arith::RemUIOp, arith::MaxUIOp, arith::MinUIOp,
          arith::ShRUIOp, arith::FPToUIOp, arith::ExtUIOp, arith::IndexCastUIOp,
          gpu::ThreadIdOp, gpu::BlockIdOp, gpu::GridDimOp, gpu::BlockDimOp,
          gpu::LaneIdOp, gpu::SubgroupIdOp, gpu::SubgroupSizeOp,
          gpu::NumSubgroupsOp, gpu::GlobalIdOp>(op))
    return Demand::Unsigned;
  return Demand::Any;
}

//===----------------------------------------------------------------------===//
// The graph of values
//===----------------------------------------------------------------------===//

/// Returns whether `value` is made of the bits of something else.
static bool isBits(Value value, unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<arith::BitcastOp, vector::BitCastOp>(op))
    return true;
  return depth < 4 &&
         isa_and_nonnull<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op) &&
         llvm::any_of(
             op->getOperands(),
             [&](Value operand) { return isBits(operand, depth + 1); });
}

unsigned ValueSigns::getNode(Value value) {
  auto [it, inserted] = nodes.try_emplace(value, parents.size());
  if (inserted) {
    parents.push_back(parents.size());
    votes.push_back(0);
    Type type = value.getType();
    if (auto memory = dyn_cast<MemRefType>(type))
      type = memory.getElementType();
    // Indices are not negative; bits of something else have no sign.
    prefersUnsigned.push_back(getElementTypeOrSelf(type).isIndex() ||
                              isBits(value));
  }
  return it->second;
}

unsigned ValueSigns::find(unsigned node) const {
  while (parents[node] != node)
    node = parents[node];
  return node;
}

void ValueSigns::tie(Value a, Value b) {
  if (!hasSign(a.getType()) || !hasSign(b.getType()))
    return;
  unsigned x = find(getNode(a)), y = find(getNode(b));
  if (x == y)
    return;
  // The first stays, so that the choice does not depend on the order of ties.
  if (y < x)
    std::swap(x, y);
  parents[y] = x;
  votes[x] += votes[y];
}

void ValueSigns::ask(Value value, Demand demand) {
  if (demand == Demand::Any || !hasSign(value.getType()))
    return;
  // Constants are written as they are needed.
  if (matchPattern(value, m_Constant()))
    return;
  votes[find(getNode(value))] += demand == Demand::Unsigned ? 1 : -1;
}

void ValueSigns::visit(Operation *op) {
  auto tieAll = [&](ValueRange as, ValueRange bs) {
    for (auto [a, b] : llvm::zip(as, bs))
      tie(a, b);
  };
  for (auto [number, operand] : llvm::enumerate(op->getOperands()))
    ask(operand, getDemand(op, number));
  if (op->getNumResults() == 1)
    ask(op->getResult(0), getResultDemand(op));

  TypeSwitch<Operation *>(op)
      .Case([&](scf::ForOp loop) {
        ask(loop.getInductionVar(), getDemand(op, 0));
        tieAll(loop.getInitArgs(), loop.getRegionIterArgs());
        tieAll(loop.getRegionIterArgs(), loop.getResults());
        tieAll(loop.getYieldedValues(), loop.getResults());
      })
      .Case([&](scf::WhileOp loop) {
        tieAll(loop.getInits(), loop.getBeforeArguments());
        tieAll(loop.getYieldedValues(), loop.getBeforeArguments());
        tieAll(loop.getConditionOp().getArgs(), loop.getAfterArguments());
        tieAll(loop.getAfterArguments(), loop.getResults());
      })
      .Case<scf::IfOp, scf::IndexSwitchOp>([&](auto branch) {
        for (Region &region : op->getRegions())
          if (!region.empty())
            tieAll(region.front().getTerminator()->getOperands(),
                   op->getResults());
      })
      .Case<memref::LoadOp>([&](auto load) { tie(load, load.getMemRef()); })
      .Case<memref::StoreOp>(
          [&](auto store) { tie(store.getValue(), store.getMemRef()); })
      .Case([&](memref::AtomicRMWOp update) {
        tie(update.getValue(), update.getMemref());
        tie(update.getResult(), update.getMemref());
        // What updates the bits asks for a sign, but is right with either.
        using Kind = arith::AtomicRMWKind;
        bool hasOrder = llvm::is_contained(
            {Kind::maxs, Kind::mins, Kind::maxu, Kind::minu}, update.getKind());
        if (hasOrder && hasSign(update.getMemRefType()))
          votes[find(getNode(update.getMemref()))] +=
              getDemand(op, 0) == Demand::Unsigned ? kOrderVotes : -kOrderVotes;
      })
      .Case<arith::SelectOp>([&](auto select) {
        tie(select.getTrueValue(), select);
        tie(select.getFalseValue(), select);
      })
      .Case<arith::IndexCastOp, vector::ExtractOp, vector::BroadcastOp,
            vector::ExtractStridedSliceOp, vector::ShuffleOp, vector::InsertOp,
            vector::FromElementsOp, gpu::ShuffleOp, gpu::SubgroupReduceOp,
            gpu::SubgroupBroadcastOp>([&](auto) {
        for (Value operand : op->getOperands())
          if (getElementTypeOrSelf(operand) ==
                  getElementTypeOrSelf(op->getResult(0)) ||
              isa<arith::IndexCastOp>(op))
            tie(operand, op->getResult(0));
      })
      .Case<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::AndIOp,
            arith::OrIOp, arith::XOrIOp, arith::ShLIOp, arith::CmpIOp>(
          [&](auto) {
            Value first = op->getOperand(0);
            if (!hasSign(first.getType()))
              return;
            Value other =
                op->getNumResults() && hasSign(op->getResult(0).getType())
                    ? op->getResult(0)
                    : op->getOperand(1);
            unsigned count = isa<arith::ShLIOp>(op) ? 1 : 2;
            for (Value operand : op->getOperands().take_front(count))
              if (operand != other && !matchPattern(operand, m_Constant()))
                neighbors.emplace_back(getNode(operand), getNode(other));
          });
}

/// Gives values that nobody asks about the sign of those they are computed
/// with.
void ValueSigns::settle() {
  std::vector<int> decided(parents.size());
  for (unsigned node = 0; node < parents.size(); ++node) {
    int vote = votes[find(node)];
    decided[node] = (vote > 0) - (vote < 0);
  }
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<int> pull(parents.size());
    for (auto [a, b] : neighbors) {
      unsigned x = find(a), y = find(b);
      pull[x] += decided[y];
      pull[y] += decided[x];
    }
    for (unsigned node = 0; node < parents.size(); ++node)
      if (find(node) == node && decided[node] == 0 && pull[node] != 0) {
        decided[node] = pull[node] > 0 ? 1 : -1;
        changed = true;
      }
  }
  for (unsigned node = 0; node < parents.size(); ++node)
    votes[node] =
        decided[node] ? decided[node] : (prefersUnsigned[node] ? 1 : -1);
}

ValueSigns::ValueSigns(Operation *function) {
  for (Region &region : function->getRegions())
    for (Block &block : region)
      for (BlockArgument argument : block.getArguments())
        if (hasSign(argument.getType()))
          getNode(argument);
  function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == function)
      return;
    for (Value result : op->getResults())
      if (hasSign(result.getType()))
        getNode(result);
    visit(op);
  });
  settle();
}

bool ValueSigns::isUnsigned(Value value) const {
  auto it = nodes.find(value);
  return it != nodes.end() && votes[find(it->second)] > 0;
}
