//===- Sizes.cpp - Arithmetic on the sizes of tensors ---------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;

Value tapml::toIndexValue(OpBuilder &builder, Location loc, OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size))
    return value;
  return arith::ConstantIndexOp::create(builder, loc,
                                        *getConstantIntValue(size));
}

//===----------------------------------------------------------------------===//
// Where a size comes from
//===----------------------------------------------------------------------===//

/// Returns `size` as an attribute if it is a constant.
static OpFoldResult fold(Builder &builder, OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return builder.getIndexAttr(*constant);
  return size;
}

/// Returns the size of dimension `dim` of a slice, whose type may lack
/// dimensions of size 1 that the slice has.
static OpFoldResult getSliceSize(tensor::ExtractSliceOp slice, int64_t dim) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (auto [index, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(index) && dim-- == 0)
      return size;
  llvm_unreachable("the slice has fewer dimensions than its type");
}

OpFoldResult tapml::getSize(OpBuilder &builder, Location loc, Value tensor,
                            int64_t dim) {
  while (true) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(dim))
      return builder.getIndexAttr(type.getDimSize(dim));
    Operation *producer = tensor.getDefiningOp();
    if (auto empty = dyn_cast_or_null<tensor::EmptyOp>(producer))
      return fold(builder, empty.getMixedSizes()[dim]);
    if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(producer))
      return fold(builder, expand.getMixedOutputShape()[dim]);
    if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(producer))
      return fold(builder, getSliceSize(slice, dim));
    if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(producer)) {
      SmallVector<OpFoldResult> factors;
      for (int64_t index : collapse.getReassociationIndices()[dim])
        factors.push_back(getSize(builder, loc, collapse.getSrc(), index));
      return multiplySizes(builder, loc, factors);
    }
    if (auto convert = dyn_cast_or_null<tensor::CastOp>(producer)) {
      if (!isa<RankedTensorType>(convert.getSource().getType()))
        break;
      tensor = convert.getSource();
      continue;
    }
    if (auto dps = dyn_cast_or_null<DestinationStyleOpInterface>(producer)) {
      tensor = dps.getTiedOpOperand(cast<OpResult>(tensor))->get();
      continue;
    }
    break;
  }
  return tensor::DimOp::create(builder, loc, tensor, dim).getResult();
}

SmallVector<OpFoldResult> tapml::getSizes(OpBuilder &builder, Location loc,
                                          Value tensor) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim :
       llvm::seq(cast<RankedTensorType>(tensor.getType()).getRank()))
    sizes.push_back(getSize(builder, loc, tensor, dim));
  return sizes;
}

//===----------------------------------------------------------------------===//
// Equality
//===----------------------------------------------------------------------===//

/// Returns whether the same operations compute `lhs` and `rhs` from the same
/// values. `depth` bounds how far back to look.
static bool isSameComputation(Value lhs, Value rhs, unsigned depth) {
  if (lhs == rhs)
    return true;
  Operation *lhsOp = lhs.getDefiningOp(), *rhsOp = rhs.getDefiningOp();
  if (depth == 0 || !lhsOp || !rhsOp || !isPure(lhsOp) ||
      lhsOp->getNumRegions() != 0 ||
      cast<OpResult>(lhs).getResultNumber() !=
          cast<OpResult>(rhs).getResultNumber())
    return false;
  return OperationEquivalence::isEquivalentTo(
      lhsOp, rhsOp,
      [&](Value a, Value b) {
        return success(isSameComputation(a, b, depth - 1));
      },
      /*markEquivalent=*/nullptr, OperationEquivalence::IgnoreLocations);
}

bool tapml::isSameSize(OpFoldResult lhs, OpFoldResult rhs) {
  constexpr unsigned kDepth = 6;
  std::optional<int64_t> lhsConstant = getConstantIntValue(lhs);
  std::optional<int64_t> rhsConstant = getConstantIntValue(rhs);
  if (lhsConstant || rhsConstant)
    return lhsConstant == rhsConstant;
  return isSameComputation(cast<Value>(lhs), cast<Value>(rhs), kDepth);
}

/// Appends the factors of `size` that are no constants to `factors`, and
/// multiplies `constant` with the others.
static void takeApart(OpFoldResult size, int64_t &constant,
                      SmallVectorImpl<Value> &factors) {
  if (std::optional<int64_t> value = getConstantIntValue(size)) {
    constant *= *value;
    return;
  }
  Value value = cast<Value>(size);
  if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    takeApart(getAsOpFoldResult(product.getLhs()), constant, factors);
    takeApart(getAsOpFoldResult(product.getRhs()), constant, factors);
    return;
  }
  factors.push_back(value);
}

bool tapml::isSameProduct(ArrayRef<OpFoldResult> lhs,
                          ArrayRef<OpFoldResult> rhs) {
  int64_t lhsConstant = 1, rhsConstant = 1;
  SmallVector<Value> lhsFactors, rhsFactors;
  for (OpFoldResult size : lhs)
    takeApart(size, lhsConstant, lhsFactors);
  for (OpFoldResult size : rhs)
    takeApart(size, rhsConstant, rhsFactors);
  if (lhsConstant != rhsConstant || lhsFactors.size() != rhsFactors.size())
    return false;
  for (Value factor : lhsFactors) {
    auto match = llvm::find_if(
        rhsFactors, [&](Value other) { return isSameSize(factor, other); });
    if (match == rhsFactors.end())
      return false;
    rhsFactors.erase(match);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

OpFoldResult tapml::addSizes(OpBuilder &builder, Location loc, OpFoldResult lhs,
                             OpFoldResult rhs) {
  std::optional<int64_t> a = getConstantIntValue(lhs);
  std::optional<int64_t> b = getConstantIntValue(rhs);
  if (a && b)
    return builder.getIndexAttr(*a + *b);
  if (a == 0)
    return rhs;
  if (b == 0)
    return lhs;
  return arith::AddIOp::create(builder, loc, toIndexValue(builder, loc, lhs),
                               toIndexValue(builder, loc, rhs))
      .getResult();
}

OpFoldResult tapml::subtractSizes(OpBuilder &builder, Location loc,
                                  OpFoldResult lhs, OpFoldResult rhs) {
  std::optional<int64_t> a = getConstantIntValue(lhs);
  std::optional<int64_t> b = getConstantIntValue(rhs);
  if (a && b)
    return builder.getIndexAttr(*a - *b);
  if (b == 0)
    return lhs;
  return arith::SubIOp::create(builder, loc, toIndexValue(builder, loc, lhs),
                               toIndexValue(builder, loc, rhs))
      .getResult();
}

OpFoldResult tapml::multiplySizes(OpBuilder &builder, Location loc,
                                  ArrayRef<OpFoldResult> sizes) {
  int64_t constant = 1;
  Value product;
  for (OpFoldResult size : sizes) {
    if (std::optional<int64_t> factor = getConstantIntValue(size)) {
      constant *= *factor;
      continue;
    }
    Value factor = cast<Value>(size);
    product =
        product ? arith::MulIOp::create(builder, loc, product, factor) : factor;
  }
  if (!product || constant == 0)
    return builder.getIndexAttr(constant);
  if (constant == 1)
    return product;
  return arith::MulIOp::create(
             builder, loc, product,
             toIndexValue(builder, loc, builder.getIndexAttr(constant)))
      .getResult();
}

int64_t tapml::getRangeSize(int64_t start, int64_t end, int64_t step) {
  if (step < 0 ? end >= start : end <= start)
    return 0;
  // Unsigned, so that no distance and no step overflows.
  uint64_t first = start, last = end, stride = step;
  return step < 0 ? llvm::divideCeil(first - last, 0 - stride)
                  : llvm::divideCeil(last - first, stride);
}

OpFoldResult tapml::getRangeSize(OpBuilder &builder, Location loc,
                                 OpFoldResult start, OpFoldResult end,
                                 OpFoldResult step) {
  std::optional<int64_t> first = getConstantIntValue(start);
  std::optional<int64_t> last = getConstantIntValue(end);
  std::optional<int64_t> stride = getConstantIntValue(step);
  if (first && last && stride && *stride != 0)
    return builder.getIndexAttr(getRangeSize(*first, *last, *stride));
  OpFoldResult extent = subtractSizes(builder, loc, end, start);
  OpFoldResult count = extent;
  if (stride != 1)
    count = arith::CeilDivSIOp::create(builder, loc,
                                       toIndexValue(builder, loc, extent),
                                       toIndexValue(builder, loc, step))
                .getResult();
  // An end is never negative: a range that counts up from 0 needs no check.
  if (first == 0 && stride && *stride > 0)
    return count;
  return arith::MaxSIOp::create(builder, loc, toIndexValue(builder, loc, count),
                                arith::ConstantIndexOp::create(builder, loc, 0))
      .getResult();
}
