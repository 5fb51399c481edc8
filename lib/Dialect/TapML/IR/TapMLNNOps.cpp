//===- TapMLNNOps.cpp - Reductions and layers -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "tapml/Dialect/TapML/IR/ComputeType.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLNNOps.cpp.inc"

/// Checks that `operands`, as far as there are any and they are floats, have
/// the result's element type.
static LogicalResult verifyFloatTypes(Operation *op,
                                      ArrayRef<NamedOperand> operands) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  for (const NamedOperand &operand : operands) {
    if (!operand.value)
      continue;
    Type type = operand.getType().getElementType();
    if (isa<FloatType>(type) && type != element)
      return op->emitOpError("operand '")
             << operand.name << "' of type " << operand.getType()
             << " must have the element type of the result, " << element
             << "; 'tapml.cast' gives it another";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Returns `shape` with the dimensions `dims` left out or of size `one`.
template <typename SizeTy>
static SmallVector<SizeTy> reduceShape(ArrayRef<SizeTy> shape,
                                       ArrayRef<int64_t> dims, bool keepdim,
                                       SizeTy one) {
  SmallVector<SizeTy> result;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    bool reduced = llvm::is_contained(dims, static_cast<int64_t>(dim));
    if (!reduced)
      result.push_back(size);
    else if (keepdim)
      result.push_back(one);
  }
  return result;
}

template <typename OpTy> static LogicalResult verifyReduction(OpTy op) {
  if (failed(verifyDims(op.getOperation(), op.getDims(), {"x", op.getX()})))
    return failure();
  return verifyResultShape(op.getOperation(),
                           reduceShape<int64_t>(op.getX().getType().getShape(),
                                                op.getDims(), op.getKeepdim(),
                                                1));
}

template <typename OpTy>
static LogicalResult reifyReduction(OpTy op, OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, op.getLoc(), op.getX());
  setReifiedShape(op.getOperation(), builder,
                  reduceShape<OpFoldResult>(sizes, op.getDims(),
                                            op.getKeepdim(),
                                            builder.getIndexAttr(1)),
                  shapes);
  return success();
}

LogicalResult SumOp::verify() { return verifyReduction(*this); }

LogicalResult SumOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return reifyReduction(*this, builder, shapes);
}

std::optional<std::string> SumOp::getUnsupportedReason(ProfileAttr profile) {
  return getUnsupportedArithmeticReason(getOperation(), profile);
}

LogicalResult MeanOp::verify() { return verifyReduction(*this); }

LogicalResult MeanOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyReduction(*this, builder, shapes);
}

LogicalResult AmaxOp::verify() { return verifyReduction(*this); }

LogicalResult AmaxOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyReduction(*this, builder, shapes);
}

//===----------------------------------------------------------------------===//
// SoftmaxOp
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  return verifyDim(getOperation(), getDim(), {"x", getX()});
}

LogicalResult
SoftmaxOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  setReifiedShape(getOperation(), builder, getSizes(builder, getLoc(), getX()),
                  shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// LayerNormOp
//===----------------------------------------------------------------------===//

LogicalResult LayerNormOp::verify() {
  // As the framework has it, parameters are all of the type of the input, or
  // all of the type that is computed in.
  Type element = getX().getType().getElementType();
  Type computed = getComputeType(element);
  bool isWide = llvm::all_of(getOperands().drop_front(), [&](Value parameter) {
    return getElementTypeOrSelf(parameter.getType()) == computed;
  });
  if (!isWide &&
      failed(verifyFloatTypes(getOperation(),
                              {{"weight", getWeight()}, {"bias", getBias()}})))
    return failure();
  RankedTensorType type = getX().getType();
  int64_t normalized = getNormalizedRank();
  if (normalized > type.getRank())
    return emitOpError("normalises ")
           << normalized << " dimensions, but operand 'x' of type " << type
           << " has only " << type.getRank();
  ArrayRef<int64_t> expected = type.getShape().take_back(normalized);
  auto check = [&](StringRef name, Value operand) -> LogicalResult {
    if (!operand)
      return success();
    auto operandType = cast<RankedTensorType>(operand.getType());
    if (operandType.getRank() == normalized &&
        llvm::all_of_zip(operandType.getShape(), expected, isCompatible))
      return success();
    return emitOpError("operand '")
           << name << "' of type " << operandType
           << " must have the shape of the normalised dimensions of operand "
              "'x', "
           << printShape(expected);
  };
  return success(succeeded(check("weight", getWeight())) &&
                 succeeded(check("bias", getBias())));
}

LogicalResult
LayerNormOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  setReifiedShape(getOperation(), builder, getSizes(builder, getLoc(), getX()),
                  shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// LinearOp
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::verify() {
  if (failed(verifyFloatTypes(
          getOperation(),
          {{"x", getX()}, {"weight", getWeight()}, {"bias", getBias()}})))
    return failure();
  RankedTensorType type = getX().getType();
  RankedTensorType weight = getWeight().getType();
  if (weight.getRank() != 2)
    return emitOpError("operand 'weight' must have rank 2, got ") << weight;
  if (type.getRank() == 0)
    return emitOpError("operand 'x' must have at least rank 1, got ") << type;
  if (!isCompatible(type.getShape().back(), weight.getDimSize(1)))
    return emitOpError("operand 'weight' of type ")
           << weight << " takes " << weight.getDimSize(1)
           << " features, but the last dimension of operand 'x' of type "
           << type << " has " << type.getShape().back();
  if (getBias()) {
    RankedTensorType bias = getBias().getType();
    if (bias.getRank() != 1 ||
        !isCompatible(bias.getDimSize(0), weight.getDimSize(0)))
      return emitOpError("operand 'bias' of type ")
             << bias << " must have shape " << printShape(weight.getDimSize(0))
             << ", one element for each row of operand 'weight' of type "
             << weight;
  }
  Shape shape(type.getShape());
  shape.back() = weight.getDimSize(0);
  return verifyResultShape(getOperation(), shape);
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getX());
  sizes.back() = getSize(builder, getLoc(), getWeight(), 0);
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

/// Returns all sizes of a tensor but the last two.
static Shape getBatchShape(Value tensor) {
  return Shape(
      cast<RankedTensorType>(tensor.getType()).getShape().drop_back(2));
}

/// Checks that each of `operands` is a matrix or a batch of them.
static LogicalResult verifyMatrices(Operation *op,
                                    ArrayRef<NamedOperand> operands) {
  for (const NamedOperand &operand : operands)
    if (operand.getType().getRank() < 2)
      return op->emitOpError("operand '")
             << operand.name << "' must have at least rank 2, got "
             << operand.getType();
  return success();
}

LogicalResult MatmulOp::verify() {
  if (failed(verifyFloatTypes(getOperation(), {{"a", getA()}, {"b", getB()}})))
    return failure();
  NamedOperand a{"a", getA()}, b{"b", getB()};
  if (failed(verifyMatrices(getOperation(), {a, b})))
    return failure();
  ArrayRef<int64_t> aShape = a.getType().getShape();
  ArrayRef<int64_t> bShape = b.getType().getShape();
  if (!isCompatible(aShape.back(), bShape[bShape.size() - 2]))
    return emitOpError("operand 'a' of type ")
           << a.getType() << " has " << aShape.back()
           << " columns, but operand 'b' of type " << b.getType() << " has "
           << bShape[bShape.size() - 2] << " rows";
  FailureOr<Shape> shape = inferBroadcast(
      getOperation(), {a, b}, {getBatchShape(a.value), getBatchShape(b.value)});
  if (failed(shape))
    return failure();
  shape->push_back(aShape[aShape.size() - 2]);
  shape->push_back(bShape.back());
  return verifyResultShape(getOperation(), *shape);
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes =
      getBroadcastSizes(builder, getLoc(), {getA(), getB()}, /*trailing=*/2);
  int64_t aRank = getA().getType().getRank();
  int64_t bRank = getB().getType().getRank();
  sizes.push_back(getSize(builder, getLoc(), getA(), aRank - 2));
  sizes.push_back(getSize(builder, getLoc(), getB(), bRank - 1));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// ScaledDotProductAttentionOp
//===----------------------------------------------------------------------===//

LogicalResult ScaledDotProductAttentionOp::verify() {
  if (failed(verifyFloatTypes(getOperation(), {{"query", getQuery()},
                                               {"key", getKey()},
                                               {"value", getValue()},
                                               {"mask", getMask()}})))
    return failure();
  NamedOperand query{"query", getQuery()}, key{"key", getKey()};
  NamedOperand value{"value", getValue()};
  if (failed(verifyMatrices(getOperation(), {query, key, value})))
    return failure();
  auto fromEnd = [](const NamedOperand &operand, int64_t distance) {
    RankedTensorType type = operand.getType();
    return type.getDimSize(type.getRank() - distance);
  };
  if (!isCompatible(fromEnd(query, 1), fromEnd(key, 1)))
    return emitOpError("operands 'query' of type ")
           << query.getType() << " and 'key' of type " << key.getType()
           << " differ in the last dimension";
  if (!isCompatible(fromEnd(key, 2), fromEnd(value, 2)))
    return emitOpError("operands 'key' of type ")
           << key.getType() << " and 'value' of type " << value.getType()
           << " differ in the number of rows";
  FailureOr<Shape> shape =
      inferBroadcast(getOperation(), {query, key, value},
                     {getBatchShape(query.value), getBatchShape(key.value),
                      getBatchShape(value.value)});
  if (failed(shape))
    return failure();
  if (getMask()) {
    Shape scores = *shape;
    scores.push_back(fromEnd(query, 2));
    scores.push_back(ShapedType::isDynamic(fromEnd(key, 2)) ? fromEnd(value, 2)
                                                            : fromEnd(key, 2));
    NamedOperand mask{"mask", getMask()};
    ArrayRef<int64_t> maskShape = mask.getType().getShape();
    bool fits = maskShape.size() <= scores.size();
    for (auto [size, score] :
         llvm::zip(llvm::reverse(maskShape), llvm::reverse(scores)))
      fits = fits && (size == 1 || isCompatible(size, score));
    if (!fits)
      return emitOpError("operand 'mask' of type ")
             << mask.getType() << " does not broadcast to the shape "
             << printShape(scores) << " of the scores";
  }
  shape->push_back(fromEnd(query, 2));
  shape->push_back(fromEnd(value, 1));
  return verifyResultShape(getOperation(), *shape);
}

LogicalResult ScaledDotProductAttentionOp::reifyResultShapes(
    OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getBroadcastSizes(
      builder, getLoc(), {getQuery(), getKey(), getValue()}, /*trailing=*/2);
  int64_t queryRank = getQuery().getType().getRank();
  int64_t valueRank = getValue().getType().getRank();
  sizes.push_back(getSize(builder, getLoc(), getQuery(), queryRank - 2));
  sizes.push_back(getSize(builder, getLoc(), getValue(), valueRank - 1));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}
