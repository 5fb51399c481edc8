//===- TapMLToLinalg.cpp - Replaces operators by linalg -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Conversion/Passes.h"
#include "tapml/Dialect/TapML/IR/ComputeType.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

namespace tapml {
#define GEN_PASS_DEF_LOWERTOLINALGPASS
#include "tapml/Conversion/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

namespace {

/// Gives every operation that computes or views a tensor the name and the
/// identity of the operator it comes from, where that has one.
struct OriginListener : public OpBuilder::Listener {
  OriginListener(TapMLOperator op)
      : name(StringAttr::get(op->getContext(),
                             toIdentifier(op.getOperatorName()))),
        instances(op.getInstances()) {}

  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    if (isa<linalg::FillOp>(op) ||
        !isa<linalg::LinalgOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp>(op))
      return;
    op->setDiscardableAttr("tapml.operator", name);
    op->setDiscardableAttr("tapml.instances", instances);
  }

  StringAttr name;
  ArrayAttr instances;
};

struct LowerToLinalgPass
    : public tapml::impl::LowerToLinalgPassBase<LowerToLinalgPass> {
  void runOnOperation() override {
    SmallVector<TapMLOperator> operators;
    getOperation()->walk([&](TapMLOperator op) { operators.push_back(op); });
    for (TapMLOperator op : operators)
      if (failed(replaceOperator(op)))
        return signalPassFailure();
    numOperators += operators.size();
    resolveSizes();
  }

private:
  LogicalResult replaceOperator(TapMLOperator op);
  void resolveSizes();
};

} // namespace

LogicalResult LowerToLinalgPass::replaceOperator(TapMLOperator op) {
  OriginListener listener(op);
  OpBuilder builder(op->getContext(), listener.instances ? &listener : nullptr);
  builder.setInsertionPoint(op);
  FailureOr<SmallVector<Value>> results = decomposeOperator(op, builder);
  if (failed(results))
    return failure();
  if (TypeRange(ValueRange(*results)) != op->getResultTypes())
    return op->emitOpError("decomposes to values of types ")
           << TypeRange(ValueRange(*results)) << " instead of "
           << op->getResultTypes();
  op->replaceAllUsesWith(*results);
  op->erase();
  return success();
}

/// Replaces the sizes of tensors that are computed by what they are computed
/// from.
void LowerToLinalgPass::resolveSizes() {
  SmallVector<tensor::DimOp> dims;
  getOperation()->walk([&](tensor::DimOp op) { dims.push_back(op); });
  for (tensor::DimOp op : dims) {
    std::optional<int64_t> dim = op.getConstantIndex();
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!dim || !type || *dim < 0 || *dim >= type.getRank() ||
        !op.getSource().getDefiningOp())
      continue;
    OpBuilder builder(op);
    OpFoldResult size = getSize(builder, op.getLoc(), op.getSource(), *dim);
    op.replaceAllUsesWith(toIndexValue(builder, op.getLoc(), size));
    op.erase();
  }
}
