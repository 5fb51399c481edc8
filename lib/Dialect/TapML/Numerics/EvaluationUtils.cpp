//===- EvaluationUtils.cpp - What evaluations share -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluationUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

FloatResult::FloatResult(Evaluation &e, ArrayRef<int64_t> shape)
    : e(e), shape(shape) {
  int64_t count = getNumElements(shape);
  values.resize(count);
  bounds.resize(count);
  worst.resize(count);
}

/// Returns whether `value` is a number of `format`.
static bool isRepresentable(const FloatFormat &format, double value) {
  double magnitude = std::fabs(value);
  double steps = magnitude / format.getUlp(magnitude);
  return magnitude < format.overflow && steps == std::trunc(steps);
}

void FloatResult::store(int64_t i, const FloatFormat &format) {
  const Arithmetic &arithmetic = e.getArithmetic();
  double &value = values[i], &bound = bounds[i], &limit = worst[i];
  // An error that is no number comes from a special value: nothing is known.
  auto clean = [](double error) { return error >= 0.0 ? error : kInfinity; };
  bound = clean(bound);
  limit = std::max(clean(limit), bound);
  double magnitude = std::fabs(value);
  if (magnitude < kInfinity) {
    // What the oracle itself is off by.
    double own = 0x1p-51 * magnitude;
    bound += own;
    limit += own;
    if (format.isNarrow()) {
      bound += arithmetic.store(format, magnitude + bound);
      limit += arithmetic.store(format, magnitude + limit);
    }
    if (!(magnitude - bound >= format.overflow))
      return;
    // Every result that the bound allows is infinite.
    value = std::copysign(kInfinity, value);
    bound = 0.0;
    limit = magnitude - limit >= format.overflow ? 0.0 : kInfinity;
  } else {
    // Certain, unless an operand may have been anything.
    bound = bound < kInfinity ? 0.0 : kInfinity;
    limit = limit < kInfinity ? 0.0 : kInfinity;
  }
  if (!arithmetic.promisesNonFinite)
    bound = limit = kInfinity;
}

void FloatResult::finish() {
  Type type = e.getResultType().getElementType();
  FloatFormat format = FloatFormat::get(type);
  for (int64_t i = 0, count = size(); i < count; ++i)
    store(i, format);
  e.addResult(Estimate::floats(type, shape, std::move(values),
                               std::move(bounds), std::move(worst)));
}

void MovedResult::finish() {
  Type type = e.getResultType().getElementType();
  FloatFormat format = FloatFormat::get(type);
  bool isConverted =
      format.isNarrow() &&
      llvm::none_of(e.getOperation()->getOperandTypes(), [&](Type operand) {
        return getElementTypeOrSelf(operand) == type;
      });
  bool isExact = true;
  for (int64_t i = 0, count = size(); i < count; ++i) {
    double &bound = bounds[i], &limit = worst[i];
    if (isConverted &&
        !(bound == 0.0 && limit == 0.0 && isRepresentable(format, values[i])))
      store(i, format);
    for (double *error : {&bound, &limit})
      *error = *error >= 0.0 ? *error : kInfinity;
    isExact &= bound == 0.0 && limit == 0.0;
  }
  if (isExact) {
    bounds.clear();
    worst.clear();
  }
  e.addResult(Estimate::floats(type, shape, std::move(values),
                               std::move(bounds), std::move(worst)));
}

IntegerResult::IntegerResult(Evaluation &e, ArrayRef<int64_t> shape)
    : values(getNumElements(shape)), e(e), shape(shape),
      bits(e.getResultType().getElementTypeBitWidth()) {}

void IntegerResult::set(int64_t i, int64_t value, ErrorBound error) {
  if (bits == 1)
    value = value & 1;
  else if (bits < 64)
    value = llvm::SignExtend64(value, bits);
  values[i] = value;
  if (error.worst == 0.0)
    return;
  if (bounds.empty()) {
    bounds.resize(values.size());
    worst.resize(values.size());
  }
  bounds[i] = error.bound >= 0.0 ? error.bound : kInfinity;
  worst[i] = error.worst >= 0.0 ? error.worst : kInfinity;
}

void IntegerResult::finish() {
  e.addResult(Estimate::integers(e.getResultType().getElementType(), shape,
                                 std::move(values), std::move(bounds),
                                 std::move(worst)));
}

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

LogicalResult tapml::detail::emitSizeError(Evaluation &e, const Twine &what) {
  return e.getOperation()->emitOpError("cannot be evaluated: ") << what;
}

FailureOr<Shape> tapml::detail::broadcastShapes(Evaluation &e,
                                                ValueRange values,
                                                int64_t trailing) {
  int64_t rank = 0;
  for (Value value : values)
    rank = std::max(rank, e[value].getRank() - trailing);
  Shape shape(rank, 1);
  SmallVector<bool> isKnown(rank, false);
  for (Value value : values) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t offset = rank - (type.getRank() - trailing);
    for (int64_t dim = 0; dim < type.getRank() - trailing; ++dim) {
      if (type.getDimSize(dim) == 1)
        continue;
      int64_t size = e[value].getShape()[dim];
      if (isKnown[offset + dim] && shape[offset + dim] != size)
        return emitSizeError(e, "sizes " + Twine(shape[offset + dim]) +
                                    " and " + Twine(size) + " of dimension " +
                                    Twine(offset + dim) + " do not broadcast");
      shape[offset + dim] = size;
      isKnown[offset + dim] = true;
    }
  }
  return shape;
}

Shape tapml::detail::getStrides(ArrayRef<int64_t> shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    strides[dim] = stride;
    stride *= shape[dim];
  }
  return strides;
}

Shape tapml::detail::getBroadcastStrides(ArrayRef<int64_t> operand,
                                         ArrayRef<int64_t> shape,
                                         int64_t trailing) {
  Shape own = getStrides(operand);
  int64_t leading = operand.size() - trailing;
  int64_t offset = static_cast<int64_t>(shape.size()) - leading;
  Shape strides(shape.size(), 0);
  for (int64_t dim = 0; dim < leading; ++dim)
    strides[offset + dim] = operand[dim] == 1 ? 0 : own[dim];
  return strides;
}

void tapml::detail::collapseDims(Shape &shape, MutableArrayRef<Shape> strides) {
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim) {
    bool isOne = shape[dim] == 1 || llvm::all_of(strides, [&](Shape &stride) {
                   return stride[dim] == stride[dim + 1] * shape[dim + 1];
                 });
    bool innerIsOne = shape[dim + 1] == 1;
    if (!isOne && !innerIsOne)
      continue;
    for (Shape &stride : strides)
      stride.erase(stride.begin() +
                   (innerIsOne && shape[dim] != 1 ? dim + 1 : dim));
    shape[dim + 1] *= shape[dim];
    shape.erase(shape.begin() + dim);
  }
}
