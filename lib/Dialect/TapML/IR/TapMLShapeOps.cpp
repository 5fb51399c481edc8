//===- TapMLShapeOps.cpp - Constants, views, joins ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLShapeOps.cpp.inc"

/// Returns whether an operator that changes nothing may be folded away. One
/// with an identity stays: it is placed, recorded and compared, and its
/// decomposition costs nothing.
template <typename OpTy> static bool isRedundant(OpTy op) {
  return !op.getInstance() && op.getX().getType() == op.getResult().getType();
}

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValue(); }

LogicalResult
ConstantOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromSizes(getOperation(), builder, {}, shapes);
}

std::optional<std::string>
ConstantOp::getUnsupportedReason(ProfileAttr profile) {
  return getUnsupportedValueReason(getOperation(), getValue(), profile);
}

//===----------------------------------------------------------------------===//
// FullOp
//===----------------------------------------------------------------------===//

LogicalResult FullOp::verify() {
  Type element = getResult().getType().getElementType();
  if (getValue().getType() != element)
    return emitOpError("value ")
           << getValue() << " does not have the element type of the result "
           << getResult().getType();
  return verifySizes(getOperation(), getSizes());
}

LogicalResult FullOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromSizes(getOperation(), builder, getSizes(), shapes);
}

std::optional<std::string> FullOp::getUnsupportedReason(ProfileAttr profile) {
  return getUnsupportedValueReason(getOperation(), getValue(), profile);
}

//===----------------------------------------------------------------------===//
// ArangeOp
//===----------------------------------------------------------------------===//

LogicalResult ArangeOp::verify() {
  if (getResult().getType().getRank() != 1)
    return emitOpError("result must have rank 1, got ")
           << getResult().getType();
  std::optional<int64_t> start = getConstantIntValue(getStart());
  std::optional<int64_t> end = getConstantIntValue(getEnd());
  std::optional<int64_t> step = getConstantIntValue(getStep());
  if (step == 0)
    return emitOpError("step must not be 0");
  if (!start || !end || !step)
    return success();
  return verifyResultShape(getOperation(), getRangeSize(*start, *end, *step));
}

LogicalResult ArangeOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  setReifiedShape(getOperation(), builder,
                  getRangeSize(builder, getLoc(), getAsOpFoldResult(getStart()),
                               getAsOpFoldResult(getEnd()),
                               getAsOpFoldResult(getStep())),
                  shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

/// Returns the product of the static sizes of a shape, which may wrap.
static uint64_t getStaticProduct(ArrayRef<int64_t> shape) {
  uint64_t product = 1;
  for (int64_t size : shape)
    if (!ShapedType::isDynamic(size))
      product *= size;
  return product;
}

LogicalResult ReshapeOp::verify() {
  if (failed(verifySizes(getOperation(), getSizes())))
    return failure();
  auto source = getX().getType(), target = getResult().getType();
  uint64_t sourceCount = getStaticProduct(source.getShape());
  uint64_t targetCount = getStaticProduct(target.getShape());
  // A shape with dynamic dimensions can have any multiple of what is static.
  auto canBe = [](RankedTensorType type, uint64_t known, uint64_t count) {
    if (type.hasStaticShape())
      return known == count;
    return known == 0 ? count == 0 : count % known == 0;
  };
  bool fits = true;
  if (source.hasStaticShape())
    fits = canBe(target, targetCount, sourceCount);
  else if (target.hasStaticShape())
    fits = canBe(source, sourceCount, targetCount);
  if (fits)
    return success();
  return emitOpError("operand 'x' of type ")
         << source << " cannot have as many elements as the result " << target;
}

LogicalResult
ReshapeOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromSizes(getOperation(), builder, getSizes(), shapes);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (isRedundant(*this) && getX().getType().getNumDynamicDims() <= 1)
    return getX();
  return {};
}

/// reshape(reshape(x)) is reshape(x).
static LogicalResult mergeReshapes(ReshapeOp op, PatternRewriter &rewriter) {
  auto producer = op.getX().getDefiningOp<ReshapeOp>();
  if (!producer || !producer->hasOneUse())
    return rewriter.notifyMatchFailure(op, "not the only use of a reshape");
  Location loc = rewriter.getFusedLoc({producer.getLoc(), op.getLoc()});
  auto merged = ReshapeOp::create(rewriter, loc, op.getResult().getType(),
                                  producer.getX(), op.getSizes(),
                                  uniteInstances({producer, op}));
  rewriter.replaceOp(op, merged);
  return success();
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add(mergeReshapes);
}

//===----------------------------------------------------------------------===//
// PermuteOp
//===----------------------------------------------------------------------===//

LogicalResult PermuteOp::verify() {
  ArrayRef<int64_t> permutation = getPermutation();
  int64_t rank = getX().getType().getRank();
  if (static_cast<int64_t>(permutation.size()) != rank ||
      !isPermutationVector(permutation))
    return emitOpError("permutation ")
           << printShape(permutation)
           << " is not one of the dimensions of operand 'x' of type "
           << getX().getType();
  return verifyResultShape(
      getOperation(),
      applyPermutation(getX().getType().getShape(), permutation));
}

LogicalResult
PermuteOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : getPermutation())
    sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

OpFoldResult PermuteOp::fold(FoldAdaptor adaptor) {
  if (isRedundant(*this) && isIdentityPermutation(getPermutation()))
    return getX();
  return {};
}

/// permute(permute(x)) is permute(x).
static LogicalResult mergePermutes(PermuteOp op, PatternRewriter &rewriter) {
  auto producer = op.getX().getDefiningOp<PermuteOp>();
  if (!producer || !producer->hasOneUse())
    return rewriter.notifyMatchFailure(op, "not the only use of a permute");
  Location loc = rewriter.getFusedLoc({producer.getLoc(), op.getLoc()});
  auto merged = PermuteOp::create(
      rewriter, loc, op.getResult().getType(), producer.getX(),
      applyPermutation(producer.getPermutation(), op.getPermutation()),
      uniteInstances({producer, op}));
  rewriter.replaceOp(op, merged);
  return success();
}

void PermuteOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add(mergePermutes);
}

//===----------------------------------------------------------------------===//
// UnsqueezeOp and SqueezeOp
//===----------------------------------------------------------------------===//

LogicalResult UnsqueezeOp::verify() {
  Shape shape(getX().getType().getShape());
  if (getDim() > shape.size())
    return emitOpError("dimension ")
           << getDim() << " cannot be added to operand 'x' of type "
           << getX().getType();
  shape.insert(shape.begin() + getDim(), 1);
  return verifyResultShape(getOperation(), shape);
}

LogicalResult
UnsqueezeOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tapml::getSizes(builder, getLoc(), getX());
  sizes.insert(sizes.begin() + getDim(), builder.getIndexAttr(1));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

LogicalResult SqueezeOp::verify() {
  if (failed(verifyDims(getOperation(), getDims(), {"x", getX()})))
    return failure();
  Shape shape;
  for (auto [dim, size] : llvm::enumerate(getX().getType().getShape())) {
    if (!llvm::is_contained(getDims(), static_cast<int64_t>(dim)))
      shape.push_back(size);
    else if (size != 1)
      return emitOpError("dimension ")
             << dim << " of operand 'x' of type " << getX().getType()
             << " does not have size 1";
  }
  return verifyResultShape(getOperation(), shape);
}

LogicalResult
SqueezeOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : llvm::seq(getX().getType().getRank()))
    if (!llvm::is_contained(getDims(), dim))
      sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// ExpandOp
//===----------------------------------------------------------------------===//

LogicalResult ExpandOp::verify() {
  if (failed(verifySizes(getOperation(), getSizes())))
    return failure();
  auto source = getX().getType(), target = getResult().getType();
  int64_t offset = target.getRank() - source.getRank();
  bool fits = offset >= 0;
  for (int64_t dim = 0; fits && dim < source.getRank(); ++dim)
    fits =
        source.getDimSize(dim) == 1 ||
        isCompatible(source.getDimSize(dim), target.getDimSize(offset + dim));
  if (fits)
    return success();
  return emitOpError("operand 'x' of type ")
         << source << " does not broadcast to the result " << target;
}

LogicalResult ExpandOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromSizes(getOperation(), builder, getSizes(), shapes);
}

OpFoldResult ExpandOp::fold(FoldAdaptor adaptor) {
  // Only sizes that the type gives as 1 repeat: equal types are equal tensors.
  if (isRedundant(*this))
    return getX();
  return {};
}

//===----------------------------------------------------------------------===//
// SliceOp
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  if (failed(verifyDim(getOperation(), getDim(), {"x", getX()})))
    return failure();
  Shape shape(getX().getType().getShape());
  std::optional<int64_t> start = getConstantIntValue(getStart());
  std::optional<int64_t> end = getConstantIntValue(getEnd());
  int64_t &size = shape[getDim()];
  for (std::optional<int64_t> bound : {start, end})
    if (bound &&
        (*bound < 0 || (!ShapedType::isDynamic(size) && *bound > size)))
      return emitOpError("bound ")
             << *bound << " is outside dimension " << getDim()
             << " of operand 'x' of type " << getX().getType();
  size = start && end ? getRangeSize(*start, *end, getStep())
                      : ShapedType::kDynamic;
  return verifyResultShape(getOperation(), shape);
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tapml::getSizes(builder, getLoc(), getX());
  if (getResult().getType().isDynamicDim(getDim()))
    sizes[getDim()] = getRangeSize(
        builder, getLoc(), getAsOpFoldResult(getStart()),
        getAsOpFoldResult(getEnd()), builder.getIndexAttr(getStep()));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

/// Returns whether `size` is that of dimension `dim` of `tensor`.
static bool isSizeOf(Value size, Value tensor, int64_t dim) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant ==
           cast<RankedTensorType>(tensor.getType()).getDimSize(dim);
  auto dimOp = size.getDefiningOp<tensor::DimOp>();
  return dimOp && dimOp.getSource() == tensor &&
         dimOp.getConstantIndex() == dim;
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (isRedundant(*this) && getStep() == 1 &&
      getConstantIntValue(getStart()) == 0 &&
      isSizeOf(getEnd(), getX(), getDim()))
    return getX();
  return {};
}

//===----------------------------------------------------------------------===//
// SelectOp
//===----------------------------------------------------------------------===//

LogicalResult SelectOp::verify() {
  if (failed(verifyDim(getOperation(), getDim(), {"x", getX()})))
    return failure();
  Shape shape(getX().getType().getShape());
  int64_t size = shape[getDim()];
  std::optional<int64_t> index = getConstantIntValue(getIndex());
  if (index && (*index < 0 || (!ShapedType::isDynamic(size) && *index >= size)))
    return emitOpError("index ")
           << *index << " is outside dimension " << getDim()
           << " of operand 'x' of type " << getX().getType();
  shape.erase(shape.begin() + getDim());
  return verifyResultShape(getOperation(), shape);
}

LogicalResult SelectOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : llvm::seq(getX().getType().getRank()))
    if (dim != static_cast<int64_t>(getDim()))
      sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// ConcatOp
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("needs at least one operand");
  auto first = cast<RankedTensorType>(getInputs().front().getType());
  if (failed(
          verifyDim(getOperation(), getDim(), {"inputs", getInputs().front()})))
    return failure();
  if (first.getElementType() != getResult().getType().getElementType())
    return emitOpError("operand 0 of type ")
           << first << " does not have the element type of the result "
           << getResult().getType();
  Shape shape(first.getShape());
  for (auto [index, input] : llvm::enumerate(getInputs().drop_front())) {
    auto type = cast<RankedTensorType>(input.getType());
    bool fits = type.getRank() == first.getRank() &&
                type.getElementType() == first.getElementType();
    for (int64_t dim = 0; fits && dim < type.getRank(); ++dim) {
      int64_t size = type.getDimSize(dim);
      if (dim == static_cast<int64_t>(getDim()))
        shape[dim] =
            ShapedType::isDynamic(shape[dim]) || ShapedType::isDynamic(size)
                ? ShapedType::kDynamic
                : shape[dim] + size;
      else if ((fits = isCompatible(shape[dim], size)) &&
               ShapedType::isDynamic(shape[dim]))
        shape[dim] = size;
    }
    if (!fits)
      return emitOpError("operand ")
             << index + 1 << " of type " << type
             << " cannot be joined along dimension " << getDim()
             << " with operands like " << first;
  }
  return verifyResultShape(getOperation(), shape);
}

LogicalResult ConcatOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes =
      tapml::getSizes(builder, getLoc(), getInputs().front());
  for (Value input : getInputs().drop_front())
    sizes[getDim()] = addSizes(builder, getLoc(), sizes[getDim()],
                               getSize(builder, getLoc(), input, getDim()));
  setReifiedShape(getOperation(), builder, sizes, shapes);
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (!getInstance() && getInputs().size() == 1 &&
      getInputs().front().getType() == getResult().getType())
    return getInputs().front();
  return {};
}

std::optional<std::string> ConcatOp::getUnsupportedReason(ProfileAttr profile) {
  return getUnsupportedBuffersReason(getOperation(), profile);
}
