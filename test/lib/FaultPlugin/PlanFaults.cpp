//===- PlanFaults.cpp - Regions that use what is not theirs ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tapml/Codegen/Storage.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

using Matches = llvm::function_ref<bool(Operation *)>;

/// The dispatches to targets, in the order in which they run.
static SmallVector<DispatchOp> getDispatches(ModuleOp module) {
  SmallVector<DispatchOp> dispatches;
  module.walk([&](DispatchOp dispatch) {
    if (dispatch.getPlace() != kHostPlace)
      dispatches.push_back(dispatch);
  });
  return dispatches;
}

static TransferOp move(OpBuilder &builder, Value value, StringRef place) {
  return TransferOp::create(builder, value.getLoc(), value.getType(), value,
                            place);
}

/// An executable shared between two regions that differ: an operator runs the
/// code of an earlier one with operands of the same types.
static void plantSharedExecutable(ModuleOp module, Matches matches) {
  SmallVector<DispatchOp> dispatches = getDispatches(module);
  for (DispatchOp dispatch : dispatches) {
    if (!matches(dispatch))
      continue;
    for (DispatchOp earlier : dispatches) {
      if (earlier == dispatch)
        break;
      if (earlier.getPlace() != dispatch.getPlace() ||
          earlier.getExecutable() == dispatch.getExecutable() ||
          earlier->getOperandTypes() != dispatch->getOperandTypes() ||
          earlier->getResultTypes() != dispatch->getResultTypes())
        continue;
      dispatch.setExecutable(earlier.getExecutable());
      return;
    }
  }
}

/// Overlap of two live buffers: what the operator gives takes the place of one
/// of the values that are still to be used.
static void plantSlotOverlap(ModuleOp module, Matches matches) {
  for (DispatchOp dispatch : getDispatches(module)) {
    auto slots = dispatch->getAttrOfType<DenseI64ArrayAttr>(kSlotsAttr);
    if (!matches(dispatch) || !slots || slots.empty())
      continue;
    // The nearest value before it, of the same place and type, that is used
    // after it, and not by it.
    for (Operation *op = dispatch->getPrevNode(); op; op = op->getPrevNode()) {
      auto earlier = dyn_cast<DispatchOp>(op);
      auto taken = op->getAttrOfType<DenseI64ArrayAttr>(kSlotsAttr);
      if (!earlier || earlier.getPlace() != dispatch.getPlace() || !taken ||
          earlier.getResult(0).getType() != dispatch.getResult(0).getType() ||
          llvm::is_contained(dispatch->getOperands(), earlier.getResult(0)) ||
          taken[0] < 0 || taken[0] == slots[0])
        continue;
      bool isLive =
          llvm::any_of(earlier.getResult(0).getUsers(), [&](Operation *user) {
            return user->getBlock() == dispatch->getBlock() &&
                   dispatch->isBeforeInBlock(user);
          });
      if (!isLive)
        continue;
      SmallVector<int64_t> wrong(slots.asArrayRef());
      wrong[0] = taken[0];
      dispatch->setAttr(kSlotsAttr,
                        DenseI64ArrayAttr::get(module.getContext(), wrong));
      return;
    }
  }
}

/// A hidden copy: what an operator is given takes a turn to the host before it
/// runs. `matches` says which operator.
static void plantHiddenCopy(ModuleOp module, Matches matches) {
  for (DispatchOp dispatch : getDispatches(module)) {
    if (!matches(dispatch))
      continue;
    OpBuilder builder(dispatch);
    OpOperand &input = dispatch.getInputsMutable()[0];
    Value there = move(builder, input.get(), kHostPlace);
    input.set(move(builder, there, dispatch.getPlace()));
  }
}

/// An operator that cannot run where it is planned quietly runs on the host:
/// everything that it needs is there.
static void plantSilentHost(ModuleOp module, Matches matches) {
  SymbolTable symbols(module);
  for (DispatchOp dispatch : getDispatches(module)) {
    if (!matches(dispatch))
      continue;
    auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutable());
    for (auto variant : executable.getOps<VariantOp>()) {
      if (variant.getSymName() != dispatch.getPlace())
        continue;
      OpBuilder builder(variant);
      auto host = cast<VariantOp>(builder.clone(*variant));
      host.setSymName(kHostPlace);
      host.setTargetAttr(ProfileAttr::getPreset(module.getContext(), "host"));
      break;
    }
    OpBuilder builder(dispatch);
    for (OpOperand &input : dispatch.getInputsMutable())
      input.set(move(builder, input.get(), kHostPlace));
    builder.setInsertionPointAfter(dispatch);
    for (OpResult result : dispatch->getResults()) {
      TransferOp back = move(builder, result, dispatch.getPlace());
      result.replaceAllUsesExcept(back, back);
    }
    dispatch.setPlace(kHostPlace);
  }
}

ArrayRef<FaultKind> tapml::getPlanFaults() {
  static constexpr FaultKind kinds[] = {
      {"shared-executable", nullptr, false, plantSharedExecutable},
      {"hidden-copy", nullptr, false, plantHiddenCopy},
      {"silent-host", nullptr, false, plantSilentHost},
      {"slot-overlap", nullptr, false, plantSlotOverlap}};
  return kinds;
}
