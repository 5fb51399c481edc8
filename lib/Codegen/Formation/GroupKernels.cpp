//===- GroupKernels.cpp - Which ops are computed together -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over the block, last op first. When an op is reached, each of its
// users belongs to a group already, and the groups know at which indices they
// read the op's result. The op joins the groups of its users, or becomes the
// root of a group, whose result is stored. Because only the root's result
// leaves a group, groups never depend on each other in a circle.
//
//===----------------------------------------------------------------------===//

#include "Formation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Dialect/TapML/IR/ComputeType.h"

using namespace mlir;
using namespace tapml;

/// Returns true if `op` only widens the elements of a tensor, which belongs to
/// loading them.
static bool isWidening(linalg::GenericOp op) {
  return getStored(op.getResult(0)) != op.getResult(0);
}

/// More than this number of reads of a value are not worth computing it at
/// each.
static constexpr size_t kMaxAccesses = 8;
/// More operations on scalars than this are not repeated for one element.
static constexpr int64_t kMaxRepeatedWork = 12;
/// The number of ops that are followed back to find where a chain starts.
static constexpr size_t kMaxChainOps = 64;

namespace {

/// What a value is computed from.
enum class Origin { Constants, Weights, Inputs };

using OpSet = llvm::SmallSetVector<Operation *, 8>;

class Grouper {
public:
  Grouper(Block &block, ProfileAttr profile)
      : block(block), profile(profile), extents(block) {}

  SmallVector<std::unique_ptr<KernelGroup>> run();

private:
  void findOrigins();
  Origin getOrigin(Value value) const;
  bool isWeightOnly(Operation *op) const;

  SmallVector<Operation *> getTensorUsers(Operation *op) const;
  int64_t getWork(Operation *op);
  bool isCostly(linalg::GenericOp op);
  bool reachesReduction(Operation *op);
  bool allUsesLeadTo(Operation *start, Operation *end,
                     const OpSet &chain) const;
  bool endsEpilogue(linalg::GenericOp op) const;
  bool endsReduction(linalg::GenericOp op) const;
  bool isCheapToClone(linalg::GenericOp op);

  bool acceptsContraction(const KernelGroup &group,
                          ArrayRef<Access> accesses) const;
  bool acceptsElementwise(const KernelGroup &group, linalg::GenericOp op,
                          ArrayRef<Access> accesses);
  bool acceptsReduction(const KernelGroup &group, linalg::GenericOp op,
                        ArrayRef<Access> accesses) const;
  bool accepts(const KernelGroup &group, Operation *op);
  bool staysWithinInputs(const KernelGroup &group, Operation *op) const;

  void join(KernelGroup &group, Operation *op);
  void place(Operation *op);

  Block &block;
  ProfileAttr profile;
  ExtentAnalysis extents;
  DenseMap<Value, Origin> origins;
  DenseMap<Operation *, int64_t> workCache;
  DenseMap<Operation *, bool> reachesReductionCache;
  SmallVector<std::unique_ptr<KernelGroup>> groups;
  /// The groups that compute an op; several where it was cloned.
  DenseMap<Operation *, SmallVector<KernelGroup *, 1>> groupsOf;
};

} // namespace

//===----------------------------------------------------------------------===//
// Origins
//===----------------------------------------------------------------------===//

Origin Grouper::getOrigin(Value value) const {
  auto it = origins.find(value);
  return it == origins.end() ? Origin::Inputs : it->second;
}

/// Decides for each value whether it depends on weights alone: the arguments
/// with the attribute `tapml.constant`.
void Grouper::findOrigins() {
  auto function = dyn_cast<func::FuncOp>(block.getParentOp());
  for (BlockArgument arg : block.getArguments()) {
    bool isWeight =
        function && function.getArgAttr(arg.getArgNumber(), "tapml.constant");
    origins[arg] = isWeight ? Origin::Weights : Origin::Inputs;
  }
  for (Operation &op : block) {
    Origin origin = Origin::Constants;
    auto add = [&](Value value) {
      origin = std::max(origin, getOrigin(value));
    };
    llvm::for_each(op.getOperands(), add);
    forEachCapture(&op, add);
    for (Value result : op.getResults())
      origins[result] = origin;
  }
}

/// Returns true if `op` computes something from weights alone that is worth
/// storing: renaming indices, repeating elements and widening them is not.
bool Grouper::isWeightOnly(Operation *op) const {
  if (getOrigin(op->getResult(0)) != Origin::Weights)
    return false;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || isWidening(generic))
    return false;
  auto type = cast<RankedTensorType>(generic.getResult(0).getType());
  if (!type.hasStaticShape() || isExpensive(generic))
    return true;
  int64_t largestInput = 0;
  for (Value input : generic.getDpsInputs()) {
    auto inputType = dyn_cast<RankedTensorType>(input.getType());
    if (!inputType)
      continue;
    if (!inputType.hasStaticShape())
      return true;
    largestInput = std::max(largestInput, inputType.getNumElements());
  }
  return generic.getNumReductionLoops() != 0 ||
         type.getNumElements() <= largestInput;
}

//===----------------------------------------------------------------------===//
// Neighbours
//===----------------------------------------------------------------------===//

/// Returns the ops of the block that use the result of `op`, in their operands
/// or inside their regions, each once.
SmallVector<Operation *> Grouper::getTensorUsers(Operation *op) const {
  llvm::SetVector<Operation *> users;
  for (Operation *user : op->getResult(0).getUsers())
    users.insert(block.findAncestorOpInBlock(*user));
  return users.takeVector();
}

/// Returns the number of operations on scalars that an element of `op` takes,
/// with those of the elementwise ops it depends on.
int64_t Grouper::getWork(Operation *op) {
  auto [it, inserted] = workCache.try_emplace(op, 0);
  if (!inserted)
    return it->second;
  int64_t work = 0;
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    for (Operation &inner : generic.getRegion().front().without_terminator())
      work += isa<arith::ConstantOp, linalg::IndexOp>(inner) ? 0 : 1;
  auto add = [&](Value operand) {
    Operation *producer = operand.getDefiningOp();
    if (!producer || producer->getBlock() != &block)
      return;
    KernelOpKind kind = getKernelOpKind(producer);
    if (kind == KernelOpKind::Elementwise || kind == KernelOpKind::Shape)
      work += getWork(producer);
  };
  llvm::for_each(op->getOperands(), add);
  forEachCapture(op, add);
  // Enough to be too much; more would overflow in the end.
  work = std::min(work, kMaxRepeatedWork + 1);
  workCache[op] = work;
  return work;
}

/// Returns true if an element of `op` should not be computed twice.
bool Grouper::isCostly(linalg::GenericOp op) {
  return isExpensive(op) || getWork(op) > kMaxRepeatedWork;
}

/// Returns true if `op` depends on a reduction through elementwise ops, so that
/// computing it apart from that reduction's kernel stores one more tensor.
bool Grouper::reachesReduction(Operation *op) {
  auto [it, inserted] = reachesReductionCache.try_emplace(op, false);
  if (!inserted)
    return it->second;
  bool found = false;
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!producer || producer->getBlock() != &block)
      continue;
    KernelOpKind kind = getKernelOpKind(producer);
    found |= kind == KernelOpKind::Reduction;
    if (kind == KernelOpKind::Elementwise || kind == KernelOpKind::Shape)
      found |= reachesReduction(producer);
  }
  reachesReductionCache[op] = found;
  return found;
}

/// Returns true if the output of `op` is written at its own loop indices.
static bool hasIdentityOutput(linalg::GenericOp op) {
  return op.getIndexingMapsArray().back().isIdentity();
}

/// Returns true if every use of the result of `start` leads to `end` through
/// ops of `chain` only.
bool Grouper::allUsesLeadTo(Operation *start, Operation *end,
                            const OpSet &chain) const {
  OpSet reached;
  reached.insert(start);
  for (size_t i = 0; i < reached.size(); ++i) {
    if (reached[i] == end)
      continue;
    for (Operation *user : getTensorUsers(reached[i])) {
      if (!chain.contains(user))
        return false;
      reached.insert(user);
    }
  }
  return true;
}

/// Returns true if `op` is the end of a contraction's epilogue: all uses of the
/// contraction lead to `op` through elementwise ops that keep the indices.
bool Grouper::endsEpilogue(linalg::GenericOp op) const {
  if (!hasIdentityOutput(op))
    return false;
  OpSet chain;
  SmallVector<Operation *> contractions;
  chain.insert(op);
  for (size_t i = 0; i < chain.size() && i < kMaxChainOps; ++i) {
    auto generic = cast<linalg::GenericOp>(chain[i]);
    for (OpOperand &operand : generic->getOpOperands()) {
      auto producer = operand.get().getDefiningOp<linalg::GenericOp>();
      if (!producer || !generic.getMatchingIndexingMap(&operand).isIdentity())
        continue;
      KernelOpKind kind = getKernelOpKind(producer);
      if (kind == KernelOpKind::Contraction)
        contractions.push_back(producer);
      else if (kind == KernelOpKind::Elementwise && hasIdentityOutput(producer))
        chain.insert(producer);
    }
  }
  return llvm::any_of(contractions, [&](Operation *contraction) {
    return allUsesLeadTo(contraction, op, chain);
  });
}

/// Returns true if `op` is where the results of a reduction come together, as
/// the division of a softmax: all uses of the reduction lead to `op` through
/// elementwise ops and other reductions.
bool Grouper::endsReduction(linalg::GenericOp op) const {
  OpSet chain;
  chain.insert(op);
  for (size_t i = 0; i < chain.size() && i < kMaxChainOps; ++i)
    for (Value operand : chain[i]->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!producer)
        continue;
      KernelOpKind kind = getKernelOpKind(producer);
      if (kind == KernelOpKind::Elementwise || kind == KernelOpKind::Shape ||
          kind == KernelOpKind::Reduction)
        chain.insert(producer);
    }
  return llvm::any_of(chain, [&](Operation *start) {
    return getKernelOpKind(start) == KernelOpKind::Reduction &&
           allUsesLeadTo(start, op, chain);
  });
}

/// Returns true if computing `op` in several kernels costs no more than loading
/// its result there: it takes little and reads at most one tensor of its size.
bool Grouper::isCheapToClone(linalg::GenericOp op) {
  if (isCostly(op))
    return false;
  llvm::SmallPtrSet<Value, 4> large;
  for (OpOperand &operand : op->getOpOperands()) {
    Operation *producer = operand.get().getDefiningOp();
    if (!isa<RankedTensorType>(operand.get().getType()) ||
        !op.payloadUsesValueFromOperand(&operand) ||
        (producer && isa<linalg::FillOp>(producer)))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool readsAll = true;
    for (unsigned loop = 0, e = op.getNumLoops(); loop < e; ++loop)
      readsAll &=
          map.isFunctionOfDim(loop) || getStaticLoopExtent(op, loop) == 1;
    if (readsAll)
      large.insert(operand.get());
  }
  return large.size() <= 1;
}

//===----------------------------------------------------------------------===//
// Joining a group
//===----------------------------------------------------------------------===//

bool Grouper::acceptsContraction(const KernelGroup &group,
                                 ArrayRef<Access> accesses) const {
  return !group.hasContraction && !group.hasInlineReduction && !group.rowRank &&
         llvm::all_of(accesses, [](const Access &a) { return a.isPlain(); });
}

bool Grouper::acceptsElementwise(const KernelGroup &group, linalg::GenericOp op,
                                 ArrayRef<Access> accesses) {
  // A part of the load.
  if (isWidening(op))
    return true;
  if (accesses.size() > kMaxAccesses)
    return false;
  // Better the end of a contraction's or a reduction's kernel, where each
  // element is computed once.
  if (!acceptsContraction(group, accesses) && endsEpilogue(op))
    return false;
  bool isRowValue = !group.hasContraction && !group.hasInlineReduction &&
                    llvm::all_of(accesses, [](const Access &access) {
                      return access.getRowRank().has_value();
                    });
  if (!isRowValue && endsReduction(op))
    return false;
  if (!isCostly(op))
    return true;
  // On the rows of a reduction, what depends on the reduction stays with it.
  if (isRowValue && reachesReduction(op))
    return true;
  // Otherwise each element must be computed once.
  return accesses.size() == 1 && !accesses.front().repeated;
}

bool Grouper::acceptsReduction(const KernelGroup &group, linalg::GenericOp op,
                               ArrayRef<Access> accesses) const {
  if (group.hasContraction)
    return false;
  if (std::optional<unsigned> rank = group.accesses.getReducedRowRank(op))
    return !group.hasInlineReduction && group.rowRank.value_or(*rank) == *rank;
  return !group.rowRank &&
         llvm::all_of(accesses, [](const Access &a) { return a.isPlain(); });
}

/// Returns true if `group`, with `op` in it, does not need more buffers than it
/// may, or not more than before.
bool Grouper::staysWithinInputs(const KernelGroup &group, Operation *op) const {
  if (!profile)
    return true;
  auto countBuffers = [&](Operation *extra) {
    llvm::SmallPtrSet<Value, 8> inputs;
    auto isComputed = [&](Operation *producer) {
      return producer == extra || group.members.contains(producer) ||
             isa<tensor::EmptyOp, linalg::FillOp>(producer);
    };
    auto add = [&](Value value) {
      if (isa<RankedTensorType>(value.getType()) &&
          !(value.getDefiningOp() && isComputed(value.getDefiningOp())))
        inputs.insert(value);
    };
    auto addAll = [&](Operation *member) {
      llvm::for_each(member->getOperands(), add);
      forEachCapture(member, add);
    };
    llvm::for_each(group.members, addAll);
    if (extra)
      addAll(extra);
    return getNumBuffers(inputs, group.root->getResult(0), profile);
  };
  int64_t with = countBuffers(op);
  return with <= profile.getLimit("max_storage_buffers") ||
         with <= countBuffers(nullptr);
}

bool Grouper::accepts(const KernelGroup &group, Operation *op) {
  if (isWeightOnly(op) && !group.weightOnly)
    return false;
  ArrayRef<Access> accesses = group.accesses.getAccesses(op->getResult(0));
  bool fits = true;
  switch (getKernelOpKind(op)) {
  case KernelOpKind::None:
  case KernelOpKind::Empty:
  case KernelOpKind::Fill:
  case KernelOpKind::Shape:
    return true;
  case KernelOpKind::Elementwise:
    fits = acceptsElementwise(group, cast<linalg::GenericOp>(op), accesses);
    break;
  case KernelOpKind::Reduction:
    fits = acceptsReduction(group, cast<linalg::GenericOp>(op), accesses);
    break;
  case KernelOpKind::Contraction:
    fits = acceptsContraction(group, accesses);
    break;
  }
  return fits && staysWithinInputs(group, op);
}

void Grouper::join(KernelGroup &group, Operation *op) {
  KernelOpKind kind = getKernelOpKind(op);
  if (kind == KernelOpKind::Contraction)
    group.hasContraction = true;
  if (kind == KernelOpKind::Reduction) {
    std::optional<unsigned> rank =
        group.accesses.getReducedRowRank(cast<linalg::GenericOp>(op));
    if (rank)
      group.rowRank = rank;
    else
      group.hasInlineReduction = true;
  }
  group.members.insert(op);
  group.accesses.addOp(op);
  groupsOf[op].push_back(&group);
}

void Grouper::place(Operation *op) {
  KernelOpKind kind = getKernelOpKind(op);
  if (kind == KernelOpKind::None || kind == KernelOpKind::Empty)
    return;

  llvm::SetVector<KernelGroup *> users;
  bool isReturned = false;
  for (Operation *user : getTensorUsers(op)) {
    if (user->hasTrait<OpTrait::IsTerminator>())
      isReturned = true;
    for (KernelGroup *group : groupsOf.lookup(user))
      users.insert(group);
  }
  if (!isReturned) {
    // Without a user, e.g. where only its shape is read: nothing to compute.
    // Fills are made wherever they are needed.
    if (users.empty() || kind == KernelOpKind::Fill)
      return;
    auto generic = dyn_cast<linalg::GenericOp>(op);
    bool mayJoin =
        users.size() == 1 || !generic || isWidening(generic) ||
        (kind == KernelOpKind::Elementwise && isCheapToClone(generic) &&
         !endsEpilogue(generic) && !endsReduction(generic));
    if (mayJoin && llvm::all_of(users, [&](KernelGroup *group) {
          return accepts(*group, op);
        })) {
      for (KernelGroup *group : users)
        join(*group, op);
      return;
    }
  }
  groups.push_back(
      std::make_unique<KernelGroup>(op, isWeightOnly(op), extents));
  join(*groups.back(), op);
}

SmallVector<std::unique_ptr<KernelGroup>> Grouper::run() {
  findOrigins();
  for (Operation &op : llvm::reverse(block))
    place(&op);
  std::reverse(groups.begin(), groups.end());
  return std::move(groups);
}

SmallVector<std::unique_ptr<KernelGroup>>
tapml::groupKernels(Block &block, ProfileAttr profile) {
  return Grouper(block, profile).run();
}
