//===- ElementEvaluator.cpp - Code for single elements of tensors ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementEvaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

ElementEvaluator::ElementEvaluator(KernelOp kernel, KernelSizes &sizes,
                                   IndexContext &indices,
                                   const DenseMap<Value, Value> &buffers,
                                   SizeMap sizeOf, bool unalignedVectors)
    : sizes(sizes), indices(indices), ix(indices.ix), builder(ix.builder),
      loc(ix.loc), kernel(kernel), buffers(buffers), sizeOf(std::move(sizeOf)),
      unalignedVectors(unalignedVectors) {}

void ElementEvaluator::pushScope() {
  memo.push();
  ix.pushScope();
  indices.pushScope();
}

void ElementEvaluator::popScope() {
  memo.pop();
  ix.popScope();
  indices.popScope();
}

Value ElementEvaluator::broadcast(Value value, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get({lanes}, value.getType()), value);
}

SmallVector<Value> ElementEvaluator::getSizeValues(Value tensor) {
  return llvm::map_to_vector(sizes.getSizes(tensor),
                             [&](SizeId size) { return sizeOf(size); });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

bool ElementEvaluator::isAligned(Value base, int64_t lanes) {
  return ix.getDivisor(base) % lanes == 0;
}

Value ElementEvaluator::load(Value tensor, ArrayRef<Index> at, int64_t lanes) {
  auto buffer = buffers.find(tensor);
  if (buffer == buffers.end()) {
    kernel.emitOpError("reads a tensor that is not one of its inputs");
    return nullptr;
  }
  Value memref = buffer->second;
  Type stored = cast<MemRefType>(memref.getType()).getElementType();
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  Index linear = indices.linearize(at, getSizeValues(tensor));
  LaneIndices where = indices.materialize(linear, lanes);

  Value value;
  if (where.isUniform()) {
    value = memref::LoadOp::create(builder, loc, memref, where.base);
  } else if (where.lanes.empty() && where.stride == 1 &&
             (unalignedVectors ||
              (isAligned(where.base, lanes) && stored == element))) {
    llvm::MaybeAlign alignment;
    // On the host, buffers are aligned to their elements only.
    if (!unalignedVectors && isAligned(where.base, lanes))
      alignment = llvm::Align(
          llvm::PowerOf2Ceil(lanes * stored.getIntOrFloatBitWidth() / 8));
    value =
        vector::LoadOp::create(builder, loc, VectorType::get({lanes}, stored),
                               memref, where.base, false, alignment);
  } else {
    ++scalarizedAccesses;
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value index = where.lanes.empty()
                        ? ix.add(where.base, ix.constant(where.stride * lane))
                        : where.lanes[lane];
      elements.push_back(memref::LoadOp::create(builder, loc, memref, index));
    }
    value = vector::FromElementsOp::create(
        builder, loc, VectorType::get({lanes}, stored), elements);
  }
  if (stored == element)
    return value;
  // Booleans are bytes in memory.
  Value zero = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(value.getType()));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value,
                               zero);
}

void ElementEvaluator::store(Value value, Value buffer, Index linear,
                             int64_t lanes) {
  Type stored = cast<MemRefType>(buffer.getType()).getElementType();
  value = broadcast(value, lanes);
  bool converts = getElementTypeOrSelf(value) != stored;
  if (converts) {
    Type type = lanes == 1 ? stored : VectorType::get({lanes}, stored);
    value = arith::ExtUIOp::create(builder, loc, type, value);
  }
  LaneIndices where = indices.materialize(linear, lanes);
  if (lanes == 1) {
    memref::StoreOp::create(builder, loc, value, buffer, where.base);
    return;
  }
  if (where.lanes.empty() && where.stride == 1 &&
      (unalignedVectors ||
       (isAligned(where.base, lanes) && (!converts || lanes == 4)))) {
    llvm::MaybeAlign alignment;
    // On the host, buffers are aligned to their elements only.
    if (!unalignedVectors && isAligned(where.base, lanes))
      alignment = llvm::Align(
          llvm::PowerOf2Ceil(lanes * stored.getIntOrFloatBitWidth() / 8));
    vector::StoreOp::create(builder, loc, value, buffer, where.base, false,
                            alignment);
    return;
  }
  ++scalarizedAccesses;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Value index = where.lanes.empty()
                      ? ix.add(where.base, ix.constant(where.stride * lane))
                      : where.lanes[lane];
    Value element = vector::ExtractOp::create(builder, loc, value, lane);
    memref::StoreOp::create(builder, loc, element, buffer, index);
  }
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

void ElementEvaluator::bind(Value tensor, ArrayRef<Index> at, int64_t lanes,
                            Value value) {
  memo.insert(Elements(tensor.getAsOpaquePointer(),
                       std::vector<Index>(at.begin(), at.end()), lanes),
              value);
}

Value ElementEvaluator::evaluate(Value tensor, ArrayRef<Index> at,
                                 int64_t lanes) {
  Elements key(tensor.getAsOpaquePointer(),
               std::vector<Index>(at.begin(), at.end()), lanes);
  if (const Value *known = memo.lookup(key))
    return *known;
  bool uniform = llvm::all_of(
      at, [&](Index index) { return indices.getStride(index, lanes) == 0; });
  Value value = uniform && lanes > 1 ? evaluate(tensor, at, 1)
                                     : evaluateUncached(tensor, at, lanes);
  if (value)
    memo.insert(key, value);
  return value;
}

Value ElementEvaluator::evaluateUncached(Value tensor, ArrayRef<Index> at,
                                         int64_t lanes) {
  if (TypedAttr constant = getSplatConstant(tensor))
    return arith::ConstantOp::create(builder, loc, constant);
  if (isUninitialized(tensor)) {
    // Any value will do.
    Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
    return arith::ConstantOp::create(builder, loc,
                                     builder.getZeroAttr(element));
  }
  Operation *op = tensor.getDefiningOp();
  if (!kernel.getBody().isAncestor(tensor.getParentRegion()))
    return load(tensor, at, lanes);

  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return evaluateLinalg(linalgOp, cast<OpResult>(tensor).getResultNumber(),
                          at, lanes);
  if (auto cast = dyn_cast<tensor::CastOp>(op);
      cast && isa<RankedTensorType>(cast.getSource().getType()))
    return evaluate(cast.getSource(), at, lanes);
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    Element element = evaluateRegionScalar(splat.getInput());
    return element ? toValue(element, 1) : nullptr;
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    SmallVector<Value> shape = getSizeValues(expand.getResult());
    SmallVector<Index> source;
    for (ArrayRef<int64_t> group : expand.getReassociationIndices()) {
      auto select = [&](auto all) {
        return llvm::map_to_vector(group, [&](int64_t d) { return all[d]; });
      };
      source.push_back(
          indices.linearize(select(at), select(ArrayRef<Value>(shape))));
    }
    return evaluate(expand.getSrc(), source, lanes);
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    SmallVector<Value> shape = getSizeValues(collapse.getSrc());
    SmallVector<Index> source;
    for (auto [index, group] :
         llvm::zip_equal(at, collapse.getReassociationIndices()))
      llvm::append_range(
          source,
          indices.delinearize(index, llvm::map_to_vector(group, [&](int64_t d) {
                                return shape[d];
                              })));
    return evaluate(collapse.getSrc(), source, lanes);
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    auto scalar = [&](OpFoldResult value) -> Value {
      if (auto constant = getConstantIntValue(value))
        return ix.constant(*constant);
      Element element = evaluateRegionScalar(mlir::cast<Value>(value));
      return element ? toValue(element, 1) : nullptr;
    };
    SmallVector<Index> source;
    unsigned next = 0;
    for (auto [dim, offset, stride] :
         llvm::enumerate(slice.getMixedOffsets(), slice.getMixedStrides())) {
      Value start = scalar(offset), step = scalar(stride);
      if (!start || !step)
        return nullptr;
      Index index = dropped.test(dim) ? indices.getConstant(0) : at[next++];
      source.push_back(
          indices.add(indices.mul(index, step), indices.get(start)));
    }
    return evaluate(slice.getSource(), source, lanes);
  }
  op->emitOpError("cannot be part of a kernel");
  return nullptr;
}

std::optional<unsigned>
ElementEvaluator::countScalarizedAccesses(Value tensor, ArrayRef<Index> at,
                                          int64_t lanes) {
  Block scratch;
  unsigned before = scalarizedAccesses;
  bool worked;
  {
    RegionScope scope(*this);
    builder.setInsertionPointToStart(&scratch);
    worked = bool(evaluate(tensor, at, lanes));
  }
  unsigned count = scalarizedAccesses - before;
  scalarizedAccesses = before;
  ix.forget(scratch);
  return worked ? std::optional(count) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

Value ElementEvaluator::getLoopSize(linalg::LinalgOp op, unsigned loop) {
  if (auto size = sizes.getLoopSize(op, loop))
    return sizeOf(*size);
  op->emitOpError("has a loop that no operand gives the size of");
  return nullptr;
}

FailureOr<SmallVector<Index>>
ElementEvaluator::getLoopIndices(linalg::LinalgOp op, unsigned result,
                                 ArrayRef<Index> at) {
  SmallVector<Index> loops(op.getNumLoops(), nullptr);
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  for (auto [expr, index] : llvm::zip_equal(map.getResults(), at)) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loops[dim.getPosition()] = index;
    else if (!isa<AffineConstantExpr>(expr))
      return op->emitOpError("writes to computed indices, which cannot be part "
                             "of a kernel");
  }
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type != utils::IteratorType::parallel || loops[loop])
      continue;
    // Canonicalisation writes the index of a single iteration as a constant.
    if (ranges[loop] != 1)
      return op->emitOpError("has parallel loop ")
             << loop << " that does not index its result";
    loops[loop] = indices.get(ix.constant(0));
  }
  return loops;
}

Value ElementEvaluator::evaluateInit(linalg::LinalgOp op, unsigned result,
                                     ArrayRef<Index> loops, int64_t lanes) {
  OpOperand *init = op.getDpsInitOperand(result);
  SmallVector<Index> at;
  for (AffineExpr expr : op.getMatchingIndexingMap(init).getResults()) {
    at.push_back(indices.apply(expr, loops));
    if (!at.back()) {
      op->emitOpError("has an indexing map that cannot be part of a kernel");
      return nullptr;
    }
  }
  return evaluate(init->get(), at, lanes);
}

Value ElementEvaluator::evaluateLinalg(linalg::LinalgOp op, unsigned result,
                                       ArrayRef<Index> at, int64_t lanes) {
  if (op == boundOnly) {
    op->emitOpError("is used at indices other than those of the kernel's "
                    "result: what follows a matmul must be elementwise");
    return nullptr;
  }
  FailureOr<SmallVector<Index>> found = getLoopIndices(op, result, at);
  if (failed(found))
    return nullptr;
  SmallVector<Index> loops = std::move(*found);
  Operation *yield = op.getBlock()->getTerminator();
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  if (reductions.empty())
    return evaluateBody(op, loops, yield->getOperand(result), lanes, {});

  // A reduction computes all its results at once.
  SmallVector<Value> inits;
  for (unsigned i = 0; i < op.getNumDpsInits(); ++i) {
    if (op.getMatchingIndexingMap(op.getDpsInitOperand(i)) !=
        op.getMatchingIndexingMap(op.getDpsInitOperand(result))) {
      op->emitOpError("has results of different shapes, which cannot be part "
                      "of a kernel");
      return nullptr;
    }
    Value init = evaluateInit(op, i, loops, lanes);
    if (!init)
      return nullptr;
    inits.push_back(broadcast(init, lanes));
  }
  std::function<SmallVector<Value>(unsigned, ValueRange)> emitLoops =
      [&](unsigned depth, ValueRange carried) -> SmallVector<Value> {
    if (depth == reductions.size()) {
      SmallVector<std::pair<Value, Value>> arguments;
      for (auto [arg, value] :
           llvm::zip_equal(op.getRegionOutputArgs(), carried))
        arguments.emplace_back(arg, value);
      SmallVector<Value> next;
      for (Value yielded : yield->getOperands()) {
        Value value = evaluateBody(op, loops, yielded, lanes, arguments);
        if (!value)
          return {};
        next.push_back(broadcast(value, lanes));
      }
      return next;
    }
    Value size = getLoopSize(op, reductions[depth]);
    if (!size)
      return {};
    if (getConstantIndex(size) == 1) {
      loops[reductions[depth]] = indices.getConstant(0);
      return emitLoops(depth + 1, carried);
    }
    auto results = emitLoop(*this, ix.constant(0), size, 1, carried,
                            [&](Value iv, ValueRange args) {
                              loops[reductions[depth]] = indices.get(iv);
                              return emitLoops(depth + 1, args);
                            });
    return results ? *results : SmallVector<Value>();
  };
  SmallVector<Value> results = emitLoops(0, inits);
  if (results.empty())
    return nullptr;
  for (auto [number, value] : llvm::enumerate(results))
    bind(op->getResult(number), at, lanes, value);
  return results[result];
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

std::optional<SmallVector<Value>> tapml::emission::emitLoop(
    ElementEvaluator &evaluator, Value begin, Value end, int64_t step,
    ValueRange inits,
    function_ref<SmallVector<Value>(Value iv, ValueRange args)> body) {
  OpBuilder &builder = evaluator.builder;
  Location loc = evaluator.loc;
  auto loop = scf::ForOp::create(builder, loc, begin, end,
                                 evaluator.ix.constant(step), inits);
  int64_t divisor = std::gcd(evaluator.ix.getDivisor(begin), step);
  evaluator.ix.setDivisor(loop.getInductionVar(), divisor);
  RegionScope scope(evaluator);
  // With no values carried the builder has terminated the body.
  if (inits.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (next.size() != inits.size() || llvm::is_contained(next, Value()))
    return std::nullopt;
  if (!inits.empty())
    scf::YieldOp::create(builder, loc, next);
  return SmallVector<Value>(loop.getResults());
}

LogicalResult tapml::emission::emitIf(ElementEvaluator &evaluator,
                                      Value condition,
                                      function_ref<LogicalResult()> thenBody,
                                      function_ref<LogicalResult()> elseBody) {
  if (!condition)
    return thenBody();
  auto branch = scf::IfOp::create(evaluator.builder, evaluator.loc, condition,
                                  /*withElseRegion=*/bool(elseBody));
  {
    RegionScope scope(evaluator);
    evaluator.builder.setInsertionPointToStart(branch.thenBlock());
    if (failed(thenBody()))
      return failure();
  }
  if (!elseBody)
    return success();
  RegionScope scope(evaluator);
  evaluator.builder.setInsertionPointToStart(branch.elseBlock());
  return elseBody();
}
