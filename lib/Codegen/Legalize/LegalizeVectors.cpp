//===- LegalizeVectors.cpp - Vectors of at most four elements -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns whether a value or argument in `kernel` satisfies `predicate`.
static bool anyType(gpu::GPUFuncOp kernel, function_ref<bool(Type)> predicate) {
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    if (llvm::any_of(op->getResultTypes(), predicate) ||
        llvm::any_of(op->getOperandTypes(), predicate))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// Returns whether `type` is a vector of more than four elements.
static bool isWide(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getRank() == 1 && !vector.isScalable() &&
         vector.getNumElements() > 4;
}

/// Returns the part into which a wide vector is split: the stock patterns,
/// which split what is between loads and stores, take the same.
static VectorType getPart(VectorType type) {
  return VectorType::get({spirv::getComputeVectorSize(type.getNumElements())},
                         type.getElementType());
}

/// Splits loads and stores of wide vectors.
static void splitAccesses(gpu::GPUFuncOp kernel) {
  SmallVector<Operation *> accesses;
  kernel.walk([&](Operation *op) {
    VectorType type;
    if (auto load = dyn_cast<vector::LoadOp>(op))
      type = load.getVectorType();
    else if (auto store = dyn_cast<vector::StoreOp>(op))
      type = store.getVectorType();
    if (type && isWide(type))
      accesses.push_back(op);
  });
  for (Operation *op : accesses) {
    OpBuilder b(op);
    Location loc = op->getLoc();
    auto load = dyn_cast<vector::LoadOp>(op);
    auto store = dyn_cast<vector::StoreOp>(op);
    VectorType type = load ? load.getVectorType() : store.getVectorType();
    VectorType part = getPart(type);
    int64_t width = part.getNumElements();
    SmallVector<Value> indices(load ? load.getIndices() : store.getIndices());
    Value first = indices.back();
    Value whole;
    if (load)
      whole = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t offset = 0; offset < type.getNumElements(); offset += width) {
      indices.back() = arith::AddIOp::create(
          b, loc, first, arith::ConstantIndexOp::create(b, loc, offset));
      if (load) {
        Value loaded =
            vector::LoadOp::create(b, loc, part, load.getBase(), indices);
        whole = vector::InsertStridedSliceOp::create(b, loc, loaded, whole,
                                                     offset, /*strides=*/1);
        continue;
      }
      Value stored = vector::ExtractStridedSliceOp::create(
          b, loc, store.getValueToStore(), offset, width, /*strides=*/1);
      vector::StoreOp::create(b, loc, stored, store.getBase(), indices);
    }
    if (load)
      load.getResult().replaceAllUsesWith(whole);
    op->erase();
  }
}

/// Puts an element into the part of a wide vector that has it.
static void splitInsertions(gpu::GPUFuncOp kernel) {
  SmallVector<vector::InsertOp> insertions;
  kernel.walk([&](vector::InsertOp op) {
    auto type = cast<VectorType>(op.getResult().getType());
    if (isWide(type) && type.getRank() == 1 && !op.hasDynamicPosition() &&
        !isa<VectorType>(op.getValueToStore().getType()))
      insertions.push_back(op);
  });
  for (vector::InsertOp op : insertions) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    int64_t width =
        getPart(cast<VectorType>(op.getResult().getType())).getNumElements();
    int64_t at = op.getStaticPosition().front();
    int64_t offset = at / width * width;
    Value part = vector::ExtractStridedSliceOp::create(b, loc, op.getDest(),
                                                       offset, width,
                                                       /*strides=*/1);
    part = vector::InsertOp::create(b, loc, op.getValueToStore(), part,
                                    at - offset);
    op.replaceAllUsesWith(Value(vector::InsertStridedSliceOp::create(
        b, loc, part, op.getDest(), offset, /*strides=*/1)));
    op.erase();
  }
}

namespace {
/// Takes a part from what another part was put into. The stock pattern takes
/// parts from those that were put, at the same place.
struct SkipOtherPart final : OpRewritePattern<vector::ExtractStridedSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ExtractStridedSliceOp op,
                                PatternRewriter &rewriter) const override {
    auto insertion =
        op.getSource().getDefiningOp<vector::InsertStridedSliceOp>();
    if (!insertion || op.getSourceVectorType().getRank() != 1 ||
        op.hasNonUnitStrides() || insertion.hasNonUnitStrides())
      return failure();
    auto getFirst = [](ArrayAttr attribute) {
      return cast<IntegerAttr>(attribute[0]).getInt();
    };
    int64_t begin = getFirst(op.getOffsets());
    int64_t end = begin + op.getType().getNumElements();
    int64_t put = getFirst(insertion.getOffsets());
    if (begin < put + insertion.getSourceVectorType().getNumElements() &&
        put < end)
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op.getSourceMutable().assign(insertion.getDest()); });
    return success();
  }
};
} // namespace

/// Carries a wide vector around loops, and out of branches, as its parts.
static LogicalResult splitCarried(gpu::GPUFuncOp kernel) {
  TypeConverter types;
  types.addConversion([](Type type) { return type; });
  types.addConversion(
      [](VectorType type,
         SmallVectorImpl<Type> &parts) -> std::optional<LogicalResult> {
        if (!isWide(type))
          return std::nullopt;
        VectorType part = getPart(type);
        parts.append(type.getNumElements() / part.getNumElements(), part);
        return success();
      });
  types.addSourceMaterialization([](OpBuilder &b, VectorType type,
                                    ValueRange parts, Location loc) -> Value {
    Value whole = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    int64_t width = getPart(type).getNumElements();
    for (auto [i, part] : llvm::enumerate(parts))
      whole = vector::InsertStridedSliceOp::create(
          b, loc, part, whole, int64_t(i) * width, /*strides=*/1);
    return whole;
  });
  types.addTargetMaterialization([](OpBuilder &b, TypeRange parts,
                                    ValueRange whole,
                                    Location loc) -> SmallVector<Value> {
    if (whole.size() != 1 || !isWide(whole.front().getType()))
      return {};
    int64_t width = cast<VectorType>(parts.front()).getNumElements();
    SmallVector<Value> values;
    for (size_t i = 0; i < parts.size(); ++i)
      values.push_back(vector::ExtractStridedSliceOp::create(
          b, loc, whole.front(), int64_t(i) * width, width, /*strides=*/1));
    return values;
  });
  ConversionTarget target(*kernel.getContext());
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  RewritePatternSet patterns(kernel.getContext());
  scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target);
  return applyPartialConversion(kernel.getOperation(), target,
                                std::move(patterns));
}

LogicalResult tapml::legalizeVectors(gpu::GPUFuncOp kernel) {
  if (!anyType(kernel, [](Type type) {
        auto vector = dyn_cast<VectorType>(type);
        return vector && (vector.getRank() != 1 || vector.getNumElements() > 4);
      }))
    return success();
  if (failed(splitCarried(kernel)))
    return emitKernelError(kernel) << "vectors that loops carry do not split";
  splitAccesses(kernel);
  splitInsertions(kernel);
  if (failed(spirv::unrollVectorsInFuncBodies(kernel)))
    return failure();
  // Parts that are put together and taken apart again cancel out.
  RewritePatternSet patterns(kernel.getContext());
  patterns.add<SkipOtherPart>(kernel.getContext());
  vector::ExtractStridedSliceOp::getCanonicalizationPatterns(
      patterns, kernel.getContext());
  vector::InsertStridedSliceOp::getCanonicalizationPatterns(
      patterns, kernel.getContext());
  return applyPatternsGreedily(kernel, std::move(patterns));
}
