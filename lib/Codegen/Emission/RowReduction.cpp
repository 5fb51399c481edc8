//===- RowReduction.cpp - Kernels that reduce rows ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "Strategies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

//===----------------------------------------------------------------------===//
// Rows and columns
//===----------------------------------------------------------------------===//

static bool hasReduction(linalg::LinalgOp op) {
  return op.getNumReductionLoops() != 0;
}

/// Returns the sizes of `tensor` without dimensions of size one.
static SmallVector<SizeId> getProperSizes(KernelSizes &sizes, Value tensor) {
  return llvm::filter_to_vector(sizes.getSizes(tensor), [&](SizeId size) {
    return sizes.getStatic(size) != 1;
  });
}

FailureOr<Rows> tapml::emission::findRows(KernelOp kernel, KernelSizes &sizes) {
  Rows rows;
  for (auto op : kernel.getBody().getOps<linalg::LinalgOp>())
    if (hasReduction(op))
      rows.reductions.push_back(op);
  if (rows.reductions.empty())
    return kernel.emitOpError(
        "has a row_reduction lowering but no reduction in it");
  Value result = kernel.getBody().front().getTerminator()->getOperand(0);
  SmallVector<SizeId> all = sizes.getSizes(result);
  SmallVector<SizeId> leading =
      getProperSizes(sizes, rows.reductions.front()->getResult(0));
  size_t next = 0;
  for (auto [dim, size] : llvm::enumerate(all)) {
    if (next == leading.size())
      break;
    rows.rank = dim + 1;
    if (sizes.getStatic(size) == 1)
      continue;
    if (size != leading[next++]) {
      InFlightDiagnostic diag = rows.reductions.front()->emitOpError(
          "does not reduce trailing dimensions of the kernel's result: its "
          "parallel dimensions must be the result's leading ones");
      diag.attachNote(kernel.getLoc()) << "kernel is here";
      return diag;
    }
  }
  if (next != leading.size())
    return rows.reductions.front()->emitOpError(
        "has more parallel dimensions than the kernel's result");
  rows.rowSizes.assign(all.begin(), all.begin() + rows.rank);
  rows.columnSizes.assign(all.begin() + rows.rank, all.end());
  return rows;
}

//===----------------------------------------------------------------------===//
// Reductions of one row
//===----------------------------------------------------------------------===//

namespace {
/// One result of a reduction: `combiner(accumulator, contribution)`.
struct Accumulation {
  Operation *combiner;
  Value contribution;
  TypedAttr neutral;
};
} // namespace

/// Returns how result `number` of `op` accumulates, if its terms can be
/// combined in any grouping.
static std::optional<Accumulation> matchAccumulation(linalg::LinalgOp op,
                                                     unsigned number) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(number);
  BlockArgument accumulator = op.getRegionOutputArgs()[number];
  Operation *combiner = yielded.getDefiningOp();
  if (!combiner || combiner->getNumOperands() != 2 ||
      combiner->getNumResults() != 1 || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != combiner || !yielded.hasOneUse())
    return std::nullopt;
  if (!isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
           arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp, arith::MulIOp,
           arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::MaxSIOp,
           arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp>(combiner))
    return std::nullopt;
  std::optional<TypedAttr> neutral = arith::getNeutralElement(combiner);
  if (!neutral)
    return std::nullopt;
  Value other = combiner->getOperand(
      combiner->getOperand(0) == Value(accumulator) ? 1 : 0);
  return Accumulation{combiner, other, *neutral};
}

/// Combines the elements of a vector in halves, always in the same order.
static Value combineLanes(ElementEvaluator &evaluator, Operation *combiner,
                          Value vector) {
  OpBuilder &b = evaluator.builder;
  while (auto type = dyn_cast<VectorType>(vector.getType())) {
    int64_t half = type.getDimSize(0) / 2;
    auto take = [&](int64_t from) -> Value {
      if (half == 1)
        return vector::ExtractOp::create(b, evaluator.loc, vector, from);
      return vector::ExtractStridedSliceOp::create(b, evaluator.loc, vector,
                                                   from, half, 1);
    };
    Value low = take(0), high = take(half);
    vector =
        evaluator.cloneWithOperands(combiner, {low, high}, half)->getResult(0);
  }
  return vector;
}

/// Combines the values of a subgroup's invocations; each gets the same result.
static Value combineSubgroup(ElementEvaluator &evaluator, Operation *combiner,
                             Value value, int64_t width) {
  for (int64_t distance = 1; distance < width; distance *= 2) {
    Value other =
        gpu::ShuffleOp::create(evaluator.builder, evaluator.loc, value,
                               distance, width, gpu::ShuffleMode::XOR)
            .getShuffleResult();
    value =
        evaluator.cloneWithOperands(combiner, {value, other}, 1)->getResult(0);
  }
  return value;
}

/// Returns what a reader calls the result of a reduction.
static StringRef getAccumulationName(Operation *combiner) {
  if (isa<arith::AddFOp, arith::AddIOp>(combiner))
    return "sum";
  if (isa<arith::MulFOp, arith::MulIOp>(combiner))
    return "product";
  if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>(
          combiner))
    return "largest";
  if (isa<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>(
          combiner))
    return "smallest";
  return "reduced";
}

/// Emits a reduction over a whole row with vectors of accumulators, and makes
/// its results known. `loops` holds the indices of the parallel loops.
static LogicalResult emitReduction(KernelEmitter &e, linalg::LinalgOp op,
                                   ArrayRef<Index> at, SmallVector<Index> loops,
                                   ArrayRef<Accumulation> accumulations,
                                   Value lane) {
  ElementEvaluator &evaluator = *e.evaluator;
  IndexBuilder &ix = *e.ix;
  OpBuilder &b = e.builder;
  SmallVector<unsigned> dims;
  op.getReductionDims(dims);
  SmallVector<Value> sizes;
  for (unsigned dim : dims) {
    sizes.push_back(evaluator.getLoopSize(op, dim));
    if (!sizes.back())
      return failure();
  }
  int64_t width = e.config.getVector(), share = e.config.getSubgroup();
  Value length = ix.product(sizes);
  auto constant = getConstantIndex(length);
  if (constant && *constant < width)
    width = 1;

  auto emitPart = [&](Value begin, Value end, int64_t lanes, ValueRange inits) {
    Value first = ix.add(begin, ix.mul(lane, ix.constant(lanes)));
    return emitLoop(
        evaluator, first, end, lanes * share, inits,
        [&](Value iv, ValueRange args) -> SmallVector<Value> {
          SmallVector<Index> split =
              e.indices->delinearize(e.indices->get(iv, lanes > 1), sizes);
          for (auto [dim, index] : llvm::zip_equal(dims, split))
            loops[dim] = index;
          setName(iv, "column");
          SmallVector<Value> next;
          for (auto [accumulation, arg] :
               llvm::zip_equal(accumulations, args)) {
            setName(arg, getAccumulationName(accumulation.combiner));
            Value term = evaluator.evaluateBody(
                op, loops, accumulation.contribution, lanes, {});
            if (!term)
              return {};
            next.push_back(evaluator
                               .cloneWithOperands(accumulation.combiner,
                                                  {arg, term}, lanes)
                               ->getResult(0));
          }
          return next;
        });
  };
  auto getNeutral = [&](int64_t lanes) {
    return llvm::map_to_vector(accumulations, [&](const Accumulation &a) {
      Value neutral = arith::ConstantOp::create(b, e.loc, a.neutral);
      return evaluator.broadcast(neutral, lanes);
    });
  };

  bool exact = ix.getDivisor(length) % width == 0;
  Value whole =
      exact ? length
            : ix.mul(ix.div(length, ix.constant(width)), ix.constant(width));
  auto partial = emitPart(ix.constant(0), whole, width, getNeutral(width));
  if (!partial)
    return failure();
  for (auto [value, accumulation] : llvm::zip_equal(*partial, accumulations))
    value = combineLanes(evaluator, accumulation.combiner, value);
  if (!exact) {
    partial = emitPart(whole, length, 1, *partial);
    if (!partial)
      return failure();
  }
  for (auto [number, value, accumulation] :
       llvm::enumerate(*partial, accumulations)) {
    value = combineSubgroup(evaluator, accumulation.combiner, value, share);
    Value init = evaluator.evaluateInit(op, number, loops, 1);
    if (!init)
      return failure();
    Attribute initAttr;
    // Starting from the neutral element changes nothing.
    if (!matchPattern(init, m_Constant(&initAttr)) ||
        initAttr != accumulation.neutral)
      value =
          evaluator.cloneWithOperands(accumulation.combiner, {init, value}, 1)
              ->getResult(0);
    evaluator.bind(op->getResult(number), at, 1, value);
  }
  return success();
}

/// Emits everything for the row with indices `row`.
static LogicalResult emitRow(KernelEmitter &e, Rows &rows, ArrayRef<Index> row,
                             Value lane) {
  ElementEvaluator &evaluator = *e.evaluator;
  SmallVector<Index> properRow;
  for (auto [size, index] : llvm::zip_equal(rows.rowSizes, row))
    if (e.sizes.getStatic(size) != 1)
      properRow.push_back(index);
  SmallVector<SizeId> properSizes = llvm::filter_to_vector(
      rows.rowSizes, [&](SizeId size) { return e.sizes.getStatic(size) != 1; });

  // Reductions over rows, in order; others are evaluated where they are used.
  for (linalg::LinalgOp op : rows.reductions) {
    SmallVector<SizeId> sizes = e.sizes.getSizes(op->getResult(0));
    if (getProperSizes(e.sizes, op->getResult(0)) != properSizes)
      continue;
    SmallVector<Index> at;
    unsigned next = 0;
    for (SizeId size : sizes)
      at.push_back(e.sizes.getStatic(size) == 1 ? e.indices->getConstant(0)
                                                : properRow[next++]);
    SmallVector<Accumulation> accumulations;
    for (unsigned i = 0; i < op->getNumResults(); ++i)
      if (auto accumulation = matchAccumulation(op, i))
        accumulations.push_back(*accumulation);
    if (accumulations.size() != op->getNumResults()) {
      if (!evaluator.evaluate(op->getResult(0), at, 1))
        return failure();
      continue;
    }
    FailureOr<SmallVector<Index>> loops = evaluator.getLoopIndices(op, 0, at);
    if (failed(loops) ||
        failed(emitReduction(e, op, at, *loops, accumulations, lane)))
      return failure();
  }

  IndexBuilder &ix = *e.ix;
  if (llvm::all_of(rows.columnSizes,
                   [&](SizeId size) { return e.sizes.getStatic(size) == 1; })) {
    SmallVector<Index> at(row);
    at.append(rows.columnSizes.size(), e.indices->getConstant(0));
    // One invocation stores for all that share the row.
    return emitIf(evaluator,
                  e.config.getSubgroup() == 1
                      ? Value()
                      : ix.lessThan(lane, ix.constant(1)),
                  [&] { return e.emitResult(at, 1); });
  }
  SmallVector<Value> columnSizes = llvm::map_to_vector(
      rows.columnSizes, [&](SizeId size) { return e.getSize(size); });
  return e.emitElements(ix.constant(0), ix.product(columnSizes), lane,
                        [&](Index column, int64_t lanes) {
                          SmallVector<Index> at(row);
                          llvm::append_range(
                              at, e.indices->delinearize(column, columnSizes));
                          return e.emitResult(at, lanes);
                        });
}

LogicalResult tapml::emission::emitRowReduction(KernelEmitter &e) {
  FailureOr<Rows> rows = findRows(e.kernel, e.sizes);
  if (failed(rows))
    return failure();
  IndexBuilder &ix = *e.ix;
  int64_t width = e.config.getSubgroup(), tile = e.config.getTile()[0];
  int64_t invocations = e.getInvocationsPerGroup();
  if (invocations % width != 0)
    return e.kernel.emitOpError("has a lowering with ")
           << invocations << " invocations per workgroup, not a multiple of "
           << "its subgroups of " << width;
  if (e.isHost() && width != 1)
    return e.kernel.emitOpError(
        "has a lowering with subgroups; the host has none");

  SizeFormula rowCount = getProduct(rows->rowSizes);
  int64_t perGroup = invocations / width * tile;
  auto groups = [=](IndexBuilder &ix, const SizeMap &sizeOf) -> Value {
    Value count = rowCount(ix, sizeOf);
    return count ? ix.ceilDiv(count, ix.constant(perGroup)) : nullptr;
  };
  SizeMap sizeOf = [&](SizeId size) { return e.getSize(size); };
  return e.emitGroups(groups, [&](Value group) -> LogicalResult {
    SmallVector<Value> rowSizes = llvm::map_to_vector(
        rows->rowSizes, [&](SizeId size) { return e.getSize(size); });
    Value count = rowCount(ix, sizeOf);
    auto [subgroup, lane] = e.getSubgroup(group);
    setName(subgroup, tile == 1 ? "row" : "subgroup");
    auto emit = [&, lane = lane](Value number) {
      return emitRow(e, *rows,
                     e.indices->delinearize(e.indices->get(number), rowSizes),
                     lane);
    };
    if (tile == 1) {
      bool exact = e.isHost() ||
                   (!e.mayOverrun() && ix.getDivisor(count) % perGroup == 0);
      return emitIf(*e.evaluator,
                    exact ? Value() : ix.lessThan(subgroup, count),
                    [&, row = subgroup] { return emit(row); });
    }
    Value first = ix.mul(subgroup, ix.constant(tile));
    Value last = ix.min(ix.add(first, ix.constant(tile)), count);
    auto loop =
        emitLoop(*e.evaluator, first, last, 1, {}, [&](Value iv, ValueRange) {
          return succeeded(emit(iv)) ? SmallVector<Value>()
                                     : SmallVector<Value>{Value()};
        });
    return success(loop.has_value());
  });
}
