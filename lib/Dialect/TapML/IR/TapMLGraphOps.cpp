//===- TapMLGraphOps.cpp - Weights and constants ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLGraphOps.cpp.inc"

LogicalResult GlobalOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape())
    return emitOpError("must have a static shape, got ") << type;
  return success();
}

LogicalResult
GetGlobalOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto global =
      symbolTable.lookupNearestSymbolFrom<GlobalOp>(*this, getGlobalAttr());
  if (!global)
    return emitOpError("refers to ")
           << getGlobalAttr() << ", which is not a 'tapml.global'";
  if (global.getType() != getResult().getType()) {
    InFlightDiagnostic diag = emitOpError("has type ")
                              << getResult().getType() << ", but "
                              << getGlobalAttr() << " has type "
                              << global.getType();
    diag.attachNote(global.getLoc()) << "defined here";
    return diag;
  }
  return success();
}
