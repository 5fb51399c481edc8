//===- Indexing.cpp - Reads at computed places as estimates ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Movement.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

/// Returns the place that `number` means in a dimension of that size, or the
/// nearest one there is. With `wraps`, a negative number counts from the end.
static int64_t getPlace(int64_t number, int64_t size, bool wraps) {
  if (wraps && number < 0)
    number += size;
  return std::clamp<int64_t>(number, 0, std::max<int64_t>(size - 1, 0));
}

/// Returns `taken` with every element free whose place was not certain:
/// `isOpen(i)` says so of element i.
template <typename IsOpen>
static Estimate freeElements(const Estimate &taken, IsOpen isOpen) {
  int64_t count = taken.getNumElements();
  std::vector<double> bounds(count), worst(count);
  for (int64_t i = 0; i < count; ++i) {
    ErrorBound error = taken.getBound(i), open = isOpen(i);
    bounds[i] = open.bound != 0.0 ? kInfinity : error.bound;
    worst[i] = open.worst != 0.0 ? kInfinity : error.worst;
  }
  if (taken.isFloat())
    return Estimate::floats(taken.getElementType(), taken.getShape(),
                            taken.getFloats().vec(), std::move(bounds),
                            std::move(worst));
  return Estimate::integers(taken.getElementType(), taken.getShape(),
                            taken.getIntegers().vec(), std::move(bounds),
                            std::move(worst));
}

/// Reports a read from a dimension without elements.
static LogicalResult emitEmptyError(Evaluation &e) {
  return emitSizeError(e, "there are no elements to read");
}

LogicalResult EmbeddingOp::evaluate(Evaluation &e) {
  const Estimate &weight = e[getWeight()], &ids = e[getIds()];
  int64_t rows = weight.getShape()[0], width = weight.getShape()[1];
  Shape shape(ids.getShape());
  shape.push_back(width);
  if (rows == 0 && getNumElements(shape) != 0)
    return emitEmptyError(e);
  std::vector<int64_t> starts;
  for (int64_t id : ids.getIntegers())
    starts.push_back(getPlace(id, rows, /*wraps=*/false) * width);
  Estimate result = takeRuns(weight, shape, starts, width);
  if (!ids.isExact())
    result = freeElements(result,
                          [&](int64_t i) { return ids.getBound(i / width); });
  e.addResult(std::move(result));
  return success();
}

LogicalResult GatherOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()], &index = e[getIndex()];
  Shape strides = getStrides(x.getShape());
  int64_t dim = getDim(), size = x.getShape()[dim], stride = strides[dim];
  for (auto [other, indexSize] : llvm::enumerate(index.getShape()))
    if (static_cast<int64_t>(other) != dim && indexSize > x.getShape()[other])
      return emitSizeError(e, "size " + Twine(indexSize) + " of dimension " +
                                  Twine(other) +
                                  " of the index is larger than that of x, " +
                                  Twine(x.getShape()[other]));
  if (size == 0 && index.getNumElements() != 0)
    return emitEmptyError(e);
  strides[dim] = 0;
  ArrayRef<int64_t> numbers = index.getIntegers();
  std::vector<int64_t> starts(numbers.size());
  forEachElement<1>(index.getShape(), {strides},
                    [&](int64_t i, const std::array<int64_t, 1> &at) {
                      starts[i] =
                          at[0] +
                          getPlace(numbers[i], size, /*wraps=*/false) * stride;
                    });
  Estimate result = takeRuns(x, index.getShape(), starts, 1);
  if (!index.isExact())
    result = freeElements(result, [&](int64_t i) { return index.getBound(i); });
  e.addResult(std::move(result));
  return success();
}

LogicalResult IndexOp::evaluate(Evaluation &e) {
  const Estimate &x = e[getX()];
  FailureOr<Shape> places = broadcastShapes(e, getIndices());
  if (failed(places))
    return failure();
  int64_t first = getDims().front(), last = getDims().back();
  ArrayRef<int64_t> leading = x.getShape().take_front(first);
  ArrayRef<int64_t> trailing = x.getShape().drop_front(last + 1);
  int64_t run = getNumElements(trailing), count = getNumElements(*places);
  Shape strides = getStrides(x.getShape());

  // The offset that the indices give at each of their places.
  std::vector<int64_t> offsets(count);
  std::vector<ErrorBound> open(count);
  bool isExact = true;
  for (auto [dim, value] : llvm::zip_equal(getDims(), getIndices())) {
    const Estimate &index = e[value];
    int64_t size = x.getShape()[dim], stride = strides[dim];
    if (size == 0 && count * run != 0)
      return emitEmptyError(e);
    isExact &= index.isExact();
    ArrayRef<int64_t> numbers = index.getIntegers();
    forEachElement<1>(
        *places, {getBroadcastStrides(index.getShape(), *places)},
        [&](int64_t i, const std::array<int64_t, 1> &at) {
          offsets[i] += getPlace(numbers[at[0]], size, /*wraps=*/true) * stride;
          open[i] = open[i] + index.getBound(at[0]);
        });
  }
  Shape shape(leading);
  llvm::append_range(shape, *places);
  llvm::append_range(shape, trailing);
  int64_t outer = getNumElements(leading);
  int64_t block = getNumElements(x.getShape().drop_front(first));
  std::vector<int64_t> starts;
  starts.reserve(outer * count);
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t offset : offsets)
      starts.push_back(i * block + offset);
  Estimate result = takeRuns(x, shape, starts, run);
  if (!isExact)
    result =
        freeElements(result, [&](int64_t i) { return open[i / run % count]; });
  e.addResult(std::move(result));
  return success();
}
