//===- TapMLIndexingOps.cpp - Reads at computed places --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLIndexingOps.cpp.inc"

//===----------------------------------------------------------------------===//
// EmbeddingOp
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  RankedTensorType weight = getWeight().getType();
  if (weight.getRank() != 2)
    return emitOpError("operand 'weight' must have rank 2, got ") << weight;
  Shape shape(getIds().getType().getShape());
  shape.push_back(weight.getDimSize(1));
  return verifyResultShape(getOperation(), shape);
}

LogicalResult
EmbeddingOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getIds());
  sizes.push_back(getSize(builder, getLoc(), getWeight(), 1));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  RankedTensorType type = getX().getType();
  RankedTensorType indexType = getIndex().getType();
  if (failed(verifyDim(getOperation(), getDim(), {"x", getX()})))
    return failure();
  if (type.getRank() != indexType.getRank())
    return emitOpError("operand 'index' of type ")
           << indexType << " must have the rank of operand 'x' of type "
           << type;
  for (auto [dim, size, indexSize] :
       llvm::enumerate(type.getShape(), indexType.getShape()))
    if (dim != getDim() && !ShapedType::isDynamic(size) &&
        !ShapedType::isDynamic(indexSize) && indexSize > size)
      return emitOpError("operand 'index' of type ")
             << indexType << " is larger in dimension " << dim
             << " than operand 'x' of type " << type;
  return verifyResultShape(getOperation(), indexType.getShape());
}

LogicalResult GatherOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  setReifiedShape(getOperation(), builder,
                  getSizes(builder, getLoc(), getIndex()), shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// IndexOp
//===----------------------------------------------------------------------===//

LogicalResult IndexOp::verify() {
  RankedTensorType type = getX().getType();
  ArrayRef<int64_t> dims = getDims();
  if (dims.size() != getIndices().size())
    return emitOpError("needs one dimension in 'dims' for each index tensor: ")
           << getIndices().size() << ", got " << dims.size();
  if (failed(verifyDims(getOperation(), dims, {"x", getX()})))
    return failure();
  for (auto [previous, next] : llvm::zip(dims, dims.drop_front()))
    if (next != previous + 1)
      return emitOpError("dimensions in 'dims' must be adjacent and in order, "
                         "got ")
             << printShape(dims);
  SmallVector<NamedOperand> operands;
  SmallVector<Shape> shapes;
  for (Value index : getIndices()) {
    operands.push_back({"indices", index});
    shapes.emplace_back(operands.back().getType().getShape());
  }
  FailureOr<Shape> places = inferBroadcast(getOperation(), operands, shapes);
  if (failed(places))
    return failure();
  Shape shape(type.getShape().take_front(dims.front()));
  llvm::append_range(shape, *places);
  llvm::append_range(shape, type.getShape().drop_front(dims.back() + 1));
  return verifyResultShape(getOperation(), shape);
}

LogicalResult IndexOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : llvm::seq<int64_t>(0, getDims().front()))
    sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  llvm::append_range(sizes, getBroadcastSizes(builder, getLoc(), getIndices()));
  for (int64_t dim :
       llvm::seq<int64_t>(getDims().back() + 1, getX().getType().getRank()))
    sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

std::optional<std::string> IndexOp::getUnsupportedReason(ProfileAttr profile) {
  return getUnsupportedBuffersReason(getOperation(), profile);
}
