//===- TapMLGraphOps.cpp - Weights, and operators of other IR -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
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

//===----------------------------------------------------------------------===//
// OperatorRegionOp
//===----------------------------------------------------------------------===//

LogicalResult OperatorRegionOp::verify() {
  if (getName().empty())
    return emitOpError("needs a name");
  int64_t dynamic = 0;
  for (Type type : getResultTypes())
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  if (dynamic != static_cast<int64_t>(getSizes().size()))
    return emitOpError("needs one size for each dynamic dimension of its "
                       "results: ")
           << dynamic << ", got " << getSizes().size();
  return success();
}

LogicalResult OperatorRegionOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("region needs the arguments ")
           << getInputs().getTypes() << ", got " << block.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield)
    return emitOpError("region must end with 'tapml.yield'");
  if (yield.getOperandTypes() != getResultTypes())
    return yield.emitOpError("must yield the operator's results, of types ")
           << getResultTypes() << ", got " << yield.getOperandTypes();
  WalkResult walk = getBody().walk([&](Operation *op) -> WalkResult {
    if (op != yield && op->getDialect() == (*this)->getDialect())
      return op->emitOpError("cannot be a part of an operator; it is one "
                             "itself, or belongs to a placed graph");
    if (!isMemoryEffectFree(op))
      return op->emitOpError("may have side effects; an operator is a function "
                             "of its inputs");
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

LogicalResult
OperatorRegionOp::reifyResultShapes(OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  ValueRange sizes = getSizes();
  for (Type type : getResultTypes()) {
    SmallVector<OpFoldResult> &shape = shapes.emplace_back();
    for (int64_t size : cast<RankedTensorType>(type).getShape()) {
      if (!ShapedType::isDynamic(size)) {
        shape.push_back(builder.getIndexAttr(size));
        continue;
      }
      shape.push_back(sizes.front());
      sizes = sizes.drop_front();
    }
  }
  return success();
}

FailureOr<SmallVector<Value>> OperatorRegionOp::decompose(OpBuilder &builder) {
  Block &block = getBody().front();
  IRMapping mapping;
  mapping.map(block.getArguments(), getInputs());
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(
      block.getTerminator()->getOperands(),
      [&](Value result) { return mapping.lookup(result); });
}

NumericalClass OperatorRegionOp::getNumericalClass() {
  return NumericalClass::Composite;
}

LogicalResult OperatorRegionOp::evaluate(Evaluation &) {
  return emitOpError(
      "cannot be evaluated: what it is made of has no definition "
      "in float64; make it of this dialect's operators");
}

StringRef OperatorRegionOp::getOperatorName() { return getName(); }

std::optional<std::string>
OperatorRegionOp::getUnsupportedReason(ProfileAttr profile) {
  std::optional<std::string> reason =
      detail::getUnsupportedTypeReason(getOperation(), profile);
  bool lacksInt64 = !profile.isHost() && !profile.hasFeature("int64");
  getBody().walk([&](Operation *op) {
    if (reason)
      return WalkResult::interrupt();
    if (!isa<YieldOp>(op) &&
        !isa_and_nonnull<arith::ArithDialect, linalg::LinalgDialect,
                         math::MathDialect, tensor::TensorDialect>(
            op->getDialect()))
      reason = ("holds '" + op->getName().getStringRef() +
                "', which is not lowered; convert it to linalg first")
                   .str();
    else
      reason = detail::getUnsupportedTypeReason(op, profile);
    for (Type type : op->getResultTypes())
      if (lacksInt64 && getElementTypeOrSelf(type).isInteger(64))
        reason = "computes in i64, the profile lacks 'int64'";
    return WalkResult::advance();
  });
  return reason;
}
