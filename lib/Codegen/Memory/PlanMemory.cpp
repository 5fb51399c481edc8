//===- PlanMemory.cpp - Slots for intermediate tensors --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlotAllocator.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Codegen/SizeExpr.h"
#include "tapml/Codegen/Storage.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace tapml {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Estimates stay below this, so that their sums do not overflow.
static constexpr int64_t kMaxEstimate = int64_t(1) << 40;

namespace {

/// What the sizes of a function's arguments are taken to be.
struct ArgumentSizes {
  /// By argument and dimension.
  SmallVector<SmallVector<int64_t>> dims;
  /// By size argument.
  SmallVector<int64_t> sizes;
};

/// Estimates the sizes that a function computes.
class Estimator {
public:
  Estimator(func::FuncOp function, ArgumentSizes arguments, int64_t fallback)
      : table(function, /*quiet=*/true), arguments(std::move(arguments)),
        fallback(fallback) {}

  /// Estimates a dimension or an index; the fallback where it cannot be
  /// expressed.
  int64_t getDim(Value tensor, int64_t dim) {
    return evaluate(table.getDim(tensor, dim));
  }
  int64_t get(Value index) { return evaluate(table.get(index)); }

  /// Estimates the bytes of a tensor's slot.
  int64_t getBytes(Value tensor) {
    auto type = cast<RankedTensorType>(tensor.getType());
    int64_t bytes = getElementBytes(type.getElementType());
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (llvm::MulOverflow(bytes, std::max<int64_t>(getDim(tensor, i), 0),
                            bytes) ||
          bytes > kMaxEstimate)
        return kMaxEstimate;
    return llvm::alignTo(bytes, kBufferAlignment);
  }

private:
  int64_t evaluate(FailureOr<SizeExprTable::Id> id) {
    if (failed(id))
      return fallback;
    if (*id >= values.size())
      values = table.evaluate(
          [&](unsigned arg, unsigned dim) { return arguments.dims[arg][dim]; },
          [&](unsigned index) { return arguments.sizes[index]; });
    return values[*id].value_or(fallback);
  }

  SizeExprTable table;
  ArgumentSizes arguments;
  int64_t fallback;
  SmallVector<std::optional<int64_t>> values;
};

struct PlanMemoryPass : public tapml::impl::PlanMemoryPassBase<PlanMemoryPass> {
  using PlanMemoryPassBase::PlanMemoryPassBase;

  void runOnOperation() override;

private:
  using Estimates = llvm::MapVector<Operation *, ArgumentSizes>;

  LogicalResult planMain(func::FuncOp main, Estimates &bodies);
  LogicalResult planBody(func::FuncOp body, ArgumentSizes arguments);
};

} // namespace

//===----------------------------------------------------------------------===//
// Common to bodies and the main function
//===----------------------------------------------------------------------===//

/// Checks that results are new tensors, and takes away what an earlier run has
/// left.
static LogicalResult startPlanning(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitOpError("must be one block to plan its memory");
  for (Operation &op : function.getBody().front()) {
    op.removeAttr(kSlotsAttr);
    op.removeAttr(kInitAttr);
    if (!isa<LaunchOp, DispatchOp>(op))
      continue;
    auto tied = cast<DestinationStyleOpInterface>(op);
    for (auto [index, init] : llvm::enumerate(tied.getDpsInits()))
      if (!init.getDefiningOp<tensor::EmptyOp>())
        return op.emitOpError("output ")
               << index << " must be a 'tensor.empty': results are new tensors";
  }
  return success();
}

/// The storage of every returned tensor.
static SmallPtrSet<Value, 8> getReturnedStorage(func::FuncOp function) {
  SmallPtrSet<Value, 8> returned;
  for (Value operand :
       function.getBody().front().getTerminator()->getOperands())
    if (Value storage = getStorage(operand))
      returned.insert(storage);
  return returned;
}

/// Assigns slots to results.
static void assign(func::FuncOp function,
                   ArrayRef<std::pair<OpResult, LiveBuffer>> buffers) {
  SmallVector<LiveBuffer> lives;
  for (auto &[result, live] : buffers)
    lives.push_back(live);
  SlotAssignment assignment = assignSlots(lives);
  llvm::MapVector<Operation *, SmallVector<int64_t>> slotsOf;
  for (auto [buffer, slot] : llvm::zip_equal(buffers, assignment.slots)) {
    OpResult result = buffer.first;
    SmallVector<int64_t> &slots = slotsOf[result.getOwner()];
    slots.resize(result.getOwner()->getNumResults(), kNoSlot);
    slots[result.getResultNumber()] = slot;
  }
  Builder builder(function.getContext());
  for (auto &[op, slots] : slotsOf)
    op->setAttr(kSlotsAttr, builder.getDenseI64ArrayAttr(slots));
  function->setAttr(
      kMemoryAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr(
               "live", builder.getI64IntegerAttr(assignment.liveBytes)),
           builder.getNamedAttr(
               "planned", builder.getI64IntegerAttr(assignment.plannedBytes)),
           builder.getNamedAttr(
               "slots", builder.getI64IntegerAttr(assignment.numSlots))}));
}

//===----------------------------------------------------------------------===//
// Bodies of variants
//===----------------------------------------------------------------------===//

namespace {
/// Finds what is known when an executable is loaded, as it depends on weights
/// and constants only. Launches are added in order as they are found.
class LoadTimeValues {
public:
  bool contains(Value value) {
    if (auto it = known.find(value); it != known.end())
      return it->second;
    bool result = compute(value);
    known[value] = result;
    return result;
  }
  bool contains(LaunchOp launch) const { return launches.contains(launch); }
  void insert(LaunchOp launch) { launches.insert(launch); }

private:
  bool compute(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto body = cast<func::FuncOp>(argument.getOwner()->getParentOp());
      return isa<RankedTensorType>(value.getType()) &&
             body.getArgAttr(argument.getArgNumber(), kConstantAttr);
    }
    Operation *op = value.getDefiningOp();
    if (auto launch = dyn_cast<LaunchOp>(op))
      return launches.contains(launch);
    if (auto dim = dyn_cast<tensor::DimOp>(op)) {
      std::optional<int64_t> index = dim.getConstantIndex();
      auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
      if (type && index && *index < type.getRank() &&
          !type.isDynamicDim(*index))
        return true;
    }
    return isPure(op) && op->getNumRegions() == 0 &&
           llvm::all_of(op->getOperands(),
                        [&](Value operand) { return contains(operand); });
  }

  DenseMap<Value, bool> known;
  SmallPtrSet<Operation *, 8> launches;
};
} // namespace

LogicalResult PlanMemoryPass::planBody(func::FuncOp body,
                                       ArgumentSizes arguments) {
  if (failed(startPlanning(body)))
    return failure();
  Block &block = body.getBody().front();
  SmallPtrSet<Value, 8> returned = getReturnedStorage(body);

  // What runs at load comes first, and what runs then needs slots of its own:
  // their sizes must be known at load, too.
  LoadTimeValues init;
  SmallVector<LaunchOp> launches;
  for (auto launch : block.getOps<LaunchOp>()) {
    bool isReturned = llvm::any_of(
        launch.getResults(), [&](Value v) { return returned.contains(v); });
    if (isReturned || !llvm::all_of(launch->getOperands(), [&](Value operand) {
          return init.contains(operand);
        }))
      continue;
    init.insert(launch);
    launches.push_back(launch);
    launch->setAttr(kInitAttr, UnitAttr::get(&getContext()));
  }
  for (auto launch : block.getOps<LaunchOp>())
    if (!init.contains(launch))
      launches.push_back(launch);

  Estimator estimator(body, std::move(arguments), defaultDim);
  llvm::MapVector<Value, LiveBuffer> lives;
  SmallPtrSet<Value, 8> prepared;
  for (auto [step, launch] : llvm::enumerate(launches)) {
    bool isInit = init.contains(launch);
    for (Value input : launch.getInputs()) {
      Value storage = getStorage(input);
      if (!storage)
        return launch.emitOpError(
                   "reads a tensor that is in no buffer of its own, of type ")
               << input.getType()
               << "; only reshapes and casts may stand between launches";
      if (auto it = lives.find(storage); it != lives.end()) {
        it->second.last = step;
        if (!isInit && it->second.pool == 0)
          prepared.insert(storage);
      }
    }
    for (Value result : launch.getResults())
      lives[result] = {isInit ? 0u : 1u, unsigned(step), unsigned(step),
                       estimator.getBytes(result)};
  }

  SmallVector<std::pair<OpResult, LiveBuffer>> buffers;
  for (auto [value, live] : lives)
    if (!returned.contains(value) && !prepared.contains(value))
      buffers.emplace_back(cast<OpResult>(value), live);
  assign(body, buffers);
  return success();
}

//===----------------------------------------------------------------------===//
// The main function
//===----------------------------------------------------------------------===//

/// The largest sizes that the arguments of the main function can have.
static ArgumentSizes getUpperBounds(func::FuncOp main, int64_t fallback) {
  ArgumentSizes result;
  auto ranges = main->getAttrOfType<DictionaryAttr>("tapml.dim_ranges");
  for (BlockArgument argument : main.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type) {
      result.sizes.push_back(fallback);
      continue;
    }
    auto names =
        main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "tapml.dims");
    SmallVector<int64_t> &dims = result.dims.emplace_back();
    for (int64_t i = 0; i < type.getRank(); ++i) {
      DenseI64ArrayAttr range;
      if (names && ranges)
        range = ranges.getAs<DenseI64ArrayAttr>(
            cast<StringAttr>(names[i]).getValue());
      dims.push_back(!type.isDynamicDim(i) ? type.getDimSize(i)
                     : range               ? range[1]
                                           : fallback);
    }
  }
  return result;
}

/// Raises the estimates for the executable's body to the sizes of a dispatch.
static void mergeSizes(ArgumentSizes &into, DispatchOp dispatch,
                       Estimator &estimator) {
  into.dims.resize(dispatch.getInputs().size());
  into.sizes.resize(dispatch.getSizes().size());
  for (auto [dims, input] : llvm::zip_equal(into.dims, dispatch.getInputs())) {
    auto type = cast<RankedTensorType>(input.getType());
    dims.resize(type.getRank());
    for (int64_t i = 0; i < type.getRank(); ++i)
      dims[i] = std::max(dims[i], estimator.getDim(input, i));
  }
  for (auto [size, value] : llvm::zip_equal(into.sizes, dispatch.getSizes()))
    size = std::max(size, estimator.get(value));
}

LogicalResult PlanMemoryPass::planMain(func::FuncOp main, Estimates &bodies) {
  if (failed(startPlanning(main)))
    return failure();
  Block &block = main.getBody().front();
  Estimator estimator(main, getUpperBounds(main, defaultDim), defaultDim);
  SymbolTableCollection symbols;

  llvm::MapVector<Value, LiveBuffer> lives;
  llvm::StringMap<unsigned> pools;
  unsigned step = 0;
  auto define = [&](Value value, StringAttr place) {
    unsigned pool = pools.try_emplace(place, pools.size()).first->second;
    lives[value] = {pool, step, step, estimator.getBytes(value)};
  };
  auto use = [&](Value value) {
    if (auto it = lives.find(getStorage(value)); it != lives.end())
      it->second.last = step;
  };
  for (Operation &op : block) {
    if (auto transfer = dyn_cast<TransferOp>(op)) {
      use(transfer.getSource());
      if (!getWeight(transfer.getResult()))
        define(transfer.getResult(), transfer.getPlaceAttr().getAttr());
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      llvm::for_each(dispatch.getInputs(), use);
      for (Value result : dispatch.getResults())
        define(result, dispatch.getPlaceAttr().getAttr());
      auto executable = symbols.lookupNearestSymbolFrom<ExecutableOp>(
          dispatch, dispatch.getExecutableAttr());
      auto variant = cast<VariantOp>(
          symbols.lookupSymbolIn(executable, dispatch.getPlaceAttr()));
      mergeSizes(bodies[variant.getBodyFunc()], dispatch, estimator);
    } else {
      continue;
    }
    ++step;
  }
  llvm::for_each(block.getTerminator()->getOperands(), use);

  SmallVector<std::pair<OpResult, LiveBuffer>> buffers;
  for (auto [value, live] : lives)
    buffers.emplace_back(cast<OpResult>(value), live);
  assign(main, buffers);
  return success();
}

void PlanMemoryPass::runOnOperation() {
  ModuleOp module = getOperation();
  Estimates bodies;
  for (auto main : module.getOps<func::FuncOp>())
    if (!main.isExternal() && failed(planMain(main, bodies)))
      return signalPassFailure();

  for (auto executable : module.getOps<ExecutableOp>()) {
    for (auto variant : executable.getBody().getOps<VariantOp>()) {
      func::FuncOp body = variant.getBodyFunc();
      if (body.isExternal())
        continue;
      auto it = bodies.find(body);
      // A variant that nothing dispatches yet.
      ArgumentSizes arguments =
          it != bodies.end() ? it->second : getUpperBounds(body, defaultDim);
      if (failed(planBody(body, std::move(arguments))))
        return signalPassFailure();
    }
  }
}
