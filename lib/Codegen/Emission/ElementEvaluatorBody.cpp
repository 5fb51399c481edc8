//===- ElementEvaluatorBody.cpp - Bodies of structured operations ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementEvaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

/// One iteration of a structured operation, for several lanes.
struct ElementEvaluator::Body {
  linalg::LinalgOp op;
  ArrayRef<Index> loops;
  int64_t lanes;
  llvm::DenseMap<Value, Element> values = llvm::DenseMap<Value, Element>();
};

Value ElementEvaluator::evaluateBody(
    linalg::LinalgOp op, ArrayRef<Index> loops, Value value, int64_t lanes,
    ArrayRef<std::pair<Value, Value>> arguments) {
  Body body{op, loops, lanes};
  for (auto [argument, known] : arguments)
    body.values[argument] = Element{known};
  Element element = evaluateInBody(body, value);
  return element ? toValue(element, lanes) : nullptr;
}

/// Converts lanes' indices to a value: a scalar, or a vector of indices.
Value ElementEvaluator::toValue(Element element, int64_t lanes) {
  if (element.value)
    return element.value;
  LaneIndices where = indices.materialize(element.index, lanes);
  if (where.isUniform())
    return where.base;
  auto type = VectorType::get({lanes}, builder.getIndexType());
  if (!where.lanes.empty()) {
    ++scalarizedAccesses;
    return vector::FromElementsOp::create(builder, loc, type, where.lanes);
  }
  SmallVector<Attribute> steps;
  for (int64_t lane = 0; lane < lanes; ++lane)
    steps.push_back(builder.getIndexAttr(where.stride * lane));
  Value offsets = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, steps));
  return arith::AddIOp::create(builder, loc, broadcast(where.base, lanes),
                               offsets);
}

Index ElementEvaluator::toIndex(Element element, int64_t lanes) {
  if (element.index)
    return element.index;
  if (!isa<VectorType>(element.value.getType()))
    return indices.get(element.value);
  SmallVector<Value> each;
  for (int64_t lane = 0; lane < lanes; ++lane)
    each.push_back(
        vector::ExtractOp::create(builder, loc, element.value, lane));
  return indices.getDivergent(each);
}

Operation *ElementEvaluator::cloneWithOperands(Operation *op,
                                               ArrayRef<Value> operands,
                                               int64_t lanes) {
  bool isVector = llvm::any_of(
      operands, [](Value v) { return isa<VectorType>(v.getType()); });
  SmallVector<Value> values = llvm::map_to_vector(operands, [&](Value value) {
    return isVector ? broadcast(value, lanes) : value;
  });
  Operation *clone = op->cloneWithoutRegions();
  clone->setOperands(values);
  if (isVector)
    for (OpResult result : clone->getResults())
      result.setType(VectorType::get({lanes}, result.getType()));
  return builder.insert(clone);
}

/// Returns a scalar of the kernel's region, outside of any body.
ElementEvaluator::Element ElementEvaluator::evaluateRegionScalar(Value value) {
  Operation *op = value.getDefiningOp();
  if (op && op->hasTrait<OpTrait::ConstantLike>()) {
    if (auto constant = getConstantIndex(value);
        constant && value.getType().isIndex())
      return {ix.constant(*constant)};
    return {builder.clone(*op)->getResult(0)};
  }
  if (value.getType().isIndex()) {
    Value size = sizeOf(sizes.getSize(value));
    return {size};
  }
  if (op && kernel.getBody().isAncestor(op->getParentRegion())) {
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      SmallVector<Index> at;
      for (Value index : extract.getIndices()) {
        Element element = evaluateRegionScalar(index);
        if (!element)
          return {};
        at.push_back(toIndex(element, 1));
      }
      return {evaluate(extract.getTensor(), at, 1)};
    }
    if (isa<arith::ArithDialect, math::MathDialect>(op->getDialect())) {
      Operation *clone = op->cloneWithoutRegions();
      for (OpOperand &operand : clone->getOpOperands()) {
        Element element = evaluateRegionScalar(operand.get());
        if (!element) {
          clone->destroy();
          return {};
        }
        operand.set(toValue(element, 1));
      }
      builder.insert(clone);
      return {clone->getResult(cast<OpResult>(value).getResultNumber())};
    }
    op->emitOpError("cannot be part of a kernel");
    return {};
  }
  kernel.emitOpError("captures a scalar of type ")
      << value.getType()
      << "; a kernel takes tensors and sizes (index) from outside";
  return {};
}

ElementEvaluator::Element ElementEvaluator::evaluateInBody(Body &body,
                                                           Value value) {
  if (auto known = body.values.find(value); known != body.values.end())
    return known->second;
  Element result;
  Block *block = body.op.getBlock();
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && argument.getOwner() == block) {
    OpOperand &operand = body.op->getOpOperand(argument.getArgNumber());
    if (!isa<RankedTensorType>(operand.get().getType())) {
      result = evaluateRegionScalar(operand.get());
    } else {
      SmallVector<Index> at;
      for (AffineExpr expr :
           body.op.getMatchingIndexingMap(&operand).getResults()) {
        at.push_back(indices.apply(expr, body.loops));
        if (!at.back()) {
          body.op->emitOpError("has an indexing map that cannot be part of a "
                               "kernel");
          return {};
        }
      }
      result.value = evaluate(operand.get(), at, body.lanes);
    }
  } else if (Operation *op = value.getDefiningOp();
             op && op->getBlock() == block) {
    result = evaluateOpInBody(body, op, value);
  } else {
    result = evaluateRegionScalar(value);
  }
  if (result)
    body.values[value] = result;
  return result;
}

ElementEvaluator::Element
ElementEvaluator::evaluateOpInBody(Body &body, Operation *op, Value result) {
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return {nullptr, body.loops[index.getDim()]};
  if (op->hasTrait<OpTrait::ConstantLike>())
    return evaluateRegionScalar(result);
  if (auto dim = dyn_cast<tensor::DimOp>(op))
    return {sizeOf(sizes.getSize(dim.getResult()))};

  SmallVector<Element> operands;
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<Index> at;
    for (Value index : extract.getIndices()) {
      Element element = evaluateInBody(body, index);
      if (!element)
        return {};
      at.push_back(toIndex(element, body.lanes));
    }
    return {evaluate(extract.getTensor(), at, body.lanes)};
  }

  bool supported =
      isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) &&
      op->getNumRegions() == 0;
  if (!supported) {
    op->emitOpError("cannot be part of a kernel's body");
    return {};
  }
  for (Value operand : op->getOperands()) {
    operands.push_back(evaluateInBody(body, operand));
    if (!operands.back())
      return {};
  }
  // Indices stay symbolic as far as they can.
  bool onIndices = result.getType().isIndex() &&
                   llvm::any_of(operands, [](Element e) { return e.index; });
  if (onIndices && isa<arith::AddIOp>(op))
    return {nullptr, indices.add(toIndex(operands[0], body.lanes),
                                 toIndex(operands[1], body.lanes))};
  if (onIndices && isa<arith::MulIOp>(op)) {
    for (unsigned factor : {0u, 1u})
      if (operands[factor].value &&
          !isa<VectorType>(operands[factor].value.getType()))
        return {nullptr, indices.mul(operands[1 - factor].index,
                                     operands[factor].value)};
  }

  SmallVector<Value> values = llvm::map_to_vector(
      operands, [&](Element e) { return toValue(e, body.lanes); });
  Operation *clone = cloneWithOperands(op, values, body.lanes);
  unsigned number = cast<OpResult>(result).getResultNumber();
  for (OpResult other : op->getResults())
    body.values[other] = Element{clone->getResult(other.getResultNumber())};
  return Element{clone->getResult(number)};
}
