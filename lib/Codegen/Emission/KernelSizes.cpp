//===- KernelSizes.cpp - Sizes and inputs of a kernel's region ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

TypedAttr tapml::emission::getSplatConstant(Value tensor) {
  DenseElementsAttr elements;
  if (!matchPattern(tensor, m_Constant(&elements)) || !elements.isSplat())
    return nullptr;
  return elements.getSplatValue<TypedAttr>();
}

bool tapml::emission::isUninitialized(Value tensor) {
  return tensor.getDefiningOp<tensor::EmptyOp>();
}

KernelSizes::KernelSizes(KernelOp kernel) : kernel(kernel) {
  Region &region = kernel.getBody();
  kernel.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == kernel)
      return;
    for (Value operand : op->getOperands()) {
      if (region.isAncestor(operand.getParentRegion()))
        continue;
      visitOutside(operand);
      if (isa<RankedTensorType>(operand.getType()) && !isa<tensor::DimOp>(op) &&
          !isUninitialized(operand) && !getSplatConstant(operand))
        inputs.insert(operand);
    }
    visit(op);
  });
}

//===----------------------------------------------------------------------===//
// Equal sizes
//===----------------------------------------------------------------------===//

unsigned KernelSizes::getNumber(Value value, int64_t dim) {
  auto [it, inserted] =
      numbers.try_emplace({value.getAsOpaquePointer(), dim}, items.size());
  if (inserted) {
    items.emplace_back(value, dim);
    parents.push_back(it->second);
    std::optional<int64_t> constant;
    if (dim < 0)
      constant = getConstantIndex(value);
    else if (auto type = cast<RankedTensorType>(value.getType());
             !type.isDynamicDim(dim))
      constant = type.getDimSize(dim);
    constants.push_back(constant);
  }
  return it->second;
}

unsigned KernelSizes::find(unsigned number) {
  while (parents[number] != number)
    number = parents[number] = parents[parents[number]];
  return number;
}

void KernelSizes::unite(unsigned a, unsigned b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return;
  // The one seen first represents both.
  if (b < a)
    std::swap(a, b);
  parents[b] = a;
  if (!constants[a])
    constants[a] = constants[b];
}

void KernelSizes::unite(Value tensor, int64_t dim, OpFoldResult size) {
  unsigned number = getNumber(tensor, dim);
  if (auto value = dyn_cast<Value>(size))
    unite(number, getNumber(value, -1));
  else if (auto constant = getConstantIntValue(size);
           constant && !constants[find(number)])
    constants[find(number)] = constant;
}

void KernelSizes::visitLinalg(linalg::LinalgOp op) {
  // Dimensions that one loop runs over are equal.
  SmallVector<std::optional<unsigned>> loops(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      unsigned number = getNumber(operand.get(), dim);
      std::optional<unsigned> &known = loops[loop.getPosition()];
      if (known)
        unite(*known, number);
      else
        known = number;
    }
  }
  for (OpResult result : op->getResults())
    for (int64_t dim = 0,
                 rank = cast<RankedTensorType>(result.getType()).getRank();
         dim < rank; ++dim)
      unite(getNumber(result, dim),
            getNumber(op.getDpsInits()[result.getResultNumber()], dim));
}

/// Calls `callback` for each dimension of a collapsed or expanded shape that is
/// a whole dimension of the other shape.
static void
forEachKeptDim(RankedTensorType expanded,
               ArrayRef<ReassociationIndices> reassociation,
               function_ref<void(int64_t expanded, int64_t collapsed)> f) {
  for (auto [collapsed, group] : llvm::enumerate(reassociation)) {
    SmallVector<int64_t> large = llvm::filter_to_vector(
        group, [&](int64_t dim) { return expanded.getDimSize(dim) != 1; });
    if (large.size() == 1)
      f(large.front(), collapsed);
  }
}

void KernelSizes::visit(Operation *op) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return visitLinalg(linalgOp);
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
    auto constant = dim.getConstantIndex();
    if (type && constant && *constant >= 0 && *constant < type.getRank())
      unite(dim.getSource(), *constant, OpFoldResult(dim.getResult()));
    return;
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    for (auto [dim, size] : llvm::enumerate(empty.getMixedSizes()))
      unite(empty.getResult(), dim, size);
    return;
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    unsigned next = 0;
    for (int64_t dim = 0; dim < splat.getType().getRank(); ++dim)
      if (splat.getType().isDynamicDim(dim))
        unite(splat.getResult(), dim,
              OpFoldResult(splat.getDynamicSizes()[next++]));
    return;
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    int64_t result = 0;
    for (auto [dim, size] : llvm::enumerate(slice.getMixedSizes()))
      if (!dropped.test(dim))
        unite(slice.getResult(), result++, size);
    return;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(cast.getSource().getType());
    if (!type || !isa<RankedTensorType>(cast.getType()))
      return;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      unite(getNumber(cast.getSource(), dim), getNumber(cast.getDest(), dim));
    return;
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    for (auto [dim, size] : llvm::enumerate(expand.getMixedOutputShape()))
      unite(expand.getResult(), dim, size);
    forEachKeptDim(expand.getResultType(), expand.getReassociationIndices(),
                   [&](int64_t expanded, int64_t collapsed) {
                     unite(getNumber(expand.getSrc(), collapsed),
                           getNumber(expand.getResult(), expanded));
                   });
    return;
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    forEachKeptDim(collapse.getSrcType(), collapse.getReassociationIndices(),
                   [&](int64_t expanded, int64_t collapsed) {
                     unite(getNumber(collapse.getSrc(), expanded),
                           getNumber(collapse.getResult(), collapsed));
                   });
    return;
  }
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    for (auto [result, output] :
         llvm::zip_equal(launch.getResults(), launch.getOutputs()))
      for (int64_t
               dim = 0,
               rank = mlir::cast<RankedTensorType>(result.getType()).getRank();
           dim < rank; ++dim)
        unite(getNumber(result, dim), getNumber(output, dim));
  }
}

void KernelSizes::visitOutside(Value value) {
  if (!isa<RankedTensorType, IndexType>(value.getType()) ||
      !seenOutside.insert(value).second)
    return;
  Operation *op = value.getDefiningOp();
  // Only what these ops say about shapes matters, not what they compute.
  if (!op || !isa<linalg::LinalgOp, tensor::DimOp, tensor::EmptyOp,
                  tensor::ExtractSliceOp, tensor::CastOp, tensor::ExpandShapeOp,
                  tensor::CollapseShapeOp, LaunchOp>(op))
    return;
  visit(op);
  for (Value operand : op->getOperands())
    visitOutside(operand);
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

SizeId KernelSizes::getSize(Value tensor, int64_t dim) {
  return {find(getNumber(tensor, dim))};
}

SizeId KernelSizes::getSize(Value index) {
  return {find(getNumber(index, -1))};
}

SmallVector<SizeId> KernelSizes::getSizes(Value tensor) {
  SmallVector<SizeId> result;
  for (int64_t dim = 0,
               rank = cast<RankedTensorType>(tensor.getType()).getRank();
       dim < rank; ++dim)
    result.push_back(getSize(tensor, dim));
  return result;
}

std::optional<SizeId> KernelSizes::getLoopSize(linalg::LinalgOp op,
                                               unsigned loop) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults()))
      if (auto d = dyn_cast<AffineDimExpr>(expr); d && d.getPosition() == loop)
        return getSize(operand.get(), dim);
  }
  return std::nullopt;
}

StringRef KernelSizes::getName(SizeId size) {
  for (auto [number, item] : llvm::enumerate(items)) {
    if (find(number) != size.number)
      continue;
    Value value = item.first;
    StringRef name = item.second < 0 ? tapml::getName(value.getLoc())
                                     : getDimName(value.getLoc(), item.second);
    if (!name.empty())
      return name;
  }
  return {};
}

std::optional<int64_t> KernelSizes::getStatic(SizeId size) {
  return constants[find(size.number)];
}

Value KernelSizes::cloneOutside(Value index, IndexBuilder &ix) {
  Operation *op = index.getDefiningOp();
  if (!op || !kernel.getBody().isAncestor(op->getParentRegion()))
    return index;
  if (auto constant = getConstantIndex(index))
    return ix.constant(*constant);
  if (isa<tensor::DimOp>(op))
    return createOutside(getSize(index), ix);
  bool onScalars = llvm::all_of(op->getOperandTypes(), [](Type type) {
    return type.isIntOrIndexOrFloat();
  });
  if (!onScalars || !isMemoryEffectFree(op) || op->getNumRegions() != 0) {
    op->emitOpError("is used as a size but depends on data: sizes must be "
                    "computed from the kernel's shapes");
    return nullptr;
  }
  IRMapping mapping;
  for (Value operand : op->getOperands()) {
    Value outside =
        operand.getDefiningOp<arith::ConstantOp>()
            ? ix.builder.clone(*operand.getDefiningOp())->getResult(0)
            : cloneOutside(operand, ix);
    if (!outside)
      return nullptr;
    mapping.map(operand, outside);
  }
  Operation *clone = ix.builder.clone(*op, mapping);
  return clone->getResult(cast<OpResult>(index).getResultNumber());
}

Value KernelSizes::createOutside(SizeId size, IndexBuilder &ix) {
  if (auto constant = getStatic(size))
    return ix.constant(*constant);
  Region &region = kernel.getBody();
  // In order of preference: an index value from outside, a dimension of a
  // tensor from outside, arithmetic of the region, a product of sizes.
  Value computed;
  Item dimension, collapsed;
  for (auto [number, item] : llvm::enumerate(items)) {
    if (find(number) != size.number)
      continue;
    bool outside = !region.isAncestor(item.first.getParentRegion());
    if (item.second < 0 && outside)
      return item.first;
    if (outside && !dimension.first)
      dimension = item;
    if (item.second < 0 && !item.first.getDefiningOp<tensor::DimOp>() &&
        !computed)
      computed = item.first;
    if (item.second >= 0 && item.first.getDefiningOp<tensor::CollapseShapeOp>())
      collapsed = item;
  }
  if (dimension.first)
    return tensor::DimOp::create(ix.builder, ix.loc, dimension.first,
                                 ix.constant(dimension.second));
  if (computed)
    return cloneOutside(computed, ix);
  if (collapsed.first) {
    auto op = collapsed.first.getDefiningOp<tensor::CollapseShapeOp>();
    Value product = ix.constant(1);
    for (int64_t dim : op.getReassociationIndices()[collapsed.second]) {
      Value factor = createOutside(getSize(op.getSrc(), dim), ix);
      if (!factor)
        return nullptr;
      product = ix.mul(product, factor);
    }
    return product;
  }
  kernel.emitOpError("has a size that its inputs do not determine");
  return nullptr;
}
