//===- OperatorFaults.cpp - Operators that compute something else ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

/// gelu-form: the tanh form for the erf form.
static bool plantGeluForm(Operation *op, OpBuilder &builder) {
  auto gelu = dyn_cast<GeluOp>(op);
  if (!gelu || gelu.getApproximate() == "tanh")
    return false;
  gelu.setApproximate("tanh");
  return true;
}

/// no-scale: attention without 1 / sqrt(d).
static bool plantNoScale(Operation *op, OpBuilder &builder) {
  auto attention = dyn_cast<ScaledDotProductAttentionOp>(op);
  if (!attention)
    return false;
  attention.setScaleAttr(builder.getF64FloatAttr(1.0));
  return true;
}

/// Padding mask ignored.
static bool plantMaskIgnored(Operation *op, OpBuilder &builder) {
  auto attention = dyn_cast<ScaledDotProductAttentionOp>(op);
  if (!attention || !attention.getMask())
    return false;
  attention.getMaskMutable().clear();
  return true;
}

/// Wrong epsilon.
static bool plantWrongEpsilon(Operation *op, OpBuilder &builder) {
  auto norm = dyn_cast<LayerNormOp>(op);
  if (!norm)
    return false;
  double epsilon = norm.getEpsilon().convertToDouble();
  norm.setEpsilonAttr(builder.getF64FloatAttr(epsilon < 1e-8 ? 1e-5 : 1e-12));
  return true;
}

/// Bias missing.
static bool plantBiasMissing(Operation *op, OpBuilder &builder) {
  auto linear = dyn_cast<LinearOp>(op);
  if (!linear || !linear.getBias())
    return false;
  linear.getBiasMutable().clear();
  return true;
}

/// Transposed square weight.
static bool plantTransposedWeight(Operation *op, OpBuilder &builder) {
  auto linear = dyn_cast<LinearOp>(op);
  if (!linear)
    return false;
  auto type = cast<RankedTensorType>(linear.getWeight().getType());
  if (type.isDynamicDim(0) || type.getDimSize(0) != type.getDimSize(1))
    return false;
  Value transposed =
      PermuteOp::create(builder, op->getLoc(), type, linear.getWeight(),
                        builder.getDenseI64ArrayAttr({1, 0}),
                        /*instance=*/nullptr);
  linear.getWeightMutable().assign(transposed);
  return true;
}

/// Wrong axis.
static bool plantWrongAxis(Operation *op, OpBuilder &builder) {
  auto softmax = dyn_cast<SoftmaxOp>(op);
  if (!softmax)
    return false;
  int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  softmax.setDim((softmax.getDim() + rank - 1) % rank);
  return true;
}

/// The residual of a layer is dropped.
static bool plantResidualDropped(Operation *op, OpBuilder &builder) {
  auto add = dyn_cast<AddOp>(op);
  if (!add || add->getOperand(0).getType() != add.getType())
    return false;
  Value zero = SubOp::create(builder, op->getLoc(), add.getType(),
                             add->getOperand(0), add->getOperand(0),
                             /*instance=*/nullptr);
  add->setOperand(1, zero);
  return true;
}

/// Wrong broadcast: a row is added as if it were a column.
static bool plantWrongBroadcast(Operation *op, OpBuilder &builder) {
  auto add = dyn_cast<AddOp>(op);
  if (!add)
    return false;
  auto row = cast<RankedTensorType>(add->getOperand(1).getType());
  if (row.getRank() != 1 || row.isDynamicDim(0))
    return false;
  int64_t size = row.getDimSize(0);
  auto type = cast<RankedTensorType>(add.getType());
  if (type.getRank() < 2 ||
      type.getShape().take_back(2) != ArrayRef({size, size}))
    return false;
  auto column = RankedTensorType::get({size, 1}, row.getElementType());
  add->setOperand(1, UnsqueezeOp::create(builder, op->getLoc(), column,
                                         add->getOperand(1),
                                         builder.getI64IntegerAttr(1),
                                         /*instance=*/nullptr));
  return true;
}

/// Indices ignored: the first row of the table for all.
static bool plantFirstRow(Operation *op, OpBuilder &builder) {
  auto embedding = dyn_cast<EmbeddingOp>(op);
  if (!embedding)
    return false;
  Value ids = embedding.getIds();
  Value same = SubOp::create(builder, op->getLoc(), ids.getType(), ids, ids,
                             /*instance=*/nullptr);
  embedding.getIdsMutable().assign(same);
  return true;
}

/// The first row of a tile is not reached: row 32 of the table is row 31.
static bool plantTileRow(Operation *op, OpBuilder &builder) {
  auto embedding = dyn_cast<EmbeddingOp>(op);
  if (!embedding)
    return false;
  Location loc = op->getLoc();
  Value ids = embedding.getIds();
  auto type = cast<RankedTensorType>(ids.getType());
  auto scalar = RankedTensorType::get({}, type.getElementType());
  auto number = DenseElementsAttr::get(
      scalar, builder.getIntegerAttr(type.getElementType(), 32));
  Value row = ConstantOp::create(builder, loc, scalar, number,
                                 /*instance=*/nullptr);
  Value isRow = EqOp::create(builder, loc, type.clone(builder.getI1Type()), ids,
                             row, /*instance=*/nullptr);
  Value step = CastOp::create(builder, loc, type, isRow, /*instance=*/nullptr);
  embedding.getIdsMutable().assign(SubOp::create(builder, loc, type, ids, step,
                                                 /*instance=*/nullptr));
  return true;
}

/// The operands of a difference, a quotient or a product in the wrong order.
static bool plantOperandsSwapped(Operation *op, OpBuilder &builder) {
  if (!isa<SubOp, DivOp, MatmulOp>(op))
    return false;
  Value first = op->getOperand(0), second = op->getOperand(1);
  if (isa<MatmulOp>(op) && first.getType() != second.getType())
    return false;
  op->setOperands({second, first});
  return true;
}

/// The branches of a choice swapped.
static bool plantBranchesSwapped(Operation *op, OpBuilder &builder) {
  auto choice = dyn_cast<WhereOp>(op);
  if (!choice)
    return false;
  Value taken = choice.getA();
  choice.getAMutable().assign(choice.getB());
  choice.getBMutable().assign(taken);
  return true;
}

/// A limit that is not kept.
static bool plantLimitMissing(Operation *op, OpBuilder &builder) {
  if (!isa<MaximumOp, MinimumOp>(op) ||
      op->getOperand(0).getType() != op->getResult(0).getType())
    return false;
  op->setOperand(1, op->getOperand(0));
  return true;
}

/// A range that begins and ends one too early.
static bool plantSliceOffByOne(Operation *op, OpBuilder &builder) {
  auto slice = dyn_cast<SliceOp>(op);
  if (!slice)
    return false;
  Value one = arith::ConstantIndexOp::create(builder, op->getLoc(), 1);
  for (OpOperand *bound : {&slice.getStartMutable(), &slice.getEndMutable()})
    bound->set(arith::SubIOp::create(builder, op->getLoc(), bound->get(), one));
  return true;
}

/// Tensors joined in the wrong order.
static bool plantConcatOrder(Operation *op, OpBuilder &builder) {
  auto concat = dyn_cast<ConcatOp>(op);
  if (!concat || concat.getInputs().size() < 2)
    return false;
  op->setOperands(llvm::to_vector(llvm::reverse(op->getOperands())));
  return true;
}

/// The row before the one that an index names.
static bool plantRowBefore(Operation *op, OpBuilder &builder) {
  auto embedding = dyn_cast<EmbeddingOp>(op);
  if (!embedding)
    return false;
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(embedding.getIds().getType());
  auto scalar = RankedTensorType::get({}, type.getElementType());
  auto number = DenseElementsAttr::get(
      scalar, builder.getIntegerAttr(type.getElementType(), 1));
  Value one = ConstantOp::create(builder, loc, scalar, number,
                                 /*instance=*/nullptr);
  embedding.getIdsMutable().assign(SubOp::create(builder, loc, type,
                                                 embedding.getIds(), one,
                                                 /*instance=*/nullptr));
  return true;
}

ArrayRef<FaultKind> tapml::getOperatorFaults() {
  static constexpr FaultKind kinds[] = {
      {"gelu-form", plantGeluForm},
      {"no-scale", plantNoScale},
      {"mask-ignored", plantMaskIgnored},
      {"wrong-epsilon", plantWrongEpsilon},
      {"bias-missing", plantBiasMissing},
      {"transposed-weight", plantTransposedWeight},
      {"wrong-axis", plantWrongAxis},
      {"residual-dropped", plantResidualDropped},
      {"wrong-broadcast", plantWrongBroadcast},
      {"first-row", plantFirstRow},
      {"tile-row", plantTileRow},
      {"operands-swapped", plantOperandsSwapped},
      {"branches-swapped", plantBranchesSwapped},
      {"limit-missing", plantLimitMissing},
      {"slice-off-by-one", plantSliceOffByOne},
      {"concat-order", plantConcatOrder},
      {"row-before", plantRowBefore}};
  return kinds;
}
