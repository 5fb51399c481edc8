//===- TapMLElementwiseOps.cpp - One element at a time --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecompositionUtils.h"
#include "OperatorUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLElementwiseOps.cpp.inc"

//===----------------------------------------------------------------------===//
// GeluOp
//===----------------------------------------------------------------------===//

LogicalResult GeluOp::verify() {
  if (getApproximate() == "none" || getApproximate() == "tanh")
    return success();
  return emitOpError("'approximate' must be \"none\" or \"tanh\", got \"")
         << getApproximate() << "\"";
}

//===----------------------------------------------------------------------===//
// WhereOp
//===----------------------------------------------------------------------===//

LogicalResult WhereOp::verify() {
  return verifyBroadcast(getOperation(), {"cond", "a", "b"});
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

LogicalResult CastOp::verify() {
  return verifyResultShape(getOperation(), getX().getType().getShape());
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  // An operator with an identity stays: it is placed, recorded and compared.
  if (!getInstance() && getX().getType() == getResult().getType())
    return getX();
  return {};
}

std::optional<std::string> CastOp::getUnsupportedReason(ProfileAttr profile) {
  Type from = getX().getType().getElementType();
  // Integers and booleans of 32 bits stay within 32 bits.
  return isa<FloatType>(from)
             ? getUnsupportedArithmeticReason(getOperation(), profile)
             : getUnsupportedTypeReason(getOperation(), profile);
}
