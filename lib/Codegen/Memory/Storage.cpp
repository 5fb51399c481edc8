//===- Storage.cpp - Where tensors live -----------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Storage.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tapml;

/// Looks through operations that leave the elements where they are.
static Value skipViews(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(
            op))
      break;
    tensor = op->getOperand(0);
  }
  return tensor;
}

Value tapml::getStorage(Value tensor) {
  tensor = skipViews(tensor);
  Operation *op = tensor.getDefiningOp();
  if (!op || isa<TransferOp, GetGlobalOp, LaunchOp, DispatchOp>(op))
    return tensor;
  return nullptr;
}

int64_t tapml::getSlot(OpResult result) {
  auto slots = result.getOwner()->getAttrOfType<DenseI64ArrayAttr>(kSlotsAttr);
  if (!slots || result.getResultNumber() >= slots.size())
    return kNoSlot;
  return slots[result.getResultNumber()];
}

GetGlobalOp tapml::getWeight(Value tensor) {
  tensor = skipViews(tensor);
  while (auto transfer = tensor.getDefiningOp<TransferOp>()) {
    if (transfer.getSource().getType() != transfer.getResult().getType())
      return nullptr;
    tensor = skipViews(transfer.getSource());
  }
  return tensor.getDefiningOp<GetGlobalOp>();
}

StringAttr tapml::getPlace(Value tensor) {
  tensor = skipViews(tensor);
  Operation *op = tensor.getDefiningOp();
  if (auto transfer = dyn_cast_or_null<TransferOp>(op))
    return transfer.getPlaceAttr().getAttr();
  if (auto dispatch = dyn_cast_or_null<DispatchOp>(op))
    return dispatch.getPlaceAttr().getAttr();
  if (isa_and_nonnull<GetGlobalOp>(op))
    return nullptr;
  return StringAttr::get(tensor.getContext(), kHostPlace);
}
