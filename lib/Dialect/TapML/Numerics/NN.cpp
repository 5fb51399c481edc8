//===- NN.cpp - Reductions, norms and products in float64 -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "ElementwiseUtils.h"
#include "Rows.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// The places that a reduction reads: the first of each row, and the distance
/// of the others from it.
struct ReducedRows {
  ReducedRows(const Estimate &x, ArrayRef<int64_t> dims, bool keepsDims) {
    Shape strides = getStrides(x.getShape());
    Shape kept, keptStrides, reduced, reducedStrides;
    for (auto [dim, size] : llvm::enumerate(x.getShape())) {
      bool isReduced = llvm::is_contained(dims, static_cast<int64_t>(dim));
      (isReduced ? reduced : kept).push_back(size);
      (isReduced ? reducedStrides : keptStrides).push_back(strides[dim]);
      if (!isReduced || keepsDims)
        shape.push_back(isReduced ? 1 : size);
    }
    starts = getPlaces(kept, keptStrides);
    offsets = getPlaces(reduced, reducedStrides);
  }

  static std::vector<int64_t> getPlaces(const Shape &shape,
                                        const Shape &strides) {
    std::vector<int64_t> places(getNumElements(shape));
    forEachElement<1>(shape, {strides},
                      [&](int64_t i, const std::array<int64_t, 1> &at) {
                        places[i] = at[0];
                      });
    return places;
  }

  Shape shape;
  std::vector<int64_t> starts, offsets;
};
} // namespace

/// Returns the sum of the elements at `start` plus `offsets`, with its errors.
static Rounded sumRow(const Arithmetic &a, const Estimate &x, int64_t start,
                      ArrayRef<int64_t> offsets) {
  ArrayRef<double> elements = x.getFloats();
  SumOfTerms sum;
  for (int64_t offset : offsets)
    sum.add(elements[start + offset], x.getBound(start + offset));
  return sum.get(a);
}

LogicalResult SumOp::evaluate(Evaluation &e) {
  Estimate x = e.read(getX());
  ReducedRows rows(x, getDims(), getKeepdim());
  if (x.isFloat()) {
    FloatResult result(e, rows.shape);
    for (auto [i, start] : llvm::enumerate(rows.starts)) {
      Rounded sum = sumRow(e.getArithmetic(), x, start, rows.offsets);
      result.set(i, sum.value, sum.error);
    }
    result.finish();
    return success();
  }
  IntegerResult result(e, rows.shape);
  ArrayRef<int64_t> elements = x.getIntegers();
  for (auto [i, start] : llvm::enumerate(rows.starts)) {
    int64_t sum = 0;
    ErrorBound error;
    for (int64_t offset : rows.offsets) {
      sum = wrappingAdd(sum, elements[start + offset]);
      error = error + x.getBound(start + offset);
    }
    result.set(i, sum, error);
  }
  result.finish();
  return success();
}

LogicalResult MeanOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  Estimate x = e.read(getX());
  ReducedRows rows(x, getDims(), getKeepdim());
  FloatResult result(e, rows.shape);
  for (auto [i, start] : llvm::enumerate(rows.starts)) {
    Rounded mean =
        divide(a, sumRow(a, x, start, rows.offsets), rows.offsets.size());
    result.set(i, mean.value, mean.error);
  }
  result.finish();
  return success();
}

/// Returns the largest element of each row, and how far it may move.
template <typename Result, typename T>
static LogicalResult evaluateLargest(Evaluation &e, const Estimate &x,
                                     const ReducedRows &rows,
                                     ArrayRef<T> elements, T smallest) {
  Result result(e, rows.shape);
  for (auto [i, start] : llvm::enumerate(rows.starts)) {
    T largest = smallest;
    for (int64_t offset : rows.offsets) {
      T element = elements[start + offset];
      if (element > largest || element != element)
        largest = element;
      if (largest != largest)
        break;
    }
    // An element that may be anything may be the largest or a NaN.
    double up = static_cast<double>(largest);
    ErrorBound highest{up, up}, lowest{-kInfinity, -kInfinity};
    bool isExact = x.isExact() || largest != largest;
    for (int64_t offset : rows.offsets) {
      if (isExact)
        break;
      double element = static_cast<double>(elements[start + offset]);
      ErrorBound error = x.getBound(start + offset);
      auto raise = [&](double bound, double given) {
        return std::max(bound, given == 0.0 ? element : element + given);
      };
      auto lower = [&](double bound, double given) {
        return std::max(bound, given == 0.0 ? element : element - given);
      };
      highest = forEachBound(raise, highest, error);
      lowest = forEachBound(lower, lowest, error);
    }
    ErrorBound error;
    if (!isExact)
      error = forEachBound(
          [&](double high, double low) {
            double moved = 0.0;
            if (high != up)
              moved = high - up;
            if (low != up)
              moved = std::max(moved, up - low);
            return moved;
          },
          highest, lowest);
    result.set(i, largest, error);
  }
  result.finish();
  return success();
}

LogicalResult AmaxOp::evaluate(Evaluation &e) {
  Estimate x = e.read(getX());
  ReducedRows rows(x, getDims(), getKeepdim());
  if (x.isFloat())
    return evaluateLargest<MovedResult, double>(e, x, rows, x.getFloats(),
                                                -kInfinity);
  int64_t smallest = x.getElementType().isInteger(64) ? INT64_MIN : INT32_MIN;
  return evaluateLargest<IntegerResult, int64_t>(e, x, rows, x.getIntegers(),
                                                 smallest);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::evaluate(Evaluation &e) {
  const Arithmetic &a = e.getArithmetic();
  Estimate x = e.read(getX());
  ReducedRows rows(x, {static_cast<int64_t>(getDim())}, /*keepsDims=*/false);
  FloatResult result(e, x.getShape());
  ArrayRef<double> elements = x.getFloats();
  FloatFormat format = FloatFormat::get(x.getElementType());
  bool storesPowers = a.storesParts && format.isNarrow();
  auto compute = [&](int64_t begin, int64_t end) {
    SoftmaxRow row;
    for (int64_t start : ArrayRef(rows.starts).slice(begin, end - begin)) {
      row.clear();
      for (int64_t offset : rows.offsets)
        row.add(elements[start + offset], x.getBound(start + offset));
      row.compute(a, /*maskedIsZero=*/false, storesPowers ? &format : nullptr);
      for (auto [i, offset] : llvm::enumerate(rows.offsets)) {
        Rounded share = row.getShare(a, i);
        result.set(start + offset, share.value, share.error);
      }
    }
  };
  forEachPart(rows.starts.size(), 16 * rows.offsets.size(), compute);
  result.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// LayerNormOp
//===----------------------------------------------------------------------===//

LogicalResult LayerNormOp::evaluate(Evaluation &e) {
  Estimate x = e.read(getX());
  ArrayRef<int64_t> normalized = x.getShape().take_back(getNormalizedRank());
  Estimate weight, bias;
  for (auto [value, parameter] :
       {std::pair(getWeight(), &weight), std::pair(getBias(), &bias)}) {
    if (!value)
      continue;
    *parameter = e.read(value);
    if (parameter->getShape() != normalized)
      return emitSizeError(e, "a parameter does not have the sizes of the "
                              "normalised dimensions");
  }
  int64_t count = getNumElements(normalized);
  FloatResult result(e, x.getShape());
  double epsilon = getEpsilon().convertToDouble();
  const Estimate *scale = getWeight() ? &weight : nullptr;
  const Estimate *shift = getBias() ? &bias : nullptr;
  auto compute = [&](int64_t begin, int64_t end) {
    NormalizedRow row(e.getArithmetic(), epsilon);
    for (int64_t start = begin * count; start < end * count; start += count) {
      row.compute(x, start, count);
      for (int64_t i = 0; i < count; ++i) {
        Rounded y = row.getElement(i, scale, shift);
        result.set(start + i, y.value, y.error);
      }
    }
  };
  forEachPart(count ? result.size() / count : 0, 8 * count, compute);
  result.finish();
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::evaluate(Evaluation &e) {
  Estimate x = e.read(getX()), weight = e.read(getWeight());
  int64_t outputs = weight.getShape()[0], inputs = weight.getShape()[1];
  if (x.getShape().back() != inputs)
    return emitSizeError(e, "x has " + Twine(x.getShape().back()) +
                                " columns, weight " + Twine(inputs));
  Shape shape(x.getShape());
  shape.back() = outputs;
  int64_t rows = getNumElements(ArrayRef<int64_t>(shape).drop_back());
  Estimate bias;
  if (getBias()) {
    bias = e.read(getBias());
    if (bias.getShape()[0] != outputs)
      return emitSizeError(e, "weight has " + Twine(outputs) + " rows, bias " +
                                  Twine(bias.getShape()[0]));
  }
  // A bias is added to the sum, or the sum to the bias: one more rounding.
  int64_t roundings = getBias() ? 1 : 0;
  Product product = multiply(
      e.getArithmetic(), MatrixView::get(x, 0, rows, inputs),
      MatrixView::get(weight, 0, outputs, inputs, /*isTransposed=*/true),
      roundings);
  FloatResult result(e, shape, std::move(product.values),
                     std::move(product.bounds), std::move(product.worst));
  if (getBias()) {
    ErrorBound rounding = e.getArithmetic().accumulate(inputs + 1);
    ArrayRef<double> values = bias.getFloats();
    std::vector<double> bounds(outputs), worst(outputs);
    for (int64_t column = 0; column < outputs; ++column) {
      ErrorBound error = bias.getBound(column);
      double magnitude =
          std::isfinite(values[column]) ? std::fabs(values[column]) : 0.0;
      bounds[column] = error.bound + rounding.bound * magnitude;
      worst[column] = error.worst + rounding.worst * magnitude;
    }
    for (int64_t start = 0; start < result.size(); start += outputs)
      for (int64_t column = 0; column < outputs; ++column) {
        result.values[start + column] += values[column];
        result.bounds[start + column] += bounds[column];
        result.worst[start + column] += worst[column];
      }
  }
  result.finish();
  return success();
}

/// Returns where the matrices of a batch begin: `size` elements each, for each
/// place of `batch`, to which `operand`'s leading dimensions broadcast.
static std::vector<int64_t> getMatrixStarts(const Estimate &operand,
                                            const Shape &batch) {
  Shape strides =
      getBroadcastStrides(operand.getShape(), batch, /*trailing=*/2);
  return ReducedRows::getPlaces(batch, strides);
}

LogicalResult MatmulOp::evaluate(Evaluation &e) {
  Estimate a = e.read(getA()), b = e.read(getB());
  FailureOr<Shape> batch =
      broadcastShapes(e, getOperation()->getOperands(), /*trailing=*/2);
  if (failed(batch))
    return failure();
  ArrayRef<int64_t> left = a.getShape().take_back(2);
  ArrayRef<int64_t> right = b.getShape().take_back(2);
  if (left[1] != right[0])
    return emitSizeError(e, "a has " + Twine(left[1]) + " columns, b " +
                                Twine(right[0]) + " rows");
  Shape shape(*batch);
  shape.append({left[0], right[1]});
  FloatResult result(e, shape);
  int64_t size = left[0] * right[1], next = 0;
  for (auto [from, to] :
       llvm::zip(getMatrixStarts(a, *batch), getMatrixStarts(b, *batch))) {
    Product product =
        multiply(e.getArithmetic(), MatrixView::get(a, from, left[0], left[1]),
                 MatrixView::get(b, to, right[0], right[1]));
    for (int64_t i = 0; i < size; ++i)
      result.set(next + i, product.values[i],
                 {product.bounds[i], product.worst[i]});
    next += size;
  }
  result.finish();
  return success();
}
