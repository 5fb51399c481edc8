//===- IndexingDecomposition.cpp - Reads at computed places in linalg -----===//
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

namespace {
/// A dimension that is read at computed places.
struct IndexedDim {
  IndexedDim(OpBuilder &builder, Location loc, Value tensor, int64_t dim) {
    OpFoldResult extent = getSize(builder, loc, tensor, dim);
    size = toIndexValue(builder, loc, extent);
    last = toIndexValue(
        builder, loc,
        subtractSizes(builder, loc, extent, builder.getIndexAttr(1)));
  }

  /// Returns the place that `number` means, or the nearest one there is. With
  /// `wraps`, a negative number counts from the end.
  Value getPlace(OpBuilder &b, Location loc, Value number, bool wraps) const {
    Value place = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    if (wraps) {
      Value fromEnd = arith::AddIOp::create(b, loc, place, size);
      Value isNegative =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, place, zero);
      place = arith::SelectOp::create(b, loc, isNegative, fromEnd, place);
    }
    place = arith::MinSIOp::create(b, loc, place, last);
    return arith::MaxSIOp::create(b, loc, place, zero);
  }

  Value size, last;
};
} // namespace

/// Returns the indices of dimensions `begin` to `end` of the iteration space.
static Values createIndices(OpBuilder &b, Location loc, int64_t begin,
                            int64_t end) {
  Values places;
  for (int64_t dim : llvm::seq(begin, end))
    places.push_back(linalg::IndexOp::create(b, loc, dim));
  return places;
}

FailureOr<Values> EmbeddingOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = shape.getRank();
  AffineMap map = builder.getMultiDimIdentityMap(rank).dropResult(rank - 1);
  IndexedDim rows(builder, getLoc(), getWeight(), 0);
  return Values{createMap(
      builder, getLoc(), shape, {{getIds(), map}},
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value row = rows.getPlace(b, loc, elements[0], /*wraps=*/false);
        Value column = linalg::IndexOp::create(b, loc, rank - 1);
        return tensor::ExtractOp::create(b, loc, getWeight(),
                                         ValueRange{row, column});
      })};
}

NumericalClass EmbeddingOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> GatherOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  AffineMap map = builder.getMultiDimIdentityMap(shape.getRank());
  IndexedDim indexed(builder, getLoc(), getX(), getDim());
  return Values{
      createMap(builder, getLoc(), shape, {{getIndex(), map}},
                [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
                  Values places = createIndices(b, loc, 0, shape.getRank());
                  places[getDim()] =
                      indexed.getPlace(b, loc, elements[0], /*wraps=*/false);
                  return tensor::ExtractOp::create(b, loc, getX(), places);
                })};
}

NumericalClass GatherOp::getNumericalClass() {
  return NumericalClass::Movement;
}

FailureOr<Values> IndexOp::decompose(OpBuilder &builder) {
  ShapeAndSizes shape = getResultShape(getOperation(), builder);
  int64_t rank = getX().getType().getRank();
  int64_t first = getDims().front();
  int64_t trailing = rank - 1 - getDims().back();

  SmallVector<IndexedDim> indexed;
  SmallVector<MappedOperand> operands;
  for (auto [dim, index] : llvm::zip_equal(getDims(), getIndices())) {
    indexed.emplace_back(builder, getLoc(), getX(), dim);
    // An index tensor broadcasts to the result's dimensions between those in
    // front of the indexed ones and those behind.
    auto type = cast<RankedTensorType>(index.getType());
    int64_t offset = shape.getRank() - trailing - type.getRank();
    SmallVector<AffineExpr> exprs;
    for (int64_t place : llvm::seq(type.getRank())) {
      bool repeats = type.getDimSize(place) == 1 &&
                     shape.type.getDimSize(offset + place) != 1;
      exprs.push_back(repeats ? builder.getAffineConstantExpr(0)
                              : builder.getAffineDimExpr(offset + place));
    }
    operands.push_back(
        {index, AffineMap::get(shape.getRank(), 0, exprs, getContext())});
  }
  return Values{createMap(
      builder, getLoc(), shape, operands,
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Values places = createIndices(b, loc, 0, first);
        for (auto [dim, element] : llvm::zip_equal(indexed, elements))
          places.push_back(dim.getPlace(b, loc, element, /*wraps=*/true));
        llvm::append_range(
            places,
            createIndices(b, loc, shape.getRank() - trailing, shape.getRank()));
        return tensor::ExtractOp::create(b, loc, getX(), places);
      })};
}

NumericalClass IndexOp::getNumericalClass() { return NumericalClass::Movement; }
