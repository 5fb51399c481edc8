//===- Rows.cpp - Sums, softmax and normalisation of one row --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rows.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

static constexpr double kU = FloatFormat::f32().unitRoundoff;
static constexpr double kOverflow = FloatFormat::f32().overflow;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Rounded SumOfTerms::get(const Arithmetic &arithmetic) const {
  if (!std::isfinite(sum))
    return {sum, carried};
  ErrorBound rounding = arithmetic.accumulate(count - 1);
  double underflow =
      arithmetic.flushesSubnormals ? count * arithmetic.getUnderflow() : 0.0;
  bool cancels = magnitude - std::fabs(sum) > 0x1p-40 * magnitude;
  auto getError = [&](double relative, double error) {
    // Positive and negative terms that overflow may meet as a NaN.
    double larger = (magnitude + std::fabs(sum)) / 2 + error;
    if (cancels && larger * (1 + relative) >= kOverflow)
      return kInfinity;
    return relative * (magnitude + error) + error + underflow;
  };
  return {sum, forEachBound(getError, rounding, carried)};
}

Rounded tapml::detail::divide(const Arithmetic &arithmetic, const Rounded &sum,
                              int64_t count) {
  double divisor = static_cast<double>(count);
  double value = sum.value / divisor;
  if (!std::isfinite(value))
    return {value, sum.error};
  return {value, forEachBound(
                     [&](double error) {
                       if (std::fabs(sum.value) + error >= kOverflow)
                         return kInfinity;
                       error /= divisor;
                       return error + arithmetic.round(std::fabs(value) + error,
                                                       arithmetic.division);
                     },
                     sum.error)};
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

void SoftmaxRow::clear() {
  scores.clear();
  errors.clear();
}

void SoftmaxRow::add(double score, ErrorBound error) {
  scores.push_back(score);
  errors.push_back(error);
}

/// Finds out whether all shares are one special value, and whether it is
/// certain: an infinity or NaN without an error decides, whatever else there
/// is.
void SoftmaxRow::findSpecial(double largest, bool maskedIsZero) {
  hasSpecial = !std::isfinite(largest);
  if (!hasSpecial)
    return;
  bool isMasked = largest == -kInfinity;
  special.value = isMasked && maskedIsZero ? 0.0 : std::nan("");
  auto decide = [&](auto get) {
    auto isCertain = [&](size_t i) { return get(errors[i]) == 0.0; };
    auto indices = llvm::seq<size_t>(0, scores.size());
    // A row of minus infinities needs all of them to be certain.
    if (isMasked)
      return llvm::all_of(indices, isCertain) ? 0.0 : kInfinity;
    return llvm::any_of(indices,
                        [&](size_t i) {
                          return !(scores[i] < kInfinity) && isCertain(i);
                        })
               ? 0.0
               : kInfinity;
  };
  special.error = {decide([](ErrorBound error) { return error.bound; }),
                   decide([](ErrorBound error) { return error.worst; })};
}

/// Returns exp(x) - 1 for x >= 0, or a little more: for small numbers, most of
/// them, without the function.
static double getGrowth(double x) {
  return x < 0x1p-10 ? x * (1 + x) : std::expm1(x);
}

void SoftmaxRow::compute(const Arithmetic &arithmetic, bool maskedIsZero,
                         const FloatFormat *stored) {
  double largest = -kInfinity;
  ErrorBound largestError;
  for (auto [i, score] : llvm::enumerate(scores)) {
    // A NaN stays.
    if (!(score <= largest) && !std::isnan(largest))
      largest = score;
    largestError =
        forEachBound([](double a, double b) { return std::max(a, b); },
                     largestError, errors[i]);
  }
  findSpecial(largest, maskedIsZero);
  if (hasSpecial)
    return;

  powers.resize(scores.size());
  powerErrors.resize(scores.size());
  sum = 0.0;
  carried = {};
  for (auto [i, score] : llvm::enumerate(scores)) {
    double distance = largest - score, power = std::exp(-distance);
    powers[i] = power;
    sum += power;
    powerErrors[i] = forEachBound(
        [&](double error, double largestError) {
          if (error == kInfinity)
            return kInfinity;
          if (distance == kInfinity && error == 0.0)
            return 0.0;
          // A common error of the largest score cancels; beyond exp(200) a
          // share may be anything from 0 to 1.
          error += arithmetic.round(distance + error + largestError);
          double moved = power * getGrowth(std::min(error, 200.0));
          moved += arithmetic.round(power + moved, arithmetic.exp);
          return stored ? moved + arithmetic.store(*stored, power + moved)
                        : moved;
        },
        errors[i], largestError);
    carried = carried + powerErrors[i];
  }
}

Rounded SoftmaxRow::getShare(const Arithmetic &arithmetic, int64_t i) const {
  if (hasSpecial)
    return special;
  double share = powers[i] / sum;
  auto getError = [&](double powerError, double sumError, double relative) {
    if (sumError == kInfinity)
      return kInfinity;
    if (powers[i] == 0.0 && powerError == 0.0)
      return 0.0;
    sumError += relative * (sum + sumError);
    // A share is at most 1 whatever its errors are.
    double error = 1.0;
    if (sumError < sum)
      error =
          std::min(error, (powerError + share * sumError) / (sum - sumError));
    return error + arithmetic.round(share + error, arithmetic.division);
  };
  return {share, forEachBound(getError, powerErrors[i], carried,
                              arithmetic.accumulate(scores.size() - 1))};
}

//===----------------------------------------------------------------------===//
// Normalisation
//===----------------------------------------------------------------------===//

Rounded NormalizedRow::getCentred(int64_t i) const {
  double centred = elements[start + i] - mean.value;
  return {centred, forEachBound(
                       [&](double error, double meanError) {
                         return error + arithmetic.round(std::fabs(centred) +
                                                         error + meanError);
                       },
                       x->getBound(start + i), mean.error)};
}

void NormalizedRow::compute(const Estimate &x, int64_t start, int64_t count) {
  this->x = &x;
  this->start = start;
  this->count = count;
  elements = x.getFloats();
  isSpecial = false;

  SumOfTerms sum;
  for (int64_t i = start; i < start + count; ++i)
    sum.add(elements[i], x.getBound(i));
  mean = divide(arithmetic, sum.get(arithmetic), count);
  double n = static_cast<double>(count);
  auto setSpecial = [&](ErrorBound error) {
    isSpecial = true;
    specialError = error;
  };
  if (!std::isfinite(mean.value)) {
    // An infinite element minus an infinite mean is NaN, and with it all.
    factor.value = std::nan("");
    return setSpecial(mean.error);
  }
  // The mean may be computed element by element, where each step underflows.
  double underflow = n * arithmetic.getUnderflow();
  mean.error = {mean.error.bound + underflow, mean.error.worst + underflow};

  // The sum of (c_i - d + h_i)^2, with the mean off by d and each centred
  // element beside that by h_i; the centred elements c_i sum to zero.
  double squares = 0.0;
  ErrorBound first, errors, errorSquares;
  for (int64_t i = 0; i < count; ++i) {
    Rounded centred = getCentred(i);
    double magnitude = std::fabs(centred.value);
    squares += magnitude * magnitude;
    auto accumulate = [&](double &sum, double &square, double &plain,
                          double error) {
      sum += magnitude * error;
      square += error * error;
      plain += error;
    };
    accumulate(first.bound, errorSquares.bound, errors.bound,
               centred.error.bound);
    accumulate(first.worst, errorSquares.worst, errors.worst,
               centred.error.worst);
  }
  double shifted = squares / n + epsilon, root = std::sqrt(shifted);
  factor.value = 1 / root;
  if (sum.mayOverflow() || !(squares < kOverflow / 2))
    return setSpecial({kInfinity, kInfinity});
  ErrorBound rounding = arithmetic.accumulate(count);
  auto getFactorError = [&](double relative, double meanError, double first,
                            double errors, double errorSquares) {
    double error = n * meanError * meanError + 2 * first +
                   2 * meanError * errors + errorSquares;
    error += relative * (squares + error) + underflow;
    error = error / n +
            arithmetic.round((squares + error) / n, arithmetic.division);
    error += kU * epsilon + arithmetic.round(shifted + error);
    // A variance is never negative.
    double least = std::max(shifted - error, epsilon * (1 - 2 * kU));
    if (least <= 0.0)
      return kInfinity;
    double largest = 1 / std::sqrt(least);
    double leastRoot = std::sqrt(least);
    error = largest - 1 / root;
    return error +
           largest * arithmetic.round(leastRoot, arithmetic.squareRoot) /
               leastRoot +
           arithmetic.round(largest, arithmetic.division);
  };
  factor.error = forEachBound(getFactorError, rounding, mean.error, first,
                              errors, errorSquares);
}

Rounded NormalizedRow::getElement(int64_t i, const Estimate *weight,
                                  const Estimate *bias) const {
  Rounded centred = getCentred(i);
  double normalized = centred.value * factor.value;
  double scale = weight ? weight->getFloats()[i] : 1.0;
  double shift = bias ? bias->getFloats()[i] : 0.0;
  double value = normalized * scale + shift;
  ErrorBound scaleError = weight ? weight->getBound(i) : ErrorBound();
  ErrorBound shiftError = bias ? bias->getBound(i) : ErrorBound();
  if (isSpecial)
    return {value, specialError};
  auto getError = [&](double centredError, double meanError, double factorError,
                      double scaleError, double shiftError) {
    double error = carryProduct(centred.value, centredError + meanError,
                                factor.value, factorError);
    error += arithmetic.round(std::fabs(normalized) + error);
    if (weight) {
      error = carryProduct(normalized, error, scale, scaleError);
      error += arithmetic.round(std::fabs(normalized * scale) + error);
    }
    if (bias)
      error += shiftError + arithmetic.round(std::fabs(value) + error);
    return error;
  };
  ErrorBound error = forEachBound(getError, centred.error, mean.error,
                                  factor.error, scaleError, shiftError);
  // Parameters that are not finite decide, unless what they meet is zero.
  if (!std::isfinite(value) && std::isfinite(factor.value)) {
    bool isCertain = scaleError.worst == 0.0 && shiftError.worst == 0.0 &&
                     (std::isfinite(scale) || normalized != 0.0);
    error = isCertain ? ErrorBound() : ErrorBound{kInfinity, kInfinity};
  }
  return {value, error};
}
