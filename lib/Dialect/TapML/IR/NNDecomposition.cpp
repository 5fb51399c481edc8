//===- NNDecomposition.cpp - Reductions and layers in linalg --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecompositionUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tapml/Dialect/TapML/IR/ComputeType.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Returns the map from the iteration space of `shape` to a tensor that lacks
/// its dimensions `dims`.
static AffineMap getRowMap(OpBuilder &builder, const ShapeAndSizes &shape,
                           ArrayRef<int64_t> dims) {
  AffineMap identity = builder.getMultiDimIdentityMap(shape.getRank());
  llvm::SmallBitVector dropped(shape.getRank());
  for (int64_t dim : dims)
    dropped.set(dim);
  return identity.dropResults(dropped);
}

/// Sums the elements of `x` over `dims`.
static Value createSum(OpBuilder &builder, Location loc, Value x,
                       const ShapeAndSizes &shape, ArrayRef<int64_t> dims) {
  AffineMap identity = builder.getMultiDimIdentityMap(shape.getRank());
  return createReduction(
      builder, loc, shape, dims, {{x, identity}},
      builder.getZeroAttr(shape.type.getElementType()),
      [](OpBuilder &b, Location loc, ValueRange elements, Value sum) {
        return createAdd(b, loc, sum, elements[0]);
      });
}

/// Returns the largest of the elements of `x` over `dims`.
static Value createLargest(OpBuilder &builder, Location loc, Value x,
                           const ShapeAndSizes &shape, ArrayRef<int64_t> dims) {
  AffineMap identity = builder.getMultiDimIdentityMap(shape.getRank());
  return createReduction(
      builder, loc, shape, dims, {{x, identity}},
      getLowest(builder, shape.type.getElementType()),
      [](OpBuilder &b, Location loc, ValueRange elements, Value largest) {
        return createMaximum(b, loc, largest, elements[0]);
      });
}

/// Divides each element of `sums` by the number of elements that `dims` of
/// `shape` hold.
static Value createMean(OpBuilder &builder, Location loc, Value sums,
                        const ShapeAndSizes &shape, ArrayRef<int64_t> dims) {
  Sizes extents;
  for (int64_t dim : dims)
    extents.push_back(shape.sizes[dim]);
  OpFoldResult count = multiplySizes(builder, loc, extents);
  ShapeAndSizes rows = dropDims(shape, dims);
  return createMap(
      builder, loc, rows,
      {{sums, builder.getMultiDimIdentityMap(rows.getRank())}},
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value divisor = castIndex(b, loc, count, elements[0].getType());
        return arith::DivFOp::create(b, loc, elements[0], divisor);
      });
}

FailureOr<Values> SumOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getShapeOf(builder, getLoc(), getX());
  Value sums = createSum(builder, getLoc(), getX(), shape, getDims());
  return Values{createReshape(builder, getLoc(), sums,
                              getResultShape(getOperation(), builder))};
}

NumericalClass SumOp::getNumericalClass() {
  return isa<FloatType>(getX().getType().getElementType())
             ? NumericalClass::Accumulation
             : NumericalClass::Discrete;
}

FailureOr<Values> MeanOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getShapeOf(builder, getLoc(), getX());
  Value sums = createSum(builder, getLoc(), getX(), shape, getDims());
  Value means = createMean(builder, getLoc(), sums, shape, getDims());
  return Values{createReshape(builder, getLoc(), means,
                              getResultShape(getOperation(), builder))};
}

NumericalClass MeanOp::getNumericalClass() {
  return NumericalClass::Accumulation;
}

FailureOr<Values> AmaxOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getShapeOf(builder, getLoc(), getX());
  Value largest = createLargest(builder, getLoc(), getX(), shape, getDims());
  return Values{createReshape(builder, getLoc(), largest,
                              getResultShape(getOperation(), builder))};
}

NumericalClass AmaxOp::getNumericalClass() { return NumericalClass::Movement; }

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

/// Returns exp(x - max(x)) / sum(exp(x - max(x))) along dimension `dim`. With
/// `maskedIsZero`, a row of minus infinities becomes zeros, else NaNs.
static Value createSoftmax(OpBuilder &builder, Location loc, Value x,
                           const ShapeAndSizes &shape, int64_t dim,
                           bool maskedIsZero) {
  AffineMap identity = builder.getMultiDimIdentityMap(shape.getRank());
  AffineMap row = getRowMap(builder, shape, dim);
  ShapeAndSizes rows = dropDims(shape, dim);
  AffineMap rowIdentity = builder.getMultiDimIdentityMap(rows.getRank());
  Type element = shape.type.getElementType();

  // Replaces elements of `tensor` that equal `from` by `to`.
  auto replace = [&](Value tensor, TypedAttr from, TypedAttr to) {
    return createMap(
        builder, loc, rows, {{tensor, rowIdentity}},
        [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
          Value isFrom = arith::CmpFOp::create(
              b, loc, arith::CmpFPredicate::OEQ, elements[0],
              arith::ConstantOp::create(b, loc, from));
          return arith::SelectOp::create(b, loc, isFrom,
                                         arith::ConstantOp::create(b, loc, to),
                                         elements[0]);
        });
  };

  Value largest = createLargest(builder, loc, x, shape, dim);
  if (maskedIsZero)
    largest = replace(largest, getLowest(builder, element),
                      builder.getFloatAttr(element, 0.0));
  Value powers =
      createMap(builder, loc, shape, {{x, identity}, {largest, row}},
                [](OpBuilder &b, Location loc, ValueRange elements) -> Value {
                  Value shifted =
                      arith::SubFOp::create(b, loc, elements[0], elements[1]);
                  return math::ExpOp::create(b, loc, shifted);
                });
  Value sums = createSum(builder, loc, powers, shape, dim);
  if (maskedIsZero)
    sums = replace(sums, builder.getFloatAttr(element, 0.0),
                   builder.getFloatAttr(element, 1.0));
  return createMap(
      builder, loc, shape, {{powers, identity}, {sums, row}},
      [](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        return arith::DivFOp::create(b, loc, elements[0], elements[1]);
      });
}

FailureOr<Values> SoftmaxOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  return Values{createSoftmax(builder, getLoc(), getX(), shape, getDim(),
                              /*maskedIsZero=*/false)};
}

NumericalClass SoftmaxOp::getNumericalClass() {
  return NumericalClass::Composite;
}

FailureOr<Values> LayerNormOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = shape.getRank();
  auto dims =
      llvm::to_vector(llvm::seq<int64_t>(rank - getNormalizedRank(), rank));
  ShapeAndSizes rows = dropDims(shape, dims);
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  AffineMap row = getRowMap(builder, shape, dims);
  AffineMap rowIdentity = builder.getMultiDimIdentityMap(rows.getRank());

  // The mean, and with it the centred elements' mean square.
  Value sums = createSum(builder, loc, getX(), shape, dims);
  Value means = createMean(builder, loc, sums, shape, dims);
  Value squares = createReduction(
      builder, loc, shape, dims, {{getX(), identity}, {means, row}},
      builder.getZeroAttr(shape.type.getElementType()),
      [](OpBuilder &b, Location loc, ValueRange elements, Value sum) -> Value {
        Value centred = arith::SubFOp::create(b, loc, elements[0], elements[1]);
        Value square = arith::MulFOp::create(b, loc, centred, centred);
        return arith::AddFOp::create(b, loc, sum, square);
      });
  Value variances = createMean(builder, loc, squares, shape, dims);
  double epsilon = getEpsilon().convertToDouble();
  Value factors = createMap(
      builder, loc, rows, {{variances, rowIdentity}},
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Type type = elements[0].getType();
        Value sum = arith::AddFOp::create(b, loc, elements[0],
                                          createScalar(b, loc, type, epsilon));
        return arith::DivFOp::create(b, loc, createScalar(b, loc, type, 1.0),
                                     math::SqrtOp::create(b, loc, sum));
      });

  SmallVector<MappedOperand> operands = {
      {getX(), identity}, {means, row}, {factors, row}};
  for (Value parameter : {getWeight(), getBias()})
    if (parameter)
      operands.push_back(
          {parameter, identity.getMinorSubMap(getNormalizedRank())});
  return Values{createMap(
      builder, loc, shape, operands,
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value y = arith::SubFOp::create(b, loc, elements[0], elements[1]);
        y = arith::MulFOp::create(b, loc, y, elements[2]);
        if (getWeight())
          y = arith::MulFOp::create(b, loc, y, elements[3]);
        if (getBias())
          y = arith::AddFOp::create(b, loc, y, elements.back());
        return y;
      })};
}

NumericalClass LayerNormOp::getNumericalClass() {
  return NumericalClass::Composite;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Returns `shape` with one more dimension, of the size of dimension `dim` of
/// `tensor`.
static ShapeAndSizes appendDim(OpBuilder &builder, Location loc,
                               const ShapeAndSizes &shape, Value tensor,
                               int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> sizes(shape.type.getShape());
  sizes.push_back(type.getDimSize(dim));
  ShapeAndSizes result{shape.type.clone(sizes), shape.sizes};
  result.sizes.push_back(getSize(builder, loc, tensor, dim));
  return result;
}

/// Returns the map from an iteration space whose leading dimensions are those
/// that `tensor`'s leading ones, all but the last two, broadcast to, to the
/// places of `tensor`: its last two dimensions are dimensions `row` and
/// `column` of the space.
static AffineMap getMatrixMap(Value tensor, const ShapeAndSizes &result,
                              int64_t row, int64_t column) {
  auto type = cast<RankedTensorType>(tensor.getType());
  AffineMap batch = getBroadcastMap(type, result.type, /*trailing=*/2);
  SmallVector<AffineExpr> exprs(batch.getResults());
  exprs.push_back(getAffineDimExpr(row, type.getContext()));
  exprs.push_back(getAffineDimExpr(column, type.getContext()));
  return AffineMap::get(result.getRank() + 1, 0, exprs, type.getContext());
}

FailureOr<Values> LinearOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = shape.getRank();
  AffineExpr n = builder.getAffineDimExpr(rank - 1);
  AffineExpr k = builder.getAffineDimExpr(rank);

  // The weight as [in, out]: work on the weight alone, done once per load, and
  // kept as it is stored.
  Value stored = getStored(getWeight());
  ShapeAndSizes weight = getShapeOf(builder, loc, stored);
  ShapeAndSizes transposed{RankedTensorType::get({weight.type.getDimSize(1),
                                                  weight.type.getDimSize(0)},
                                                 weight.type.getElementType()),
                           {weight.sizes[1], weight.sizes[0]}};
  AffineMap swap =
      AffineMap::getPermutationMap(ArrayRef<int64_t>{1, 0}, getContext());
  Value matrix = createMap(
      builder, loc, transposed, {{stored, swap}},
      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
  matrix = widenElements(builder, loc, matrix);

  SmallVector<AffineExpr> xPlace;
  for (int64_t dim : llvm::seq(rank - 1))
    xPlace.push_back(builder.getAffineDimExpr(dim));
  xPlace.push_back(k);
  ShapeAndSizes space = appendDim(builder, loc, shape, matrix, 0);
  Value result = createContraction(
      builder, loc, space,
      {getX(), AffineMap::get(rank + 1, 0, xPlace, getContext())},
      {matrix, AffineMap::get(rank + 1, 0, {k, n}, getContext())});
  if (!getBias())
    return Values{result};
  return Values{createMap(
      builder, loc, shape,
      {{result, builder.getMultiDimIdentityMap(rank)},
       {getBias(), AffineMap::get(rank, 0, n)}},
      [](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        return arith::AddFOp::create(b, loc, elements[0], elements[1]);
      })};
}

NumericalClass LinearOp::getNumericalClass() {
  return NumericalClass::Accumulation;
}

FailureOr<Values> MatmulOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t m = shape.getRank() - 2, n = m + 1, k = m + 2;
  ShapeAndSizes space = appendDim(builder, getLoc(), shape, getA(),
                                  getA().getType().getRank() - 1);
  return Values{createContraction(builder, getLoc(), space,
                                  {getA(), getMatrixMap(getA(), shape, m, k)},
                                  {getB(), getMatrixMap(getB(), shape, k, n)})};
}

NumericalClass MatmulOp::getNumericalClass() {
  return NumericalClass::Accumulation;
}

/// Returns the scores of an attention with scale and masks applied.
static Value createMaskedScores(OpBuilder &builder,
                                ScaledDotProductAttentionOp op, Value scores,
                                const ShapeAndSizes &shape) {
  SmallVector<MappedOperand> operands = {
      {scores, builder.getMultiDimIdentityMap(shape.getRank())}};
  if (op.getMask())
    operands.push_back(
        {op.getMask(), getBroadcastMap(op.getMask().getType(), shape.type)});
  double scale = op.getScale().convertToDouble();
  return createMap(
      builder, op.getLoc(), shape, operands,
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Type type = elements[0].getType();
        Value score = arith::MulFOp::create(b, loc, elements[0],
                                            createScalar(b, loc, type, scale));
        if (op.getMask() && isa<FloatType>(elements[1].getType()))
          score = arith::AddFOp::create(b, loc, score, elements[1]);
        auto keepWhere = [&](Value kept) {
          Value masked = arith::ConstantOp::create(b, loc, getLowest(b, type));
          score = arith::SelectOp::create(b, loc, kept, score, masked);
        };
        if (op.getMask() && elements[1].getType().isInteger(1))
          keepWhere(elements[1]);
        if (op.getIsCausal()) {
          int64_t rank = shape.getRank();
          Value row = linalg::IndexOp::create(b, loc, rank - 2);
          Value column = linalg::IndexOp::create(b, loc, rank - 1);
          keepWhere(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle,
                                          column, row));
        }
        return score;
      });
}

FailureOr<Values> ScaledDotProductAttentionOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  ShapeAndSizes result = getResultShape(getOperation(), builder);
  int64_t rank = result.getRank();
  int64_t row = rank - 2, column = rank - 1, inner = rank;
  int64_t keyRank = getKey().getType().getRank();

  // scores[row, column] = sum over inner of query[row, inner] * key[column,
  // inner]
  ShapeAndSizes scoreShape =
      appendDim(builder, loc, dropDims(result, column), getKey(), keyRank - 2);
  ShapeAndSizes scoreSpace =
      appendDim(builder, loc, scoreShape, getKey(), keyRank - 1);
  Value scores = createContraction(
      builder, loc, scoreSpace,
      {getQuery(), getMatrixMap(getQuery(), scoreShape, row, inner)},
      {getKey(), getMatrixMap(getKey(), scoreShape, column, inner)});
  scores = createMaskedScores(builder, *this, scores, scoreShape);
  Value weights = createSoftmax(builder, loc, scores, scoreShape, column,
                                /*maskedIsZero=*/true);

  // result[row, column] = sum over inner of weights[row, inner] *
  // value[inner, column]
  ShapeAndSizes space = appendDim(builder, loc, result, getKey(), keyRank - 2);
  return Values{createContraction(
      builder, loc, space, {weights, getMatrixMap(weights, result, row, inner)},
      {getValue(), getMatrixMap(getValue(), result, inner, column)})};
}

NumericalClass ScaledDotProductAttentionOp::getNumericalClass() {
  return NumericalClass::Composite;
}
