//===- Storage.cpp - Where tensors live -----------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Storage.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Codegen/SizeExpr.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

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

int64_t tapml::getPartBytes(ProfileAttr profile) {
  uint64_t limit = profile.getLimit("max_storage_buffer_bytes");
  return llvm::bit_floor(limit);
}

int64_t tapml::getNumParts(RankedTensorType type, ProfileAttr profile) {
  uint64_t limit = profile.getLimit("max_storage_buffer_bytes");
  if (profile.isHost() || !type.hasStaticShape())
    return 1;
  uint64_t bytes = getElementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size));
  // Below 256 bytes the parts could not be aligned.
  if (bytes <= limit || getPartBytes(profile) < 256)
    return 1;
  return llvm::divideCeil(bytes, static_cast<uint64_t>(getPartBytes(profile)));
}

int64_t tapml::getNumParts(LaunchOp launch, unsigned buffer) {
  auto parts = launch->getAttrOfType<DenseI64ArrayAttr>(kPartsAttr);
  if (!parts || buffer >= parts.size())
    return 1;
  return std::max<int64_t>(parts[buffer], 1);
}
