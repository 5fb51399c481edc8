//===- Shape.cpp - New tensors, views and joins as estimates --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Movement.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Tensors from nothing
//===----------------------------------------------------------------------===//

static double toDouble(APFloat number) {
  bool losesInfo;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToDouble();
}

static int64_t toInteger(const APInt &number) {
  return number.getBitWidth() == 1 ? number.getZExtValue()
                                   : number.getSExtValue();
}

LogicalResult ConstantOp::evaluate(Evaluation &e) {
  RankedTensorType type = e.getResultType();
  if (isa<FloatType>(type.getElementType())) {
    auto numbers = getValue().tryGetValues<APFloat>();
    if (!numbers)
      return emitSizeError(e, "its value is not stored as numbers");
    std::vector<double> values;
    for (APFloat number : *numbers)
      values.push_back(toDouble(number));
    e.addResult(Estimate::floats(type.getElementType(), type.getShape(),
                                 std::move(values)));
    return success();
  }
  auto numbers = getValue().tryGetValues<APInt>();
  if (!numbers)
    return emitSizeError(e, "its value is not stored as numbers");
  std::vector<int64_t> values;
  for (APInt number : *numbers)
    values.push_back(toInteger(number));
  e.addResult(Estimate::integers(type.getElementType(), type.getShape(),
                                 std::move(values)));
  return success();
}

LogicalResult FullOp::evaluate(Evaluation &e) {
  FailureOr<Shape> shape = e.getResultShape(getSizes());
  if (failed(shape))
    return failure();
  Type element = e.getResultType().getElementType();
  int64_t count = getNumElements(*shape);
  if (auto number = dyn_cast<FloatAttr>(getValue()))
    e.addResult(Estimate::floats(
        element, *shape,
        std::vector<double>(count, toDouble(number.getValue()))));
  else
    e.addResult(Estimate::integers(
        element, *shape,
        std::vector<int64_t>(
            count, toInteger(cast<IntegerAttr>(getValue()).getValue()))));
  return success();
}

LogicalResult ArangeOp::evaluate(Evaluation &e) {
  int64_t start = e.getSize(getStart()), end = e.getSize(getEnd());
  int64_t step = e.getSize(getStep());
  if (step == 0)
    return emitSizeError(e, "step is zero");
  int64_t distance = step > 0 ? end - start : start - end;
  int64_t stride = std::abs(step);
  int64_t count = distance > 0 ? (distance + stride - 1) / stride : 0;
  if (!isa<FloatType>(e.getResultType().getElementType())) {
    IntegerResult result(e, {count});
    for (int64_t i = 0; i < count; ++i)
      result.set(i, start + i * step);
    result.finish();
    return success();
  }
  const Arithmetic &a = e.getArithmetic();
  MovedResult result(e, {count});
  for (int64_t i = 0; i < count; ++i) {
    double value = static_cast<double>(start + i * step);
    double error = std::fabs(value) < 0x1p24 ? 0.0 : a.round(std::fabs(value));
    result.set(i, value, {error, error});
  }
  result.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::evaluate(Evaluation &e) {
  FailureOr<Shape> shape = e.getResultShape(getSizes());
  if (failed(shape))
    return failure();
  const Estimate &x = e[getX()];
  if (getNumElements(*shape) != x.getNumElements())
    return emitSizeError(e, Twine(x.getNumElements()) +
                                " elements do not fill a shape of " +
                                Twine(getNumElements(*shape)));
  e.addResult(x.withShape(*shape));
  return success();
}

LogicalResult PermuteOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  Shape own = getStrides(x.getShape()), shape, strides;
  for (int64_t dim : getPermutation()) {
    shape.push_back(x.getShape()[dim]);
    strides.push_back(own[dim]);
  }
  e.addResult(takeStrided(x, shape, strides));
  return success();
}

LogicalResult UnsqueezeOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  Shape shape(x.getShape());
  shape.insert(shape.begin() + getDim(), 1);
  e.addResult(x.withShape(shape));
  return success();
}

LogicalResult SqueezeOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  Shape shape;
  // The verifier sees to it that the others have size 1.
  for (auto [dim, size] : llvm::enumerate(x.getShape()))
    if (!llvm::is_contained(getDims(), static_cast<int64_t>(dim)))
      shape.push_back(size);
  e.addResult(x.withShape(shape));
  return success();
}

LogicalResult ExpandOp::evaluate(Evaluation &e) {
  FailureOr<Shape> shape = e.getResultShape(getSizes());
  if (failed(shape))
    return failure();
  const Estimate &x = e[getX()];
  int64_t offset = static_cast<int64_t>(shape->size()) - x.getRank();
  for (auto [dim, size] : llvm::enumerate(x.getShape()))
    if (getX().getType().getDimSize(dim) != 1 && size != (*shape)[offset + dim])
      return emitSizeError(e, "size " + Twine(size) + " of dimension " +
                                  Twine(dim) + " does not expand to " +
                                  Twine((*shape)[offset + dim]));
  e.addResult(
      takeStrided(x, *shape, getBroadcastStrides(x.getShape(), *shape)));
  return success();
}

//===----------------------------------------------------------------------===//
// Parts and joins
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  int64_t start = e.getSize(getStart()), end = e.getSize(getEnd());
  int64_t dim = getDim(), step = getStep(), size = x.getShape()[dim];
  if (start < 0 || start > size || end < 0 || end > size)
    return emitSizeError(e, "the range from " + Twine(start) + " to " +
                                Twine(end) + " is not within size " +
                                Twine(size));
  Shape shape(x.getShape()), strides = getStrides(x.getShape());
  shape[dim] = end > start ? (end - start + step - 1) / step : 0;
  int64_t offset = start * strides[dim];
  strides[dim] *= step;
  e.addResult(takeStrided(x, shape, strides, offset));
  return success();
}

LogicalResult SelectOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  int64_t index = e.getSize(getIndex()), dim = getDim();
  Shape shape(x.getShape()), strides = getStrides(x.getShape());
  if (index < 0 || index >= shape[dim])
    return emitSizeError(e, "index " + Twine(index) + " is not within size " +
                                Twine(shape[dim]));
  int64_t offset = index * strides[dim];
  shape.erase(shape.begin() + dim);
  strides.erase(strides.begin() + dim);
  e.addResult(takeStrided(x, shape, strides, offset));
  return success();
}

LogicalResult ConcatOp::evaluate(Evaluation &e) {
  int64_t dim = getDim();
  SmallVector<const Estimate *> parts;
  Shape shape(e[getInputs().front()].getShape());
  shape[dim] = 0;
  for (Value input : getInputs()) {
    const Estimate &part = e[input];
    for (auto [other, size] : llvm::enumerate(part.getShape()))
      if (static_cast<int64_t>(other) != dim && size != shape[other])
        return emitSizeError(e, "sizes " + Twine(shape[other]) + " and " +
                                    Twine(size) + " of dimension " +
                                    Twine(other) + " differ");
    shape[dim] += part.getShape()[dim];
    parts.push_back(&part);
  }
  e.addResult(joinRuns(parts, shape, dim));
  return success();
}
