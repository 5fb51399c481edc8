//===- Compare.cpp - Whether a tensor is what it should be ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "Clusters.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <array>

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Elements that are converted at a time: they stay in the cache.
static constexpr int64_t kBlock = 1024;

StringRef tapml::stringifyVerdict(Verdict verdict) {
  switch (verdict) {
  case Verdict::Pass:
    return "pass";
  case Verdict::Fail:
    return "fail";
  case Verdict::ProvenFault:
    return "proven fault";
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

namespace {
/// Gathers the statistics of a tensor a block at a time.
class RangeBuilder {
public:
  /// `smallestNormal` is zero for types without subnormal numbers.
  explicit RangeBuilder(double smallestNormal)
      : smallestNormal(smallestNormal) {}

  template <typename T> void add(const T *elements, int64_t count) {
    stats.elements += count;
    // Several sums at once: one would wait for itself at each element.
    std::array<Sums, kSums> all;
    forEachSum(elements, count, [&](int which, double x) {
      Sums &sums = all[which];
      bool isFinite = std::fabs(x) < kInfinity;
      sums.finite += isFinite;
      sums.nan += x != x;
      sums.subnormals += x != 0.0 && std::fabs(x) < smallestNormal;
      sums.sum += isFinite ? x : 0.0;
      sums.low = isFinite && x < sums.low ? x : sums.low;
      sums.high = isFinite && x > sums.high ? x : sums.high;
    });
    int64_t finite = 0, nan = 0;
    double sum = 0.0, squares = 0.0;
    for (const Sums &sums : all) {
      finite += sums.finite;
      nan += sums.nan;
      stats.subnormals += sums.subnormals;
      sum += sums.sum;
      lowest = std::min(lowest, sums.low);
      highest = std::max(highest, sums.high);
    }
    stats.nan += nan;
    stats.infinities += count - finite - nan;
    if (finite == 0)
      return;
    // The block's mean and squares, joined with those before it.
    double mean = sum / static_cast<double>(finite);
    std::array<double, kSums> parts{};
    forEachSum(elements, count, [&](int which, double x) {
      parts[which] += std::fabs(x) < kInfinity ? (x - mean) * (x - mean) : 0.0;
    });
    for (double part : parts)
      squares += part;
    double n = static_cast<double>(total), m = static_cast<double>(finite);
    double distance = mean - meanOfAll;
    meanOfAll += distance * m / (n + m);
    squaresOfAll += squares + distance * distance * n * m / (n + m);
    total += finite;
  }

  RangeStats get() {
    if (total == 0)
      return stats;
    stats.min = lowest;
    stats.max = highest;
    stats.mean = meanOfAll;
    stats.variance = squaresOfAll / static_cast<double>(total);
    stats.largestMagnitude = std::max(std::fabs(lowest), std::fabs(highest));
    return stats;
  }

private:
  static constexpr int kSums = 4;
  struct Sums {
    int64_t finite = 0, subnormals = 0, nan = 0;
    double sum = 0.0, low = kInfinity, high = -kInfinity;
  };

  /// Calls `f(sum, x)` for each element, one sum after the other.
  template <typename T, typename F>
  static void forEachSum(const T *elements, int64_t count, F &&f) {
    int64_t i = 0;
    for (; i + kSums <= count; i += kSums)
      for (int which = 0; which < kSums; ++which)
        f(which, static_cast<double>(elements[i + which]));
    for (; i < count; ++i)
      f(0, static_cast<double>(elements[i]));
  }

  RangeStats stats;
  double smallestNormal;
  double lowest = kInfinity, highest = -kInfinity;
  double meanOfAll = 0.0, squaresOfAll = 0.0;
  int64_t total = 0;
};
} // namespace

static double getSmallestNormal(Type type) {
  return isa<FloatType>(type) ? FloatFormat::get(type).smallestNormal : 0.0;
}

RangeStats RangeStats::get(const HostTensor &tensor) {
  RangeBuilder builder(getSmallestNormal(tensor.getElementType()));
  double floats[kBlock];
  int64_t integers[kBlock];
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; i += kBlock) {
    int64_t count = std::min(kBlock, n - i);
    if (tensor.isFloat()) {
      tensor.read(i, count, floats);
      builder.add(floats, count);
    } else {
      tensor.read(i, count, integers);
      builder.add(integers, count);
    }
  }
  return builder.get();
}

RangeStats RangeStats::get(const Estimate &estimate) {
  RangeBuilder builder(getSmallestNormal(estimate.getElementType()));
  auto addAll = [&](auto elements) {
    for (size_t i = 0; i < elements.size(); i += kBlock)
      builder.add(elements.data() + i,
                  std::min<int64_t>(kBlock, elements.size() - i));
  };
  if (estimate.isFloat())
    addAll(estimate.getFloats());
  else
    addAll(estimate.getIntegers());
  return builder.get();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Returns which share of `bound` a float uses up that should be `expected`:
/// at most 1 if it passes.
static double getShare(const FloatFormat &format, double expected, double got,
                       double bound) {
  if (bound == kInfinity || got == expected ||
      (std::isnan(got) && std::isnan(expected)))
    return 0.0;
  double distance = std::fabs(got - expected);
  // An infinite result that the bound reaches counts as the number next to the
  // largest finite one.
  if (std::isinf(got) && std::isfinite(expected) &&
      std::signbit(got) == std::signbit(expected))
    distance = format.overflow - std::fabs(expected);
  if (!(distance < kInfinity))
    return kInfinity;
  return distance <= bound ? std::min(distance / bound, 1.0)
                           : (bound > 0.0 ? distance / bound : kInfinity);
}

/// The same for integers and booleans.
static double getShare(const FloatFormat &, int64_t expected, int64_t got,
                       double bound) {
  if (bound == kInfinity || got == expected)
    return 0.0;
  double distance =
      std::fabs(static_cast<double>(got) - static_cast<double>(expected));
  return bound > 0.0 ? distance / bound : kInfinity;
}

static std::string print(double number) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (std::isnan(number))
    os << "nan";
  else if (std::isinf(number))
    os << (number < 0 ? "-inf" : "inf");
  else
    os << llvm::format("%.9g", number);
  return text;
}

static std::string print(int64_t number) { return std::to_string(number); }

/// Returns `element` of a tensor of `shape` as coordinates.
static SmallVector<int64_t, 4> getIndex(ArrayRef<int64_t> shape,
                                        int64_t element) {
  SmallVector<int64_t, 4> index(shape.size());
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    index[dim] = element % shape[dim];
    element /= shape[dim];
  }
  return index;
}

namespace {
/// Compares elements of type T (double or int64_t).
template <typename T> class Comparer {
public:
  Comparer(const Estimate &expected, const HostTensor &got,
           ArrayRef<T> expectedElements, Comparison &comparison)
      : expected(expected), got(got), expectedElements(expectedElements),
        comparison(comparison),
        format(FloatFormat::get(expected.getElementType())) {}

  void run();

private:
  ElementComparison describe(int64_t element) const;
  T getGot(int64_t element) const {
    T value;
    got.read(element, 1, &value);
    return value;
  }
  double getShareOf(int64_t element) const {
    return getShare(format, expectedElements[element], getGot(element),
                    expected.getBound(element).bound);
  }

  const Estimate &expected;
  const HostTensor &got;
  ArrayRef<T> expectedElements;
  Comparison &comparison;
  FloatFormat format;
};
} // namespace

template <typename T>
ElementComparison Comparer<T>::describe(int64_t element) const {
  ElementComparison result;
  result.index = getIndex(expected.getShape(), element);
  T e = expectedElements[element], g = getGot(element);
  ErrorBound bound = expected.getBound(element);
  result.expected = static_cast<double>(e);
  result.got = static_cast<double>(g);
  result.expectedText = print(e);
  result.gotText = print(g);
  result.bound = bound.bound;
  result.worst = bound.worst;
  result.share = getShare(format, e, g, bound.bound);
  result.shareOfWorst = getShare(format, e, g, bound.worst);
  double distance = std::fabs(result.got - result.expected);
  if (result.share == 0.0 && e == g)
    distance = 0.0;
  if (expected.isFloat())
    distance /= format.getUlp(std::fabs(result.expected));
  result.ulps = distance >= 0.0 ? distance : kInfinity;
  return result;
}

/// Returns whether all elements of a block pass and have smaller shares of the
/// bounds than those before them, which is all there is to know of most blocks.
/// `bounds` and `worst` are those of all blocks.
static bool staysBelow(const Comparison &comparison, ArrayRef<double> got,
                       ArrayRef<double> expected, ArrayRef<double> bounds,
                       ArrayRef<double> worst, int64_t begin) {
  if (bounds.empty())
    return false;
  double share = std::min(comparison.worstShare, 1.0);
  double shareOfWorst = std::min(comparison.worstShareOfWorst, 1.0);
  // One number for all, which unlike a jump at each leaves the loop simple.
  int64_t above = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double distance = std::fabs(got[i] - expected[i]);
    double bound = bounds[begin + i], limit = worst[begin + i];
    // False for whatever is not a number.
    bool isBelow = (distance <= share * bound) & (bound < kInfinity) &
                   (distance <= shareOfWorst * limit) & (limit < kInfinity);
    above += !isBelow;
  }
  return above == 0;
}

/// Integers are few, and most have no bounds.
static bool staysBelow(const Comparison &, ArrayRef<int64_t>, ArrayRef<int64_t>,
                       ArrayRef<double>, ArrayRef<double>, int64_t) {
  return false;
}

template <typename T> void Comparer<T>::run() {
  int64_t count = expectedElements.size();
  ArrayRef<double> bounds = expected.getBounds(), worst = expected.getWorst();
  RangeBuilder expectedRange(getSmallestNormal(expected.getElementType()));
  RangeBuilder gotRange(getSmallestNormal(expected.getElementType()));
  std::vector<int64_t> failed;
  int64_t worstElement = -1;
  T block[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    int64_t size = std::min(kBlock, count - begin);
    got.read(begin, size, block);
    expectedRange.add(expectedElements.data() + begin, size);
    gotRange.add(block, size);
    if (begin != 0 &&
        staysBelow(comparison, ArrayRef(block, size),
                   expectedElements.slice(begin, size), bounds, worst, begin))
      continue;
    for (int64_t i = 0; i < size; ++i) {
      int64_t at = begin + i;
      double bound = bounds.empty() ? 0.0 : bounds[at];
      double limit = worst.empty() ? 0.0 : worst[at];
      T e = expectedElements[at], g = block[i];
      comparison.free += bound == kInfinity;
      double share = getShare(format, e, g, bound);
      if (share > comparison.worstShare || worstElement < 0) {
        comparison.worstShare = share;
        worstElement = at;
      }
      double shareOfWorst = getShare(format, e, g, limit);
      comparison.worstShareOfWorst =
          std::max(comparison.worstShareOfWorst, shareOfWorst);
      comparison.proven += shareOfWorst > 1.0;
      if (share > 1.0)
        failed.push_back(at);
    }
  }
  comparison.expectedRange = expectedRange.get();
  comparison.gotRange = gotRange.get();
  comparison.failed = failed.size();
  if (worstElement >= 0)
    comparison.worst = describe(worstElement);
  if (failed.empty())
    return;

  comparison.verdict =
      comparison.proven != 0 ? Verdict::ProvenFault : Verdict::Fail;
  comparison.first = describe(failed.front());
  std::vector<double> all(expectedElements.begin(), expectedElements.end());
  std::vector<double> gotFailed;
  for (int64_t element : failed)
    gotFailed.push_back(static_cast<double>(getGot(element)));
  comparison.clusters =
      findClusters(expected.getShape(), failed, all, gotFailed);

  // The failed elements with the largest shares, of equal ones the first.
  std::vector<std::pair<double, int64_t>> shares;
  for (int64_t element : failed)
    shares.push_back({-getShareOf(element), element});
  size_t kept = std::min<size_t>(shares.size(), Comparison::Limit);
  std::partial_sort(shares.begin(), shares.begin() + kept, shares.end());
  for (size_t i = 0; i < kept; ++i)
    comparison.worstFailed.push_back(describe(shares[i].second));
}

Comparison tapml::compare(const Estimate &expected, const HostTensor &got) {
  Comparison comparison;
  comparison.elements = expected.getNumElements();
  if (expected.getElementType() != got.getElementType() ||
      expected.getShape() != got.getShape()) {
    llvm::raw_string_ostream os(comparison.mismatch);
    os << "should be "
       << RankedTensorType::get(expected.getShape(), expected.getElementType())
       << ", is "
       << RankedTensorType::get(got.getShape(), got.getElementType());
    comparison.verdict = Verdict::ProvenFault;
    comparison.expectedRange = RangeStats::get(expected);
    comparison.gotRange = RangeStats::get(got);
    return comparison;
  }
  if (expected.isFloat())
    Comparer<double>(expected, got, expected.getFloats(), comparison).run();
  else
    Comparer<int64_t>(expected, got, expected.getIntegers(), comparison).run();
  return comparison;
}
