//===- ShapeDecomposition.cpp - Constants, views, joins in linalg ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecompositionUtils.h"
#include "OperatorUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Tensors from nothing
//===----------------------------------------------------------------------===//

FailureOr<Values> ConstantOp::decompose(OpBuilder &builder) {
  return Values{arith::ConstantOp::create(builder, getLoc(),
                                          cast<TypedAttr>(getValue()))};
}

NumericalClass ConstantOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> FullOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  return Values{createFill(builder, getLoc(), shape, getValue())};
}

NumericalClass FullOp::getNumericalClass() { return NumericalClass::Movement; }

FailureOr<Values> ArangeOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  Type element = shape.type.getElementType();
  return Values{createMap(builder, getLoc(), shape, {},
                          [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                            Value place = linalg::IndexOp::create(b, loc, 0);
                            Value number =
                                arith::MulIOp::create(b, loc, place, getStep());
                            number = arith::AddIOp::create(b, loc, getStart(),
                                                           number);
                            return castIndex(b, loc, number, element);
                          })};
}

NumericalClass ArangeOp::getNumericalClass() {
  return NumericalClass::Discrete;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

FailureOr<Values> ReshapeOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  return Values{createReshape(builder, getLoc(), getX(), shape)};
}

NumericalClass ReshapeOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> UnsqueezeOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  return Values{createReshape(builder, getLoc(), getX(), shape)};
}

NumericalClass UnsqueezeOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> SqueezeOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  return Values{createReshape(builder, getLoc(), getX(), shape)};
}

NumericalClass SqueezeOp::getNumericalClass() {
  return NumericalClass::Movement;
}

/// Returns the elements of `x` at the places that `map` gives for places of
/// `shape`.
static Value createCopy(OpBuilder &builder, Location loc, Value x,
                        AffineMap map, const ShapeAndSizes &shape) {
  if (map.isIdentity())
    return castTo(builder, loc, x, shape.type);
  return createMap(
      builder, loc, shape, {{x, map}},
      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

FailureOr<Values> PermuteOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  // Dimension permutation[i] of `x` is dimension i of the iteration space.
  AffineMap map = inversePermutation(
      AffineMap::getPermutationMap(getPermutation(), getContext()));
  return Values{createCopy(builder, getLoc(), getX(), map, shape)};
}

NumericalClass PermuteOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> ExpandOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  AffineMap map = getBroadcastMap(getX().getType(), shape.type);
  return Values{createCopy(builder, getLoc(), getX(), map, shape)};
}

NumericalClass ExpandOp::getNumericalClass() {
  return NumericalClass::Movement;
}

//===----------------------------------------------------------------------===//
// Parts and joins
//===----------------------------------------------------------------------===//

/// Returns sizes that are attributes exactly where `type` is static.
static Sizes matchType(OpBuilder &builder, Location loc,
                       const ShapeAndSizes &shape) {
  Sizes sizes;
  for (auto [dim, size] : llvm::enumerate(shape.sizes))
    sizes.push_back(shape.type.isDynamicDim(dim)
                        ? OpFoldResult(toIndexValue(builder, loc, size))
                        : builder.getIndexAttr(shape.type.getDimSize(dim)));
  return sizes;
}

FailureOr<Values> SliceOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = shape.getRank();
  Sizes offsets(rank, builder.getIndexAttr(0));
  Sizes strides(rank, builder.getIndexAttr(1));
  offsets[getDim()] = getAsOpFoldResult(getStart());
  strides[getDim()] = builder.getIndexAttr(getStep());
  return Values{tensor::ExtractSliceOp::create(
      builder, getLoc(), shape.type, getX(), offsets,
      matchType(builder, getLoc(), shape), strides)};
}

NumericalClass SliceOp::getNumericalClass() { return NumericalClass::Movement; }

FailureOr<Values> SelectOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = getX().getType().getRank();
  Sizes offsets(rank, builder.getIndexAttr(0));
  Sizes strides(rank, builder.getIndexAttr(1));
  Sizes sizes = matchType(builder, getLoc(), shape);
  offsets[getDim()] = getAsOpFoldResult(getIndex());
  sizes.insert(sizes.begin() + getDim(), builder.getIndexAttr(1));
  return Values{tensor::ExtractSliceOp::create(
      builder, getLoc(), shape.type, getX(), offsets, sizes, strides)};
}

NumericalClass SelectOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> ConcatOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t joined = getDim();

  // An operand, the place of its first element and its last place.
  struct Part {
    Value tensor, begin, last;
  };
  SmallVector<Part> parts;
  OpFoldResult begin = builder.getIndexAttr(0);
  for (Value input : getInputs()) {
    if (cast<RankedTensorType>(input.getType()).getDimSize(joined) == 0)
      continue;
    OpFoldResult size = getSize(builder, getLoc(), input, joined);
    OpFoldResult last =
        subtractSizes(builder, getLoc(), size, builder.getIndexAttr(1));
    parts.push_back({input, toIndexValue(builder, getLoc(), begin),
                     toIndexValue(builder, getLoc(), last)});
    begin = addSizes(builder, getLoc(), begin, size);
  }
  if (parts.empty())
    return Values{createEmpty(builder, getLoc(), shape)};

  Value result = createMap(
      builder, getLoc(), shape, {},
      [&](OpBuilder &b, Location loc, ValueRange) {
        Values places;
        for (int64_t dim : llvm::seq(shape.getRank()))
          places.push_back(linalg::IndexOp::create(b, loc, dim));
        Value place = places[joined], chosen;
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        // Every operand is read, at its nearest place; the one that holds the
        // place wins.
        for (const Part &part : parts) {
          Value local = arith::SubIOp::create(b, loc, place, part.begin);
          local = arith::MinSIOp::create(b, loc, local, part.last);
          places[joined] = arith::MaxSIOp::create(b, loc, local, zero);
          Value element =
              tensor::ExtractOp::create(b, loc, part.tensor, places);
          if (!chosen) {
            chosen = element;
            continue;
          }
          Value reached = arith::CmpIOp::create(
              b, loc, arith::CmpIPredicate::sge, place, part.begin);
          chosen = arith::SelectOp::create(b, loc, reached, element, chosen);
        }
        return chosen;
      });
  return Values{result};
}

NumericalClass ConcatOp::getNumericalClass() {
  return NumericalClass::Movement;
}
