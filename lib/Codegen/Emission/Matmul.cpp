//===- Matmul.cpp - Kernels around a contraction --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

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

MatmulEmitter::Loops MatmulEmitter::getLoops(Value row, Index column,
                                             Index depth) {
  Loops loops(c.op.getNumLoops());
  setLoops(loops, c.batch, batch);
  setLoops(loops, c.rows, e.indices->get(row));
  setLoops(loops, c.columns, column);
  setLoops(loops, c.depth, depth);
  return loops;
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
  Value contraction = c.op->getResult(0);
  if (e.sizes.getSizes(contraction) == e.sizes.getSizes(e.getResult()))
    return at;
  Index linear = e.indices->linearize(at, evaluator.getSizeValues(contraction));
  return e.indices->delinearize(linear, e.getResultSizes());
}

/// Applies what follows the contraction to sums at `loops`.
FailureOr<Value> MatmulEmitter::finishResult(Value sum, const Loops &loops) {
  AffineMap map = c.op.getMatchingIndexingMap(c.op.getDpsInitOperand(0));
  SmallVector<Index> at =
      llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
        return e.indices->apply(expr, loops);
      });
  Value contraction = c.op->getResult(0);
  evaluator.bind(contraction, at, width, sum);
  // Behind the last column all lanes may have the same one.
  if (width > 1 && llvm::all_of(at, [&](Index index) {
        return e.indices->getStride(index, width) == 0;
      }))
    evaluator.bind(contraction, at, 1,
                   vector::ExtractOp::create(e.builder, e.loc, sum, 0));
  Value value =
      evaluator.evaluate(e.getResult(), getResultIndices(loops), width);
  if (!value)
    return failure();
  return value;
}

LogicalResult MatmulEmitter::storeTile(ArrayRef<Value> accumulators,
                                       Edge edge) {
  SmallVector<Value> values;
  for (auto [number, row] : llvm::enumerate(rows))
    for (auto [position, column] : llvm::enumerate(columns)) {
      Loops loops = getLoops(row, column, e.indices->getConstant(0));
      FailureOr<Value> value =
          finishResult(accumulators[number * columns.size() + position], loops);
      if (failed(value))
        return failure();
      values.push_back(*value);
    }
  auto storeRow = [&](size_t number, size_t position, Index column, Value value,
                      int64_t lanes) {
    Loops loops = getLoops(rows[number], column, e.indices->getConstant(0));
    e.storeResult(value, getResultIndices(loops), lanes);
    return success();
  };
  bool allRows = ix.getDivisor(rowCount) % tileRows == 0;
  for (auto [position, start] : llvm::enumerate(columnStarts)) {
    auto valueOf = [&, position = position](size_t row) {
      return values[row * columns.size() + position];
    };
    if (edge != Edge::Elements) {
      Value inColumns;
      if (edge == Edge::Vectors)
        inColumns = ix.lessThan(start, columnCount);
      for (size_t row = 0; row < rows.size(); ++row) {
        Value guard = inColumns;
        if (row != 0 && !allRows) {
          Value inRows =
              ix.lessThan(ix.add(firstRow, ix.constant(row)), rowCount);
          guard = guard && inRows
                      ? arith::AndIOp::create(e.builder, e.loc, guard, inRows)
                  : guard ? guard
                          : inRows;
        }
        if (failed(emitIf(evaluator, guard, [&, position = position] {
              return storeRow(row, position, columns[position], valueOf(row),
                              width);
            })))
          return failure();
      }
      continue;
    }
    // Column by column, as far as there are any. A row behind the last one is
    // the last one again, and is stored where that is.
    for (int64_t offset = 0; offset < width; ++offset) {
      Value column = ix.add(start, ix.constant(offset));
      auto storeColumn = [&, position = position] {
        for (size_t row = 0; row < rows.size(); ++row) {
          Value element = valueOf(row);
          if (isa<VectorType>(element.getType()))
            element =
                vector::ExtractOp::create(e.builder, e.loc, element, offset);
          (void)storeRow(row, position, e.indices->get(column), element, 1);
        }
        return success();
      };
      if (failed(
              emitIf(evaluator, ix.lessThan(column, columnCount), storeColumn)))
        return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

LogicalResult MatmulEmitter::emitColumns(Value firstColumn, Edge edge) {
  columnStarts.clear();
  columns.clear();
  Value mine = ix.add(firstColumn, ix.mul(lane, ix.constant(width)));
  for (int64_t offset = 0; offset < tileColumns; offset += width) {
    Value start = ix.add(mine, ix.constant(offset * share));
    setName(start, "column");
    columnStarts.push_back(start);
    if (edge == Edge::Elements && width > 1) {
      Value last = ix.sub(columnCount, ix.constant(1));
      setName(last, "last_column");
      SmallVector<Value> each;
      for (int64_t i = 0; i < width; ++i) {
        Value number = ix.add(start, ix.constant(i));
        setName(number, "column");
        each.push_back(ix.min(number, last));
      }
      columns.push_back(e.indices->getDivergent(each));
      continue;
    }
    if (edge != Edge::None)
      start = ix.min(start, ix.sub(columnCount, ix.constant(width)));
    columns.push_back(e.indices->get(start, width > 1));
  }
  FailureOr<SmallVector<Value>> sums = accumulate();
  if (failed(sums))
    return failure();
  return storeTile(*sums, edge);
}

LogicalResult MatmulEmitter::emitTile(Value batchNumber, Value row,
                                      Value firstColumn) {
  batch = e.indices->get(batchNumber);
  firstRow = row;
  rows.clear();
  lhsRows.clear();
  bool allRows = ix.getDivisor(rowCount) % tileRows == 0;
  Value last = ix.sub(rowCount, ix.constant(1));
  setName(last, "last_row");
  for (int64_t i = 0; i < tileRows; ++i) {
    Value number = ix.add(firstRow, ix.constant(i));
    setName(number, "row");
    rows.push_back(i == 0 || allRows ? number : ix.min(number, last));
  }
  if (share == 1) {
    lhsRows = rows;
  } else {
    for (int64_t i = 0; i < tileRows; i += share) {
      Value number = ix.add(ix.add(firstRow, ix.constant(i)), lane);
      bool exists = allRows && i + share <= tileRows;
      lhsRows.push_back(exists ? number : ix.min(number, last));
    }
  }
  int64_t spread = tileColumns * share;
  if (ix.getDivisor(columnCount) % spread == 0)
    return emitColumns(firstColumn, Edge::None);
  if (ix.getDivisor(columnCount) % width == 0)
    return emitColumns(firstColumn, Edge::Vectors);
  // A device loads vectors at multiples of their size only, so that it gains
  // nothing from knowing that a tile is whole.
  if (!e.isHost())
    return emitColumns(firstColumn, Edge::Elements);
  Value lastColumn = ix.add(firstColumn, ix.constant(spread - 1));
  return emitIf(
      evaluator, ix.lessThan(lastColumn, columnCount),
      [&] { return emitColumns(firstColumn, Edge::None); },
      [&] { return emitColumns(firstColumn, Edge::Elements); });
}

LogicalResult MatmulEmitter::emit() {
  FailureOr<SizeFormula> rowsOf = getSize(c.rows),
                         columnsOf = getSize(c.columns),
                         batchOf = getSize(c.batch), depthOf = getSize(c.depth);
  if (failed(rowsOf) || failed(columnsOf) || failed(batchOf) || failed(depthOf))
    return failure();
  int64_t invocations = e.getInvocationsPerGroup();
  if (invocations % share != 0)
    return e.kernel.emitOpError("has a lowering with ")
           << invocations << " invocations per workgroup, not a multiple of "
           << "its subgroups of " << share;
  if (e.isHost() && share != 1)
    return e.kernel.emitOpError(
        "has a lowering with subgroups; the host has none");
  evaluator.requireBound(c.op);
  int64_t perGroup = invocations / share;
  int64_t rowStep = tileRows, columnStep = tileColumns * share;
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
    Value rowTiles = ix.ceilDiv(rowCount, ix.constant(rowStep));
    Value columnTiles = ix.ceilDiv(columnCount, ix.constant(columnStep));
    setName(rowTiles, "row_tiles");
    setName(columnTiles, "column_tiles");
    // Neighbours on a device read adjacent columns; on the host the next tile
    // reads the columns that are in the cache.
    Value tile;
    std::tie(tile, lane) = e.getSubgroup(group);
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
      setName(batchNumber, "batch");
    }
    Value rowTile = e.isHost() ? innerTile : outerTile;
    Value columnTile = e.isHost() ? outerTile : innerTile;
    setName(rowTile, "row_tile");
    setName(columnTile, "column_tile");
    auto emit = [&] {
      return emitTile(batchNumber, ix.mul(rowTile, ix.constant(rowStep)),
                      ix.mul(columnTile, ix.constant(columnStep)));
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
