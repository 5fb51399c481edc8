//===- Matmul.cpp - Kernels around a contraction --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "Strategies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

namespace {
/// Emits tiles of `rows x columns` results whose accumulators stay in
/// registers: one vector of the right-hand side is used for every row, one
/// element of the left-hand side for every column.
class MatmulEmitter {
public:
  MatmulEmitter(KernelEmitter &e, Contraction contraction)
      : e(e), ix(*e.ix), evaluator(*e.evaluator), c(std::move(contraction)),
        tileRows(e.config.getTile()[0]), tileColumns(e.config.getTile()[1]),
        width(e.config.getVector()) {}

  LogicalResult emit();

private:
  using Loops = SmallVector<Index>;

  FailureOr<SizeFormula> getSize(ArrayRef<unsigned> loops);
  LogicalResult emitTile(Value batch, Value firstRow, Value firstColumn);
  LogicalResult emitColumns(Value firstColumn, bool whole);
  FailureOr<SmallVector<Value>> accumulate(ArrayRef<Index> columns);
  LogicalResult emitStep(Index depth, Value firstDepth, int64_t steps,
                         ArrayRef<Index> columns,
                         MutableArrayRef<Value> accumulators);
  LogicalResult storeTile(ArrayRef<Value> accumulators, ArrayRef<Index> columns,
                          Value firstColumn, bool whole);
  /// Sets the loops that `dims` lists from their common linear index.
  void setLoops(Loops &loops, ArrayRef<unsigned> dims, Index linear);
  Loops getLoops(unsigned row, Index column, Index depth);
  Value multiplyAdd(Value lhs, Value rhs, Value accumulator);
  /// Decides how the inputs are read: fills `depthSteps` and `rhsAlongDepth`.
  LogicalResult planAccesses(ArrayRef<Index> columns);
  /// Returns how many accesses to `operand` are one by one at `loops`.
  std::optional<unsigned> countScalarized(OpOperand *operand,
                                          const Loops &loops, int64_t lanes);
  /// Returns vectors of the right-hand side along the columns, one for each of
  /// `steps` depths from `firstDepth`.
  SmallVector<Value> evaluateRhs(Index column, Index depth, Value firstDepth,
                                 int64_t steps);
  SmallVector<Index> getResultIndices(const Loops &loops);

  KernelEmitter &e;
  IndexBuilder &ix;
  ElementEvaluator &evaluator;
  Contraction c;
  int64_t tileRows, tileColumns, width;
  /// Sizes of the four groups of loops, in the kernel.
  Value rowCount, columnCount, batchCount, depthCount;
  /// The tile's position; rows behind the last one are the last one again.
  Index batch = nullptr;
  SmallVector<Value> rows;
  Value firstRow;
  /// Number of depths that one iteration of the loop adds.
  int64_t depthSteps = 1;
  /// The right-hand side is read along the depth and then transposed, because
  /// its columns are not adjacent in memory.
  bool rhsAlongDepth = false;
};
} // namespace

FailureOr<SizeFormula> MatmulEmitter::getSize(ArrayRef<unsigned> loops) {
  SmallVector<SizeId> ids;
  for (unsigned loop : loops) {
    auto id = e.sizes.getLoopSize(c.op, loop);
    if (!id)
      return c.op->emitOpError("has a loop that no operand gives the size of");
    ids.push_back(*id);
  }
  return getProduct(ids);
}

void MatmulEmitter::setLoops(Loops &loops, ArrayRef<unsigned> dims,
                             Index linear) {
  SmallVector<Value> sizes;
  for (unsigned dim : dims)
    sizes.push_back(evaluator.getLoopSize(c.op, dim));
  for (auto [dim, index] :
       llvm::zip_equal(dims, e.indices->delinearize(linear, sizes)))
    loops[dim] = index;
}

MatmulEmitter::Loops MatmulEmitter::getLoops(unsigned row, Index column,
                                             Index depth) {
  Loops loops(c.op.getNumLoops());
  setLoops(loops, c.batch, batch);
  setLoops(loops, c.rows, e.indices->get(rows[row]));
  setLoops(loops, c.columns, column);
  setLoops(loops, c.depth, depth);
  return loops;
}

//===----------------------------------------------------------------------===//
// The sum of products
//===----------------------------------------------------------------------===//

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
/// and everywhere it replaces four gathers of the right-hand side.
LogicalResult MatmulEmitter::planAccesses(ArrayRef<Index> columns) {
  constexpr int64_t lanes = 4;
  depthSteps = 1;
  rhsAlongDepth = false;
  if (width == 1 || ix.getDivisor(depthCount) % lanes != 0)
    return success();
  Block block;
  Value position = block.addArgument(ix.builder.getIndexType(), e.loc);
  ix.setDivisor(position, lanes);
  Index one = e.indices->get(position), several = e.indices->get(position, 1);
  OpOperand *lhs = c.op.getDpsInputOperand(c.lhs);
  OpOperand *rhs = c.op.getDpsInputOperand(c.rhs);
  Index column = e.indices->getConstant(0);
  auto lhsCount = countScalarized(lhs, getLoops(0, column, several), lanes);
  auto rhsColumns = countScalarized(rhs, getLoops(0, columns[0], one), width);
  auto rhsDepth = countScalarized(rhs, getLoops(0, column, several), lanes);
  ix.forget(block);
  if (!lhsCount || !rhsColumns || !rhsDepth)
    return failure();
  rhsAlongDepth = *rhsColumns > 0 && *rhsDepth == 0;
  if (rhsAlongDepth || (!e.isHost() && *lhsCount == 0))
    depthSteps = lanes;
  return success();
}

SmallVector<Value> MatmulEmitter::evaluateRhs(Index column, Index depth,
                                              Value firstDepth, int64_t steps) {
  SmallVector<Value> result;
  if (!rhsAlongDepth) {
    for (int64_t step = 0; step < steps; ++step) {
      Index at = e.indices->get(ix.add(firstDepth, ix.constant(step)));
      result.push_back(evaluator.evaluateBody(c.op, getLoops(0, column, at),
                                              c.rhsFactor, width, {}));
    }
    return result;
  }
  SmallVector<Value> lanes;
  LaneIndices where = e.indices->materialize(column, width);
  for (int64_t lane = 0; lane < width; ++lane) {
    Value index = where.lanes.empty()
                      ? ix.add(where.base, ix.constant(where.stride * lane))
                      : where.lanes[lane];
    Value value =
        evaluator.evaluateBody(c.op, getLoops(0, e.indices->get(index), depth),
                               c.rhsFactor, steps, {});
    if (!value)
      return {Value()};
    lanes.push_back(evaluator.broadcast(value, steps));
  }
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Value> elements = llvm::map_to_vector(lanes, [&](Value lane) {
      return vector::ExtractOp::create(e.builder, e.loc, lane, step)
          .getResult();
    });
    result.push_back(vector::FromElementsOp::create(
        e.builder, e.loc, VectorType::get({width}, elements[0].getType()),
        elements));
  }
  return result;
}

/// Adds the products of `steps` adjacent depths, the lanes of `depth`.
LogicalResult MatmulEmitter::emitStep(Index depth, Value firstDepth,
                                      int64_t steps, ArrayRef<Index> columns,
                                      MutableArrayRef<Value> accumulators) {
  SmallVector<Value> lhs;
  for (int64_t row = 0; row < tileRows; ++row) {
    Loops loops = getLoops(row, columns.front(), depth);
    lhs.push_back(evaluator.evaluateBody(c.op, loops, c.lhsFactor, steps, {}));
    if (!lhs.back())
      return failure();
  }
  SmallVector<SmallVector<Value>> rhs;
  for (Index column : columns) {
    rhs.push_back(evaluateRhs(column, depth, firstDepth, steps));
    if (llvm::is_contained(rhs.back(), Value()))
      return failure();
  }
  for (int64_t step = 0; step < steps; ++step)
    for (int64_t row = 0; row < tileRows; ++row) {
      Value factor = lhs[row];
      if (isa<VectorType>(factor.getType()))
        factor = vector::ExtractOp::create(e.builder, e.loc, factor, step);
      for (size_t column = 0; column < columns.size(); ++column) {
        Value &accumulator = accumulators[row * columns.size() + column];
        accumulator = multiplyAdd(factor, rhs[column][step], accumulator);
      }
    }
  return success();
}

FailureOr<SmallVector<Value>>
MatmulEmitter::accumulate(ArrayRef<Index> columns) {
  SmallVector<Value> inits;
  for (int64_t row = 0; row < tileRows; ++row)
    for (Index column : columns) {
      Loops loops = getLoops(row, column, e.indices->getConstant(0));
      Value init = evaluator.evaluateInit(c.op, 0, loops, width);
      if (!init)
        return failure();
      inits.push_back(evaluator.broadcast(init, width));
    }
  if (failed(planAccesses(columns)))
    return failure();
  auto results =
      emitLoop(evaluator, ix.constant(0), depthCount, depthSteps, inits,
               [&](Value iv, ValueRange args) -> SmallVector<Value> {
                 setName(iv, "k");
                 for (Value arg : args)
                   setName(arg, "sum");
                 SmallVector<Value> next(args);
                 Index depth = e.indices->get(iv, depthSteps > 1);
                 if (failed(emitStep(depth, iv, depthSteps, columns, next)))
                   return {};
                 return next;
               });
  if (!results)
    return failure();
  return *results;
}

//===----------------------------------------------------------------------===//
// The results
//===----------------------------------------------------------------------===//

SmallVector<Index> MatmulEmitter::getResultIndices(const Loops &loops) {
  AffineMap map = c.op.getMatchingIndexingMap(c.op.getDpsInitOperand(0));
  SmallVector<Index> at =
      llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
        return e.indices->apply(expr, loops);
      });
  return at;
}

LogicalResult MatmulEmitter::storeTile(ArrayRef<Value> accumulators,
                                       ArrayRef<Index> columns,
                                       Value firstColumn, bool whole) {
  Value contraction = c.op->getResult(0);
  SmallVector<Value> sizes = evaluator.getSizeValues(contraction);
  SmallVector<Value> resultSizes = e.getResultSizes();
  bool sameShape =
      e.sizes.getSizes(contraction) == e.sizes.getSizes(e.getResult());
  auto toResult = [&](ArrayRef<Index> at) {
    return sameShape ? SmallVector<Index>(at)
                     : e.indices->delinearize(e.indices->linearize(at, sizes),
                                              resultSizes);
  };
  bool allRows = ix.getDivisor(rowCount) % tileRows == 0;
  for (int64_t row = 0; row < tileRows; ++row) {
    for (auto [number, column] : llvm::enumerate(columns)) {
      Loops loops = getLoops(row, column, e.indices->getConstant(0));
      SmallVector<Index> at = getResultIndices(loops);
      Value sum = accumulators[row * columns.size() + number];
      evaluator.bind(contraction, at, width, sum);
      // Behind the last column all lanes may have the same one.
      if (width > 1 && llvm::all_of(at, [&](Index index) {
            return e.indices->getStride(index, width) == 0;
          }))
        evaluator.bind(contraction, at, 1,
                       vector::ExtractOp::create(e.builder, e.loc, sum, 0));
      SmallVector<Index> resultAt = toResult(at);
      Value value = evaluator.evaluate(e.getResult(), resultAt, width);
      if (!value)
        return failure();
      Value guard;
      if (row != 0 && !allRows)
        guard = ix.lessThan(ix.add(firstRow, ix.constant(row)), rowCount);
      auto store = [&, number = number] {
        if (whole) {
          e.storeResult(value, resultAt, width);
          return success();
        }
        // One by one, as far as there are columns.
        Value first = ix.add(firstColumn, ix.constant(number * width));
        Value end = ix.min(ix.add(first, ix.constant(width)), columnCount);
        auto loop = emitLoop(
            evaluator, first, end, 1, {},
            [&](Value iv, ValueRange) -> SmallVector<Value> {
              Loops scalar =
                  getLoops(row, e.indices->get(iv), e.indices->getConstant(0));
              Value element = value;
              if (isa<VectorType>(value.getType()))
                element = vector::ExtractOp::create(
                    e.builder, e.loc, value, OpFoldResult(ix.sub(iv, first)));
              e.storeResult(element, toResult(getResultIndices(scalar)), 1);
              return {};
            });
        return success(loop.has_value());
      };
      if (failed(emitIf(evaluator, guard, store)))
        return failure();
    }
  }
  return success();
}

LogicalResult MatmulEmitter::emitColumns(Value firstColumn, bool whole) {
  setName(firstColumn, "column");
  SmallVector<Index> columns;
  for (int64_t offset = 0; offset < tileColumns; offset += width) {
    Value first = ix.add(firstColumn, ix.constant(offset));
    if (whole) {
      columns.push_back(e.indices->get(first, width > 1));
      continue;
    }
    // Columns behind the last one are the last one again.
    Value last = ix.sub(columnCount, ix.constant(1));
    SmallVector<Value> lanes;
    for (int64_t lane = 0; lane < width; ++lane)
      lanes.push_back(ix.min(ix.add(first, ix.constant(lane)), last));
    columns.push_back(e.indices->getDivergent(lanes));
  }
  FailureOr<SmallVector<Value>> accumulators = accumulate(columns);
  if (failed(accumulators))
    return failure();
  return storeTile(*accumulators, columns, firstColumn, whole);
}

LogicalResult MatmulEmitter::emitTile(Value batchNumber, Value row,
                                      Value firstColumn) {
  batch = e.indices->get(batchNumber);
  firstRow = row;
  rows.clear();
  bool allRows = ix.getDivisor(rowCount) % tileRows == 0;
  Value last = ix.sub(rowCount, ix.constant(1));
  for (int64_t i = 0; i < tileRows; ++i) {
    Value number = ix.add(firstRow, ix.constant(i));
    rows.push_back(i == 0 || allRows ? number : ix.min(number, last));
    setName(rows.back(), "row");
  }
  if (ix.getDivisor(columnCount) % tileColumns == 0)
    return emitColumns(firstColumn, /*whole=*/true);
  Value lastColumn = ix.add(firstColumn, ix.constant(tileColumns - 1));
  return emitIf(
      evaluator, ix.lessThan(lastColumn, columnCount),
      [&] { return emitColumns(firstColumn, /*whole=*/true); },
      [&] { return emitColumns(firstColumn, /*whole=*/false); });
}

LogicalResult MatmulEmitter::emit() {
  FailureOr<SizeFormula> rowsOf = getSize(c.rows),
                         columnsOf = getSize(c.columns),
                         batchOf = getSize(c.batch), depthOf = getSize(c.depth);
  if (failed(rowsOf) || failed(columnsOf) || failed(batchOf) || failed(depthOf))
    return failure();
  if (e.config.getSubgroup() != 1)
    return e.kernel.emitOpError(
        "has a matmul lowering with subgroups, which is not supported");
  evaluator.requireBound(c.op);
  int64_t perGroup = e.getInvocationsPerGroup();
  int64_t rowStep = tileRows, columnStep = tileColumns;
  auto groups = [=](IndexBuilder &ix, const SizeMap &sizeOf) -> Value {
    Value rows = (*rowsOf)(ix, sizeOf), columns = (*columnsOf)(ix, sizeOf);
    Value batches = (*batchOf)(ix, sizeOf);
    if (!rows || !columns || !batches)
      return nullptr;
    Value tiles =
        ix.mul(ix.mul(batches, ix.ceilDiv(rows, ix.constant(rowStep))),
               ix.ceilDiv(columns, ix.constant(columnStep)));
    return ix.ceilDiv(tiles, ix.constant(perGroup));
  };
  SizeMap sizeOf = [&](SizeId size) { return e.getSize(size); };
  return e.emitGroups(groups, [&](Value group) {
    rowCount = (*rowsOf)(ix, sizeOf);
    columnCount = (*columnsOf)(ix, sizeOf);
    batchCount = (*batchOf)(ix, sizeOf);
    depthCount = (*depthOf)(ix, sizeOf);
    Value rowTiles = ix.ceilDiv(rowCount, ix.constant(tileRows));
    Value columnTiles = ix.ceilDiv(columnCount, ix.constant(tileColumns));
    // Neighbours on a device read adjacent columns; on the host the next tile
    // reads the columns that are in the cache.
    Value tile = e.getInvocation(group);
    Value inner = e.isHost() ? rowTiles : columnTiles;
    Value outer = e.isHost() ? columnTiles : rowTiles;
    Value innerTile = ix.rem(tile, inner), outerTile = ix.div(tile, inner);
    Value batchNumber = ix.constant(0);
    // Behind the last tile the outermost number is too large.
    Value inside;
    if (getConstantIndex(batchCount) == 1) {
      inside = ix.lessThan(outerTile, outer);
    } else {
      batchNumber = ix.div(outerTile, outer);
      outerTile = ix.rem(outerTile, outer);
      inside = ix.lessThan(batchNumber, batchCount);
    }
    Value rowTile = e.isHost() ? innerTile : outerTile;
    Value columnTile = e.isHost() ? outerTile : innerTile;
    auto emit = [&] {
      return emitTile(batchNumber, ix.mul(rowTile, ix.constant(tileRows)),
                      ix.mul(columnTile, ix.constant(tileColumns)));
    };
    return e.isHost() ? emit() : emitIf(evaluator, inside, emit);
  });
}

LogicalResult tapml::emission::emitMatmul(KernelEmitter &e) {
  FailureOr<Contraction> contraction = findContraction(e.kernel);
  if (failed(contraction))
    return failure();
  return MatmulEmitter(e, std::move(*contraction)).emit();
}
