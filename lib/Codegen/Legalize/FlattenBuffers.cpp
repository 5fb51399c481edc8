//===- FlattenBuffers.cpp - Buffers of several dimensions -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

/// Returns where `indices` are in a buffer of `shape`, row by row.
static Value linearize(OpBuilder &b, Location loc, ArrayRef<int64_t> shape,
                       ValueRange indices) {
  if (indices.empty())
    return arith::ConstantIndexOp::create(b, loc, 0);
  Value at = indices.front();
  for (auto [size, index] :
       llvm::zip_equal(shape.drop_front(), indices.drop_front())) {
    Value stride = arith::ConstantIndexOp::create(b, loc, size);
    at = arith::AddIOp::create(
        b, loc, arith::MulIOp::create(b, loc, at, stride), index);
  }
  return at;
}

/// Returns the indices with which `op` accesses the buffer; null where it uses
/// it in another way.
static std::optional<MutableOperandRange> getIndices(Operation *op,
                                                     Value buffer) {
  return llvm::TypeSwitch<Operation *, std::optional<MutableOperandRange>>(op)
      .Case<memref::LoadOp, memref::AtomicRMWOp>(
          [](auto access) { return access.getIndicesMutable(); })
      .Case<memref::StoreOp>(
          [&](memref::StoreOp store) -> std::optional<MutableOperandRange> {
            if (store.getValue() == buffer)
              return std::nullopt;
            return store.getIndicesMutable();
          })
      .Case<vector::LoadOp, vector::StoreOp>(
          [](auto access) -> std::optional<MutableOperandRange> {
            // Rows of a matrix do not follow each other.
            if (access.getVectorType().getRank() != 1)
              return std::nullopt;
            return access.getIndicesMutable();
          })
      .Default([](Operation *) { return std::nullopt; });
}

LogicalResult tapml::flattenBuffers(gpu::GPUFuncOp kernel) {
  RewritePatternSet transfers(kernel.getContext());
  vector::populateVectorTransferLoweringPatterns(transfers,
                                                 /*maxTransferRank=*/1);
  walkAndApplyPatterns(kernel, std::move(transfers));
  SmallVector<Type> types(kernel.getArgumentTypes());
  for (BlockArgument buffer : getInterface(kernel)) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      continue;
    ArrayRef<int64_t> shape = type.getShape();
    if (!type.getLayout().isIdentity() ||
        llvm::any_of(shape.drop_front(shape.empty() ? 0 : 1),
                     ShapedType::isDynamic))
      return emitKernelError(kernel)
             << "argument " << buffer.getArgNumber() << " has type " << type
             << "; buffers are contiguous, and only their first size may be "
                "dynamic";
    if (type.getRank() == 1)
      continue;
    for (Operation *user : llvm::make_early_inc_range(buffer.getUsers())) {
      std::optional<MutableOperandRange> indices = getIndices(user, buffer);
      if (!indices)
        return emitKernelError(user)
               << "'" << user->getName() << "' uses buffer "
               << buffer.getArgNumber() << " of type " << type
               << " other than by loads and stores of elements and vectors in "
                  "a row";
      OpBuilder b(user);
      Value at = linearize(b, user->getLoc(), shape, OperandRange(*indices));
      indices->assign(at);
    }
    int64_t size =
        type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
    buffer.setType(MemRefType::get({size}, type.getElementType(),
                                   MemRefLayoutAttrInterface(),
                                   type.getMemorySpace()));
    types[buffer.getArgNumber()] = buffer.getType();
  }
  kernel.setFunctionType(
      FunctionType::get(kernel.getContext(), types, kernel.getResultTypes()));
  return success();
}
