//===- DecompositionUtils.cpp - Building blocks in linalg -----------------===//
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
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

ShapeAndSizes tapml::detail::getResultShape(Operation *op, OpBuilder &builder) {
  ReifiedRankedShapedTypeDims shapes;
  auto reifiable = cast<ReifyRankedShapedTypeOpInterface>(op);
  LogicalResult reified = reifiable.reifyResultShapes(builder, shapes);
  assert(succeeded(reified) && "operators always reify their shapes");
  (void)reified;
  return {cast<RankedTensorType>(op->getResult(0).getType()), shapes.front()};
}

ShapeAndSizes tapml::detail::getShapeOf(OpBuilder &builder, Location loc,
                                        Value tensor) {
  return {cast<RankedTensorType>(tensor.getType()),
          getSizes(builder, loc, tensor)};
}

ShapeAndSizes tapml::detail::dropDims(const ShapeAndSizes &shape,
                                      ArrayRef<int64_t> dims) {
  SmallVector<int64_t> kept;
  Sizes sizes;
  for (auto [dim, size] : llvm::enumerate(shape.sizes)) {
    if (llvm::is_contained(dims, static_cast<int64_t>(dim)))
      continue;
    kept.push_back(shape.type.getDimSize(dim));
    sizes.push_back(size);
  }
  return {RankedTensorType::get(kept, shape.type.getElementType()), sizes};
}

ShapeAndSizes tapml::detail::withElementType(const ShapeAndSizes &shape,
                                             Type element) {
  return {RankedTensorType::get(shape.type.getShape(), element), shape.sizes};
}

Value tapml::detail::createEmpty(OpBuilder &builder, Location loc,
                                 const ShapeAndSizes &shape) {
  Values dynamicSizes;
  for (auto [dim, size] : llvm::enumerate(shape.sizes))
    if (shape.type.isDynamicDim(dim))
      dynamicSizes.push_back(toIndexValue(builder, loc, size));
  return tensor::EmptyOp::create(builder, loc, shape.type, dynamicSizes);
}

Value tapml::detail::createFill(OpBuilder &builder, Location loc,
                                const ShapeAndSizes &shape, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(builder, loc, value);
  Value empty = createEmpty(builder, loc, shape);
  return linalg::FillOp::create(builder, loc, scalar, empty).getResult(0);
}

Value tapml::detail::castTo(OpBuilder &builder, Location loc, Value tensor,
                            RankedTensorType type) {
  if (tensor.getType() == type)
    return tensor;
  return tensor::CastOp::create(builder, loc, type, tensor);
}

AffineMap tapml::detail::getBroadcastMap(RankedTensorType operand,
                                         RankedTensorType result,
                                         int64_t trailing) {
  MLIRContext *context = operand.getContext();
  int64_t offset = result.getRank() - operand.getRank();
  SmallVector<AffineExpr> exprs;
  for (int64_t dim : llvm::seq(operand.getRank() - trailing)) {
    bool repeats =
        operand.getDimSize(dim) == 1 && result.getDimSize(offset + dim) != 1;
    exprs.push_back(repeats ? getAffineConstantExpr(0, context)
                            : getAffineDimExpr(offset + dim, context));
  }
  return AffineMap::get(result.getRank(), 0, exprs, context);
}

//===----------------------------------------------------------------------===//
// Maps, reductions, contractions
//===----------------------------------------------------------------------===//

/// Returns the element of a constant whose elements are all equal, else null.
static TypedAttr getSplatConstant(Value tensor) {
  SplatElementsAttr splat;
  if (!matchPattern(tensor, m_Constant(&splat)))
    return nullptr;
  return cast<TypedAttr>(splat.getSplatValue<Attribute>());
}

Value tapml::detail::createMap(OpBuilder &builder, Location loc,
                               const ShapeAndSizes &shape,
                               ArrayRef<MappedOperand> operands,
                               ScalarBuilder build) {
  Values inputs;
  SmallVector<AffineMap> maps;
  SmallVector<TypedAttr> splats;
  for (const MappedOperand &operand : operands) {
    splats.push_back(getSplatConstant(operand.value));
    if (splats.back())
      continue;
    inputs.push_back(operand.value);
    maps.push_back(operand.map);
  }
  maps.push_back(builder.getMultiDimIdentityMap(shape.getRank()));
  SmallVector<utils::IteratorType> iterators(shape.getRank(),
                                             utils::IteratorType::parallel);
  Value init = createEmpty(builder, loc, shape);
  return linalg::GenericOp::create(
             builder, loc, shape.type, inputs, init, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               Values scalars;
               for (TypedAttr splat : splats) {
                 if (splat) {
                   scalars.push_back(arith::ConstantOp::create(b, loc, splat));
                   continue;
                 }
                 scalars.push_back(elements.front());
                 elements = elements.drop_front();
               }
               linalg::YieldOp::create(b, loc, build(b, loc, scalars));
             })
      .getResult(0);
}

Value tapml::detail::createReduction(OpBuilder &builder, Location loc,
                                     const ShapeAndSizes &space,
                                     ArrayRef<int64_t> dims,
                                     ArrayRef<MappedOperand> operands,
                                     TypedAttr init, CombineBuilder combine) {
  Values inputs;
  SmallVector<AffineMap> maps;
  for (const MappedOperand &operand : operands) {
    inputs.push_back(operand.value);
    maps.push_back(operand.map);
  }
  SmallVector<utils::IteratorType> iterators;
  SmallVector<AffineExpr> kept;
  for (int64_t dim : llvm::seq(space.getRank())) {
    bool reduced = llvm::is_contained(dims, dim);
    iterators.push_back(reduced ? utils::IteratorType::reduction
                                : utils::IteratorType::parallel);
    if (!reduced)
      kept.push_back(builder.getAffineDimExpr(dim));
  }
  maps.push_back(
      AffineMap::get(space.getRank(), 0, kept, builder.getContext()));
  ShapeAndSizes shape = withElementType(dropDims(space, dims), init.getType());
  Value start = createFill(builder, loc, shape, init);
  return linalg::GenericOp::create(
             builder, loc, shape.type, inputs, start, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               Value next =
                   combine(b, loc, elements.drop_back(), elements.back());
               linalg::YieldOp::create(b, loc, next);
             })
      .getResult(0);
}

Value tapml::detail::createContraction(OpBuilder &builder, Location loc,
                                       const ShapeAndSizes &space,
                                       MappedOperand a, MappedOperand b) {
  return createReduction(
      builder, loc, space, {space.getRank() - 1}, {a, b},
      builder.getZeroAttr(space.type.getElementType()),
      [](OpBuilder &b, Location loc, ValueRange elements, Value sum) -> Value {
        Value product = arith::MulFOp::create(b, loc, elements[0], elements[1]);
        return arith::AddFOp::create(b, loc, sum, product);
      });
}

FailureOr<Values> tapml::detail::decomposeElementwise(Operation *op,
                                                      OpBuilder &builder,
                                                      ScalarBuilder build) {
  ShapeAndSizes shape = getResultShape(op, builder);
  SmallVector<MappedOperand> operands;
  for (Value operand : op->getOperands())
    operands.push_back(
        {operand, getBroadcastMap(cast<RankedTensorType>(operand.getType()),
                                  shape.type)});
  return Values{createMap(builder, op->getLoc(), shape, operands, build)};
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

namespace {
/// Adjacent dimensions of two shapes that hold the same elements, as half-open
/// ranges.
struct DimGroup {
  int64_t sourceBegin, sourceEnd, targetBegin, targetEnd;
};
} // namespace

/// Divides the dimensions of two shapes with equally many elements into groups
/// that correspond, as small as the IR shows them to be. At most one group, in
/// the middle, is there only because nothing else is left. Every group has
/// dimensions of both shapes; neither shape has rank 0.
static SmallVector<DimGroup> groupDims(ArrayRef<OpFoldResult> source,
                                       ArrayRef<OpFoldResult> target) {
  int64_t sourceEnd = source.size(), targetEnd = target.size();
  int64_t i = 0, j = 0;
  SmallVector<DimGroup> front, back;

  // Finds the fewest dimensions, from the front or from the back of what is
  // left, with equal products.
  auto findGroup = [&](bool fromBack) -> std::optional<DimGroup> {
    int64_t sourceLeft = sourceEnd - i, targetLeft = targetEnd - j;
    for (int64_t total = 2; total <= sourceLeft + targetLeft; ++total)
      for (int64_t m = std::max<int64_t>(1, total - targetLeft);
           m <= std::min(sourceLeft, total - 1); ++m) {
        int64_t n = total - m;
        DimGroup group = fromBack ? DimGroup{sourceEnd - m, sourceEnd,
                                             targetEnd - n, targetEnd}
                                  : DimGroup{i, i + m, j, j + n};
        if (isSameProduct(source.slice(group.sourceBegin, m),
                          target.slice(group.targetBegin, n)))
          return group;
      }
    return std::nullopt;
  };
  while (std::optional<DimGroup> group = findGroup(/*fromBack=*/false)) {
    front.push_back(*group);
    i = group->sourceEnd;
    j = group->targetEnd;
  }
  while (std::optional<DimGroup> group = findGroup(/*fromBack=*/true)) {
    back.push_back(*group);
    sourceEnd = group->sourceBegin;
    targetEnd = group->targetBegin;
  }
  if (i < sourceEnd && j < targetEnd) {
    front.push_back({i, sourceEnd, j, targetEnd});
  } else if (!front.empty()) {
    // What one shape alone has left is of size 1: it joins a neighbour.
    front.back().sourceEnd = sourceEnd;
    front.back().targetEnd = targetEnd;
  } else if (!back.empty()) {
    back.back().sourceBegin = i;
    back.back().targetBegin = j;
  }
  llvm::append_range(front, llvm::reverse(back));
  return front;
}

/// Returns the size of dimensions `begin` to `end` of `type` as one.
static int64_t getCollapsedSize(RankedTensorType type, int64_t begin,
                                int64_t end) {
  int64_t product = 1;
  for (int64_t size : type.getShape().slice(begin, end - begin)) {
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    product *= size;
  }
  return product;
}

/// Reshapes between a tensor of rank 0 and one whose sizes are all 1.
static Value createScalarReshape(OpBuilder &builder, Location loc, Value x,
                                 RankedTensorType type) {
  auto source = cast<RankedTensorType>(x.getType());
  Type element = type.getElementType();
  if (type.getRank() == 0) {
    SmallVector<int64_t> ones(source.getRank(), 1);
    x = castTo(builder, loc, x, RankedTensorType::get(ones, element));
    return tensor::CollapseShapeOp::create(builder, loc, type, x,
                                           ArrayRef<ReassociationIndices>{});
  }
  SmallVector<int64_t> ones(type.getRank(), 1);
  Value expanded = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(ones, element), x,
      ArrayRef<ReassociationIndices>{});
  return castTo(builder, loc, expanded, type);
}

Value tapml::detail::createReshape(OpBuilder &builder, Location loc, Value x,
                                   const ShapeAndSizes &shape) {
  auto source = cast<RankedTensorType>(x.getType());
  RankedTensorType target = shape.type;
  if (source.getRank() == 0 || target.getRank() == 0) {
    if (source.getRank() == target.getRank())
      return x;
    return createScalarReshape(builder, loc, x, target);
  }
  SmallVector<DimGroup> groups =
      groupDims(getSizes(builder, loc, x), shape.sizes);
  // Types may contradict each other where a dynamic size is 0.
  if (!llvm::all_of(groups, [&](const DimGroup &group) {
        return isCompatible(
            getCollapsedSize(source, group.sourceBegin, group.sourceEnd),
            getCollapsedSize(target, group.targetBegin, group.targetEnd));
      }))
    groups = {{0, source.getRank(), 0, target.getRank()}};

  SmallVector<ReassociationIndices> collapse, expand;
  SmallVector<int64_t> collapsed, expandable;
  for (const DimGroup &group : groups) {
    collapse.emplace_back(
        llvm::to_vector<2>(llvm::seq(group.sourceBegin, group.sourceEnd)));
    expand.emplace_back(
        llvm::to_vector<2>(llvm::seq(group.targetBegin, group.targetEnd)));
    collapsed.push_back(
        getCollapsedSize(source, group.sourceBegin, group.sourceEnd));
    expandable.push_back(
        getCollapsedSize(target, group.targetBegin, group.targetEnd));
  }
  Type element = source.getElementType();
  if (static_cast<int64_t>(groups.size()) < source.getRank())
    x = tensor::CollapseShapeOp::create(
        builder, loc, RankedTensorType::get(collapsed, element), x, collapse);
  x = castTo(builder, loc, x, RankedTensorType::get(expandable, element));
  if (static_cast<int64_t>(groups.size()) < target.getRank())
    x = tensor::ExpandShapeOp::create(builder, loc, target, x, expand,
                                      shape.sizes);
  return x;
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value tapml::detail::createScalar(OpBuilder &builder, Location loc, Type type,
                                  double value) {
  TypedAttr attr;
  if (isa<FloatType>(type))
    attr = builder.getFloatAttr(type, value);
  else
    attr = builder.getIntegerAttr(type, static_cast<int64_t>(value));
  return arith::ConstantOp::create(builder, loc, attr);
}

TypedAttr tapml::detail::getLowest(OpBuilder &builder, Type type) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return builder.getFloatAttr(type,
                                APFloat::getInf(floatType.getFloatSemantics(),
                                                /*Negative=*/true));
  return builder.getIntegerAttr(
      type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
}

Value tapml::detail::createMaximum(OpBuilder &builder, Location loc, Value lhs,
                                   Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::MaximumFOp::create(builder, loc, lhs, rhs);
  return arith::MaxSIOp::create(builder, loc, lhs, rhs);
}

Value tapml::detail::createAdd(OpBuilder &builder, Location loc, Value lhs,
                               Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::AddFOp::create(builder, loc, lhs, rhs);
  return arith::AddIOp::create(builder, loc, lhs, rhs);
}

Value tapml::detail::convertFloat(OpBuilder &builder, Location loc, Value x,
                                  Type type) {
  unsigned from = x.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from == to)
    return x;
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, x);
  return arith::TruncFOp::create(builder, loc, type, x);
}

Value tapml::detail::castIndex(OpBuilder &builder, Location loc,
                               OpFoldResult index, Type type) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return createScalar(builder, loc, type, *constant);
  auto value = cast<Value>(index);
  if (isa<IntegerType>(type))
    return arith::IndexCastOp::create(builder, loc, type, value);
  Value integer =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), value);
  return arith::SIToFPOp::create(builder, loc, type, integer);
}
