//===- MatmulSteps.cpp - The sum of products of a contraction -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

Value MatmulEmitter::multiplyAdd(Value lhs, Value rhs, Value accumulator) {
  OpBuilder &b = e.builder;
  lhs = evaluator.broadcast(lhs, width);
  rhs = evaluator.broadcast(rhs, width);
  if (isa<IntegerType>(getElementTypeOrSelf(accumulator))) {
    Value product = arith::MulIOp::create(b, e.loc, lhs, rhs);
    return arith::AddIOp::create(b, e.loc, accumulator, product);
  }
  // On devices fma may be emulated; multiply and add never is.
  if (e.isHost())
    return math::FmaOp::create(b, e.loc, lhs, rhs, accumulator);
  Value product = arith::MulFOp::create(b, e.loc, lhs, rhs);
  return arith::AddFOp::create(b, e.loc, accumulator, product);
}

//===----------------------------------------------------------------------===//
// How the inputs are read
//===----------------------------------------------------------------------===//

std::optional<unsigned> MatmulEmitter::countScalarized(OpOperand *operand,
                                                       const Loops &loops,
                                                       int64_t lanes) {
  SmallVector<Index> at;
  for (AffineExpr expr : c.op.getMatchingIndexingMap(operand).getResults()) {
    at.push_back(e.indices->apply(expr, loops));
    if (!at.back()) {
      c.op->emitOpError("has an indexing map that cannot be part of a kernel");
      return std::nullopt;
    }
  }
  return evaluator.countScalarizedAccesses(operand->get(), at, lanes);
}

/// Several depths at a time pay where an input is adjacent along the depth: on
/// a device one access then serves four multiplications by the left-hand side,
/// and everywhere it replaces four gathers of the right-hand side. On a device
/// they also pay because an iteration of the loop has its price.
LogicalResult MatmulEmitter::planAccesses() {
  constexpr int64_t lanes = 4;
  depthSteps = 1;
  rhsAlongDepth = false;
  if (ix.getDivisor(depthCount) % lanes != 0) {
    auto constant = getConstantIndex(depthCount);
    if (!e.isHost() && (!constant || *constant >= lanes))
      depthSteps = lanes;
    return success();
  }
  Block block;
  Value position = block.addArgument(ix.builder.getIndexType(), e.loc);
  ix.setDivisor(position, lanes);
  Index one = e.indices->get(position), several = e.indices->get(position, 1);
  OpOperand *rhs = c.op.getDpsInputOperand(c.rhs);
  Index column = e.indices->getConstant(0);
  auto columnWise =
      countScalarized(rhs, getLoops(rows[0], columns[0], one), width);
  auto depthWise =
      countScalarized(rhs, getLoops(rows[0], column, several), lanes);
  ix.forget(block);
  if (!columnWise || !depthWise)
    return failure();
  rhsAlongDepth = *depthWise == 0 && (width == 1 || *columnWise > 0);
  if (rhsAlongDepth || !e.isHost())
    depthSteps = lanes;
  return success();
}

Value MatmulEmitter::evaluateLhs(int64_t number, Index depth, int64_t steps) {
  Loops loops = getLoops(lhsRows[number], columns.front(), depth);
  return evaluator.evaluateBody(c.op, loops, c.lhsFactor, steps, {});
}

FailureOr<SmallVector<Value>> MatmulEmitter::evaluateRhs(Index column,
                                                         Index depth,
                                                         Value firstDepth,
                                                         int64_t steps) {
  SmallVector<Value> result;
  if (!rhsAlongDepth) {
    for (int64_t step = 0; step < steps; ++step) {
      Index at = e.indices->get(ix.add(firstDepth, ix.constant(step)));
      Loops loops = getLoops(rows[0], column, at);
      result.push_back(
          evaluator.evaluateBody(c.op, loops, c.rhsFactor, width, {}));
      if (!result.back())
        return failure();
    }
    return result;
  }
  SmallVector<Value> lanes;
  LaneIndices where = e.indices->materialize(column, width);
  for (int64_t lane = 0; lane < width; ++lane) {
    Value index = where.lanes.empty()
                      ? ix.add(where.base, ix.constant(where.stride * lane))
                      : where.lanes[lane];
    Value value = evaluator.evaluateBody(
        c.op, getLoops(rows[0], e.indices->get(index), depth), c.rhsFactor,
        steps, {});
    if (!value)
      return failure();
    lanes.push_back(evaluator.broadcast(value, steps));
  }
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Value> elements = llvm::map_to_vector(lanes, [&](Value lane) {
      return vector::ExtractOp::create(e.builder, e.loc, lane, step)
          .getResult();
    });
    if (width == 1) {
      result.push_back(elements.front());
      continue;
    }
    result.push_back(vector::FromElementsOp::create(
        e.builder, e.loc, VectorType::get({width}, elements[0].getType()),
        elements));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

/// Adds the products of `steps` adjacent depths, the lanes of `depth`. Row by
/// row, so that few elements of the left-hand side are alive at once.
LogicalResult MatmulEmitter::emitStep(Index depth, Value firstDepth,
                                      int64_t steps,
                                      MutableArrayRef<Value> accumulators) {
  OpBuilder &b = e.builder;
  SmallVector<SmallVector<Value>> rhs;
  for (Index column : columns) {
    FailureOr<SmallVector<Value>> vectors =
        evaluateRhs(column, depth, firstDepth, steps);
    if (failed(vectors))
      return failure();
    rhs.push_back(std::move(*vectors));
  }
  Value mine;
  for (int64_t row = 0; row < tileRows; ++row) {
    if (row % share == 0) {
      mine = evaluateLhs(row / share, depth, steps);
      if (!mine)
        return failure();
    }
    Value lhs = mine;
    if (share != 1) {
      Value source = arith::ConstantIntOp::create(b, e.loc, row % share,
                                                  /*width=*/32);
      lhs = gpu::SubgroupBroadcastOp::create(b, e.loc, mine.getType(), mine,
                                             source,
                                             gpu::BroadcastType::specific_lane);
    }
    for (int64_t step = 0; step < steps; ++step) {
      Value factor = lhs;
      if (isa<VectorType>(factor.getType()))
        factor = vector::ExtractOp::create(b, e.loc, factor, step);
      for (size_t column = 0; column < columns.size(); ++column) {
        Value &accumulator = accumulators[row * columns.size() + column];
        accumulator = multiplyAdd(factor, rhs[column][step], accumulator);
      }
    }
  }
  return success();
}

FailureOr<SmallVector<Value>> MatmulEmitter::accumulate() {
  SmallVector<Value> sums;
  for (Value row : rows)
    for (Index column : columns) {
      Loops loops = getLoops(row, column, e.indices->getConstant(0));
      Value init = evaluator.evaluateInit(c.op, 0, loops, width);
      if (!init)
        return failure();
      sums.push_back(evaluator.broadcast(init, width));
    }
  if (failed(planAccesses()))
    return failure();
  auto addRange = [&](Value begin, Value end, int64_t steps) {
    auto results =
        emitLoop(evaluator, begin, end, steps, sums,
                 [&](Value iv, ValueRange args) -> SmallVector<Value> {
                   setName(iv, "k");
                   for (Value arg : args)
                     setName(arg, "sum");
                   SmallVector<Value> next(args);
                   Index depth = e.indices->get(iv, steps > 1);
                   if (failed(emitStep(depth, iv, steps, next)))
                     return {};
                   return next;
                 });
    if (!results)
      return failure();
    sums = *results;
    return success();
  };
  Value zero = ix.constant(0), by = ix.constant(depthSteps);
  bool exact = ix.getDivisor(depthCount) % depthSteps == 0;
  Value whole = exact ? depthCount : ix.mul(ix.div(depthCount, by), by);
  if (failed(addRange(zero, whole, depthSteps)) ||
      (!exact && failed(addRange(whole, depthCount, 1))))
    return failure();
  return sums;
}
