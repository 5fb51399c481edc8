//===- Elementwise.cpp - Kernels of independent elements ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

/// Emits the elements of `[start, start + tile)` that are below `length`.
static LogicalResult
emitTile(KernelEmitter &e, Value start, Value length,
         function_ref<LogicalResult(Index index, int64_t lanes)> body) {
  IndexBuilder &ix = *e.ix;
  int64_t tile = e.config.getTile()[1], width = e.config.getVector();
  if (tile > width) {
    Value end = ix.min(ix.add(start, ix.constant(tile)), length);
    auto emit = [&] {
      return e.emitElements(start, end, ix.constant(0), body);
    };
    // On the host no workgroup starts behind the end.
    return e.isHost() ? emit()
                      : emitIf(*e.evaluator, ix.lessThan(start, length), emit);
  }
  auto vector = [&] { return body(e.indices->get(start, width > 1), width); };
  if (ix.getDivisor(length) % width == 0)
    return emitIf(*e.evaluator, ix.lessThan(start, length), vector);
  Value last = ix.add(start, ix.constant(width - 1));
  return emitIf(*e.evaluator, ix.lessThan(last, length), vector, [&] {
    auto loop =
        emitLoop(*e.evaluator, start, length, 1, {}, [&](Value iv, ValueRange) {
          return succeeded(body(e.indices->get(iv), 1))
                     ? SmallVector<Value>()
                     : SmallVector<Value>{Value()};
        });
    return success(loop.has_value());
  });
}

/// Returns whether the result's elements are bytes on a device that may only
/// have 32-bit words: then an invocation must own whole words, as two that
/// write bytes of one word would have to take turns.
static bool ownsWords(KernelEmitter &e) {
  auto type = cast<RankedTensorType>(e.getResult().getType());
  unsigned bits = type.getElementTypeBitWidth();
  return !e.isHost() && (bits == 1 || bits == 8) && e.config.getVector() == 4 &&
         e.config.getTile()[1] == 4;
}

/// Emits the four elements from `start` as one word. Behind the last element
/// the word holds copies of it: buffers are padded to whole words.
static LogicalResult emitWord(KernelEmitter &e, Value start, Value length,
                              ArrayRef<Value> sizes) {
  IndexBuilder &ix = *e.ix;
  constexpr int64_t lanes = 4;
  SmallVector<Index> at =
      e.indices->delinearize(e.indices->get(start, /*lanes=*/true), sizes);
  auto whole = [&] { return e.emitResult(at, lanes); };
  auto last = [&] {
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value position = ix.min(ix.add(start, ix.constant(lane)),
                              ix.sub(length, ix.constant(1)));
      Value element = e.evaluator->evaluate(
          e.getResult(),
          e.indices->delinearize(e.indices->get(position), sizes),
          /*lanes=*/1);
      if (!element)
        return failure();
      elements.push_back(element);
    }
    auto type = VectorType::get({lanes}, elements.front().getType());
    Value word =
        vector::FromElementsOp::create(ix.builder, e.loc, type, elements);
    e.storeResult(word, at, lanes);
    return success();
  };
  return emitIf(*e.evaluator, ix.lessThan(start, length), [&] {
    if (ix.getDivisor(length) % lanes == 0)
      return whole();
    Value end = ix.add(start, ix.constant(lanes - 1));
    return emitIf(*e.evaluator, ix.lessThan(end, length), whole, last);
  });
}

/// Two ways to cut the result into runs of adjacent elements: the whole result
/// as one run, for kernels whose inputs are laid out like it; or each row
/// (innermost dimension) by itself, where a vector that crosses the end of a
/// row would have to be put together element by element.
LogicalResult tapml::emission::emitElementwise(KernelEmitter &e) {
  IndexBuilder &ix = *e.ix;
  int64_t width = e.config.getVector();
  int64_t tile = e.config.getTile()[1];
  SmallVector<SizeId> ids = e.sizes.getSizes(e.getResult());
  SmallVector<Value> sizes = e.getResultSizes();

  // Tries both ways on an arbitrary aligned position.
  bool byRow = false;
  bool words = ownsWords(e);
  if (!words && width > 1 && !ids.empty() &&
      ix.getDivisor(sizes.back()) % width != 0) {
    Block block;
    Value position = block.addArgument(ix.builder.getIndexType(), e.loc);
    Value row = block.addArgument(ix.builder.getIndexType(), e.loc);
    ix.setDivisor(position, width);
    Index run = e.indices->get(position, 1);
    auto flat = e.evaluator->countScalarizedAccesses(
        e.getResult(), e.indices->delinearize(run, sizes), width);
    if (!flat)
      return failure();
    if (*flat > 0) {
      SmallVector<Index> at = e.indices->delinearize(
          e.indices->get(row), ArrayRef(sizes).drop_back());
      at.push_back(run);
      auto rows =
          e.evaluator->countScalarizedAccesses(e.getResult(), at, width);
      if (!rows)
        return failure();
      byRow = *rows < *flat;
    }
    ix.forget(block);
  }

  SizeFormula rowCount =
      getProduct(ArrayRef(ids).take_front(byRow ? ids.size() - 1 : 0));
  SizeFormula rowLength =
      getProduct(byRow ? ArrayRef(ids).take_back(1) : ArrayRef(ids));
  int64_t perGroup = e.getInvocationsPerGroup();
  auto groups = [=](IndexBuilder &ix, const SizeMap &sizeOf) -> Value {
    Value rows = rowCount(ix, sizeOf), length = rowLength(ix, sizeOf);
    if (!rows || !length)
      return nullptr;
    Value tiles = ix.mul(rows, ix.ceilDiv(length, ix.constant(tile)));
    return ix.ceilDiv(tiles, ix.constant(perGroup));
  };
  SizeMap sizeOf = [&](SizeId size) { return e.getSize(size); };
  return e.emitGroups(groups, [&](Value group) {
    Value invocation = e.getInvocation(group);
    Value length = rowLength(ix, sizeOf);
    if (!byRow) {
      Value start = ix.mul(invocation, ix.constant(tile));
      setName(start, "element");
      if (words)
        return emitWord(e, start, length, sizes);
      return emitTile(e, start, length, [&](Index index, int64_t lanes) {
        return e.emitResult(e.indices->delinearize(index, sizes), lanes);
      });
    }
    Value perRow = ix.ceilDiv(length, ix.constant(tile));
    Value rows = rowCount(ix, sizeOf);
    Value row = ix.div(invocation, perRow);
    Value start = ix.mul(ix.rem(invocation, perRow), ix.constant(tile));
    setName(row, "row");
    setName(start, "column");
    auto emit = [&] {
      return emitTile(e, start, length, [&](Index index, int64_t lanes) {
        SmallVector<Index> at = e.indices->delinearize(
            e.indices->get(row), ArrayRef(sizes).drop_back());
        at.push_back(index);
        return e.emitResult(at, lanes);
      });
    };
    return e.isHost() ? emit()
                      : emitIf(*e.evaluator, ix.lessThan(row, rows), emit);
  });
}
