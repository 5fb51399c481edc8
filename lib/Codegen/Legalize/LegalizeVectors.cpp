//===- LegalizeVectors.cpp - Vectors of at most four elements -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
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

/// Splits loads and stores of a multiple of four elements; the stock patterns
/// split what is between them.
static void splitAccesses(gpu::GPUFuncOp kernel) {
  constexpr int64_t width = 4;
  SmallVector<Operation *> accesses;
  kernel.walk([&](Operation *op) {
    VectorType type;
    if (auto load = dyn_cast<vector::LoadOp>(op))
      type = load.getVectorType();
    else if (auto store = dyn_cast<vector::StoreOp>(op))
      type = store.getVectorType();
    if (type && type.getRank() == 1 && !type.isScalable() &&
        type.getNumElements() > width && type.getNumElements() % width == 0)
      accesses.push_back(op);
  });
  for (Operation *op : accesses) {
    OpBuilder b(op);
    Location loc = op->getLoc();
    auto load = dyn_cast<vector::LoadOp>(op);
    auto store = dyn_cast<vector::StoreOp>(op);
    VectorType type = load ? load.getVectorType() : store.getVectorType();
    VectorType part = VectorType::get({width}, type.getElementType());
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

LogicalResult tapml::legalizeVectors(gpu::GPUFuncOp kernel) {
  if (!anyType(kernel, [](Type type) {
        auto vector = dyn_cast<VectorType>(type);
        return vector && (vector.getRank() != 1 || vector.getNumElements() > 4);
      }))
    return success();
  splitAccesses(kernel);
  if (failed(spirv::unrollVectorsInFuncBodies(kernel)))
    return failure();
  // Parts that are put together and taken apart again cancel out.
  RewritePatternSet patterns(kernel.getContext());
  vector::ExtractStridedSliceOp::getCanonicalizationPatterns(
      patterns, kernel.getContext());
  vector::InsertStridedSliceOp::getCanonicalizationPatterns(
      patterns, kernel.getContext());
  return applyPatternsGreedily(kernel, std::move(patterns));
}
