//===- Attention.cpp - Scaled dot-product attention in float64 ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "Rows.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

static constexpr double kU = FloatFormat::f32().unitRoundoff;

namespace {
/// One matrix of an attention's batch after the other.
class AttentionEvaluator {
public:
  AttentionEvaluator(Evaluation &e, ScaledDotProductAttentionOp op)
      : e(e), a(e.getArithmetic()), op(op), query(e.read(op.getQuery())),
        key(e.read(op.getKey())), value(e.read(op.getValue())),
        format(FloatFormat::get(query.getElementType())),
        storesParts(a.storesParts && format.isNarrow()) {
    if (!storesParts)
      return;
    query = storeScaled(query);
    key = storeScaled(key);
  }

  LogicalResult run();

private:
  /// Where the operands' matrices begin, and the mask's strides.
  struct Places {
    int64_t query = 0, key = 0, value = 0, mask = 0;
  };

  LogicalResult checkSizes();
  Estimate storeScaled(const Estimate &factor) const;
  void computeMatrix(const Places &places, FloatResult &result,
                     int64_t begin) const;
  void addScores(const Product &products, const Places &places, int64_t row,
                 SoftmaxRow &softmax) const;
  void combineValues(const SoftmaxRow &softmax, const Places &places,
                     FloatResult &result, int64_t begin) const;
  bool isFinite(ArrayRef<double> elements) const {
    return llvm::all_of(elements, [](double x) { return std::isfinite(x); });
  }
  void combineElement(const SoftmaxRow &softmax, int64_t column,
                      const Places &places, double &output,
                      ErrorBound &error) const;

  Evaluation &e;
  const Arithmetic &a;
  ScaledDotProductAttentionOp op;
  Estimate query, key, value, mask;
  FloatFormat format;
  bool storesParts;
  Shape batch;
  int64_t rows = 0, columns = 0, inner = 0, width = 0;
  int64_t maskRowStride = 0, maskColumnStride = 0;
};
} // namespace

/// Returns `factor` with the error of storing it times the root of the scale.
Estimate AttentionEvaluator::storeScaled(const Estimate &factor) const {
  ScaledDotProductAttentionOp op = this->op; // Whose accessors are not const.
  double root = std::sqrt(std::fabs(op.getScale().convertToDouble()));
  std::vector<double> values = factor.getFloats().vec();
  std::vector<double> bounds(values.size()), worst(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    auto store = [&](double error) {
      double magnitude = (std::fabs(values[i]) + error) * root;
      if (magnitude >= format.overflow)
        return kInfinity;
      return error + a.store(format, magnitude) / root;
    };
    ErrorBound error = forEachBound(store, factor.getBound(i));
    // Zero stays zero.
    bool isZero = values[i] == 0.0 && factor.getBound(i).worst == 0.0;
    bounds[i] = isZero || root == 0.0 ? 0.0 : error.bound;
    worst[i] = isZero || root == 0.0 ? 0.0 : error.worst;
  }
  return Estimate::floats(factor.getElementType(), factor.getShape(),
                          std::move(values), std::move(bounds),
                          std::move(worst));
}

LogicalResult AttentionEvaluator::checkSizes() {
  ValueRange tensors = op->getOperands().take_front(3);
  FailureOr<Shape> shape = broadcastShapes(e, tensors, /*trailing=*/2);
  if (failed(shape))
    return failure();
  batch = *shape;
  rows = query.getShape().drop_back().back();
  columns = key.getShape().drop_back().back();
  inner = query.getShape().back();
  width = value.getShape().back();
  if (key.getShape().back() != inner)
    return emitSizeError(e, "query has " + Twine(inner) + " columns, key " +
                                Twine(key.getShape().back()));
  if (value.getShape().drop_back().back() != columns)
    return emitSizeError(e, "key has " + Twine(columns) + " rows, value " +
                                Twine(value.getShape().drop_back().back()));
  return success();
}

LogicalResult AttentionEvaluator::run() {
  if (failed(checkSizes()))
    return failure();
  auto getStarts = [&](const Estimate &operand) {
    return getBroadcastStrides(operand.getShape(), batch, /*trailing=*/2);
  };
  std::array<Shape, 4> strides = {getStarts(query), getStarts(key),
                                  getStarts(value), Shape(batch.size(), 0)};
  if (op.getMask()) {
    mask = e.read(op.getMask());
    Shape scores(batch);
    scores.append({rows, columns});
    Shape maskType(op.getMask().getType().getShape());
    int64_t offset = scores.size() - mask.getRank();
    if (offset < 0)
      return emitSizeError(e, "the mask has too many dimensions");
    for (auto [dim, size] : llvm::enumerate(mask.getShape()))
      if (maskType[dim] != 1 && size != scores[offset + dim])
        return emitSizeError(e, "size " + Twine(size) + " of dimension " +
                                    Twine(dim) + " of the mask is not " +
                                    Twine(scores[offset + dim]));
    Shape maskStrides = getBroadcastStrides(mask.getShape(), scores);
    maskColumnStride = maskStrides.pop_back_val();
    maskRowStride = maskStrides.pop_back_val();
    strides[3] = maskStrides;
  }

  Shape shape(batch);
  shape.append({rows, width});
  FloatResult result(e, shape);
  std::vector<Places> places(getNumElements(batch));
  forEachElement<4>(batch, strides,
                    [&](int64_t i, const std::array<int64_t, 4> &at) {
                      places[i] = {at[0], at[1], at[2], at[3]};
                    });
  auto compute = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      computeMatrix(places[i], result, i * rows * width);
  };
  forEachPart(places.size(), rows * columns * (inner + width), compute);
  result.finish();
  return success();
}

void AttentionEvaluator::computeMatrix(const Places &places,
                                       FloatResult &result,
                                       int64_t begin) const {
  Product products =
      multiply(a, MatrixView::get(query, places.query, rows, inner),
               MatrixView::get(key, places.key, columns, inner,
                               /*isTransposed=*/true));
  bool hasFiniteValues =
      isFinite(value.getFloats().slice(places.value, columns * width));
  SoftmaxRow softmax;
  for (int64_t row = 0; row < rows; ++row) {
    softmax.clear();
    addScores(products, places, row, softmax);
    softmax.compute(a, /*maskedIsZero=*/true);
    int64_t first = begin + row * width;
    combineValues(softmax, places, result, first);
    if (a.attentionKeepsNonFinite ||
        (hasFiniteValues &&
         isFinite(ArrayRef(products.values).slice(row * columns, columns))))
      continue;
    for (int64_t i = first; i < first + width; ++i)
      result.bounds[i] = result.worst[i] = kInfinity;
  }
}

/// Adds the scores of one row, scaled and masked, to the softmax.
void AttentionEvaluator::addScores(const Product &products,
                                   const Places &places, int64_t row,
                                   SoftmaxRow &softmax) const {
  ScaledDotProductAttentionOp op = this->op; // Whose accessors are not const.
  double scale = op.getScale().convertToDouble();
  double overflow = FloatFormat::f32().overflow;
  bool isCausal = op.getIsCausal(), hasMask = op.getMask() != nullptr;
  bool isAdded = hasMask && mask.isFloat();
  ArrayRef<double> shifts = isAdded ? mask.getFloats() : ArrayRef<double>();
  ArrayRef<int64_t> kept =
      hasMask && !isAdded ? mask.getIntegers() : ArrayRef<int64_t>();
  for (int64_t column = 0; column < columns; ++column) {
    int64_t at = row * columns + column;
    int64_t maskAt =
        places.mask + row * maskRowStride + column * maskColumnStride;
    ErrorBound maskError;
    bool isKept = !isCausal || column <= row;
    double shift = isAdded ? shifts[maskAt] : 0.0;
    if (hasMask)
      maskError = mask.getBound(maskAt);
    if (hasMask && !isAdded && isKept) {
      if (maskError.worst != 0.0) {
        softmax.add(0.0, {kInfinity, kInfinity});
        continue;
      }
      isKept = kept[maskAt] != 0;
    }
    if (!isKept) {
      softmax.add(-kInfinity, {});
      continue;
    }
    double product = products.values[at], score = product * scale + shift;
    auto getError = [&](double error, double shiftError) {
      // The scale may be multiplied before the sum or behind it.
      if (std::fabs(product) + error >= overflow && std::isfinite(product))
        return kInfinity;
      if (!std::isfinite(score))
        return error == kInfinity || shiftError == kInfinity ? kInfinity : 0.0;
      error *= std::fabs(scale);
      error += 2 * kU * (std::fabs(product * scale) + error) +
               a.getUnderflow() + shiftError;
      if (storesParts && std::fabs(product * scale) + error >= format.overflow)
        return kInfinity;
      if (storesParts)
        error += a.store(format, std::fabs(product * scale) + error);
      if (isAdded)
        error += a.round(std::fabs(score) + error);
      if (isAdded && storesParts)
        error += a.store(format, std::fabs(score) + error);
      return error;
    };
    softmax.add(
        score, forEachBound(getError,
                            ErrorBound{products.bounds[at], products.worst[at]},
                            isAdded ? maskError : ErrorBound()));
  }
}

/// Adds `share` times `values` to `outputs`.
TAPML_MULTIVERSION
static void addOutputs(double share, const double *__restrict values,
                       int64_t width, double *__restrict outputs) {
  for (int64_t column = 0; column < width; ++column)
    outputs[column] += share * values[column];
}

namespace {
/// Sums over the rows of the values that errors need, for each column.
struct ErrorSums {
  explicit ErrorSums(int64_t width)
      : moved(width), movedWorst(width), magnitudes(width), farthest(width),
        carried(width), carriedWorst(width) {}
  /// Of the distance from the output times the errors of the weights.
  std::vector<double> moved, movedWorst;
  /// Of the magnitude times the weights, and the largest one.
  std::vector<double> magnitudes, farthest;
  /// Of the errors of the values.
  std::vector<double> carried, carriedWorst;
};
} // namespace

/// Adds one row of values whose weight is `share`, up to `error`.
TAPML_MULTIVERSION
static void addRow(double share, double error, double worstError,
                   const double *__restrict values,
                   const double *__restrict outputs, int64_t width,
                   double *__restrict moved, double *__restrict movedWorst,
                   double *__restrict magnitudes, double *__restrict farthest) {
  for (int64_t column = 0; column < width; ++column) {
    double distance = std::fabs(values[column] - outputs[column]);
    double magnitude = std::fabs(values[column]);
    moved[column] += error * distance;
    movedWorst[column] += worstError * distance;
    magnitudes[column] += share * magnitude;
    farthest[column] =
        farthest[column] < magnitude ? magnitude : farthest[column];
  }
}

/// Computes one row of the result from the softmax.
void AttentionEvaluator::combineValues(const SoftmaxRow &softmax,
                                       const Places &places,
                                       FloatResult &result,
                                       int64_t begin) const {
  if (softmax.isSpecial()) {
    Rounded special = softmax.getSpecial();
    for (int64_t column = 0; column < width; ++column) {
      // Zero times a value that is not finite is NaN.
      ErrorBound error = special.error;
      for (int64_t row = 0; row < columns; ++row)
        if (!std::isfinite(
                value.getFloats()[places.value + row * width + column]))
          error = {kInfinity, kInfinity};
      result.set(begin + column, special.value, error);
    }
    return;
  }

  // Values first: the errors need them.
  double sum = softmax.getSum();
  const double *values = value.getFloats().data() + places.value;
  double *outputs = result.values.data() + begin;
  std::fill_n(outputs, width, 0.0);
  for (int64_t row = 0; row < columns; ++row) {
    double share = softmax.getPower(row) / sum;
    addOutputs(share, values + row * width, width, outputs);
  }

  // The weights are p_i (1 + r_i) / (1 + sum p_i r_i): errors of the powers
  // move the result by sum p_i r_i (v_i - result) / (1 + sum p_i r_i). Errors
  // of the sum itself and of the divisions come on top.
  ErrorSums sums(width);
  double numValues = 0.0;
  for (int64_t row = 0; row < columns; ++row) {
    double share = softmax.getPower(row) / sum;
    ErrorBound error = softmax.getPowerError(row);
    if (share == 0.0 && error.worst == 0.0)
      continue;
    ++numValues;
    double first = error.bound / sum, second = error.worst / sum;
    addRow(share, first, second, values + row * width, outputs, width,
           sums.moved.data(), sums.movedWorst.data(), sums.magnitudes.data(),
           sums.farthest.data());
    if (value.isExact())
      continue;
    const double *bounds = value.getBounds().data() + places.value;
    const double *worst = value.getWorst().data() + places.value;
    for (int64_t column = 0; column < width; ++column) {
      sums.carried[column] += (share + first) * bounds[row * width + column];
      sums.carriedWorst[column] +=
          (share + second) * worst[row * width + column];
    }
  }

  ErrorBound inSum = a.accumulate(columns - 1),
             inProduct = a.accumulate(columns);
  ErrorBound powers = softmax.getCarried();
  for (int64_t column = 0; column < width; ++column) {
    double output = outputs[column];
    if (!std::isfinite(output)) {
      ErrorBound error;
      combineElement(softmax, column, places, output, error);
      result.set(begin + column, output, error);
      continue;
    }
    double magnitude = sums.magnitudes[column];
    double farthest = sums.farthest[column];
    auto getError = [&](double moved, double powerError, double inSum,
                        double inProduct, double carried) {
      if (powerError == kInfinity)
        return kInfinity;
      double rest = 1 - powerError / sum;
      double error = rest > 0 ? moved / rest : kInfinity;
      // An average stays within the values.
      error = std::min(error, farthest + std::fabs(output));
      // Relative errors of the weights, and underflows of each.
      double relative = inSum + 2 * kU * a.division + inProduct;
      double underflow = a.getUnderflow();
      if (storesParts) {
        relative += format.unitRoundoff;
        underflow += a.store(format, 0.0);
      }
      error += relative * (magnitude + error);
      error += numValues * underflow * (farthest + 1);
      if (farthest * numValues >= FloatFormat::f32().overflow)
        return kInfinity;
      return error + carried;
    };
    result.set(
        begin + column, output,
        forEachBound(
            getError, ErrorBound{sums.moved[column], sums.movedWorst[column]},
            powers, inSum, inProduct,
            ErrorBound{sums.carried[column], sums.carriedWorst[column]}));
  }
}

/// Says whether an element of the result that is not finite is certain: every
/// value that is not finite has a weight that certainly is or is not zero.
void AttentionEvaluator::combineElement(const SoftmaxRow &softmax,
                                        int64_t column, const Places &places,
                                        double &output,
                                        ErrorBound &error) const {
  ArrayRef<double> values = value.getFloats();
  for (int64_t row = 0; row < columns; ++row) {
    int64_t at = places.value + row * width + column;
    ErrorBound valueError = value.getBound(at);
    ErrorBound powerError = softmax.getPowerError(row);
    double power = softmax.getPower(row);
    auto decide = [&](double known, double valueError, double powerError) {
      bool isCertain = power == 0.0 ? powerError == 0.0 : power > powerError;
      if (!std::isfinite(values[at]) && !isCertain)
        return kInfinity;
      return valueError == kInfinity ? kInfinity : known;
    };
    error = forEachBound(decide, error, valueError, powerError);
  }
}

LogicalResult ScaledDotProductAttentionOp::evaluate(Evaluation &e) {
  return AttentionEvaluator(e, *this).run();
}
