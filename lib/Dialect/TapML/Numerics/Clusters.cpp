//===- Clusters.cpp - What wrong elements have in common ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Clusters.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace tapml;

/// Returns the places of one dimension at which elements failed, in order.
static std::vector<int64_t> getPlaces(ArrayRef<int64_t> failed, int64_t stride,
                                      int64_t size) {
  std::vector<bool> seen(size);
  for (int64_t element : failed)
    seen[element / stride % size] = true;
  std::vector<int64_t> places;
  for (int64_t place = 0; place < size; ++place)
    if (seen[place])
      places.push_back(place);
  return places;
}

/// Describes places of a dimension, or nothing where they say nothing.
static std::string describePlaces(ArrayRef<int64_t> places, int64_t dim,
                                  int64_t size) {
  int64_t count = places.size(), first = places.front(), last = places.back();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "all at ";
  if (count == 1) {
    os << "index " << first << " of dimension " << dim;
    if (last == size - 1)
      os << ", the last";
    else if (first == 0)
      os << ", the first";
    return text;
  }
  if (last - first + 1 == count) {
    os << "indices " << first << " to " << last << " of dimension " << dim;
    if (last == size - 1)
      os << ", the last " << count;
    else if (first == 0)
      os << ", the first " << count;
    return text;
  }
  int64_t step = places[1] - first;
  bool isRegular = true;
  for (int64_t i = 1; i < count; ++i)
    isRegular &= places[i] - places[i - 1] == step;
  if (isRegular && count > 2) {
    os << "indices " << first << ", " << first + step << ", "
       << first + 2 * step << (count > 3 ? ", ..." : "") << " of dimension "
       << dim;
    return text;
  }
  if (2 * count > size)
    return "";
  os << count << " of the " << size << " indices of dimension " << dim << ": ";
  llvm::interleaveComma(places.take_front(8), os);
  if (count > 8)
    os << ", ...";
  return text;
}

/// Appends where in the tensor the elements are.
static void findPlaces(ArrayRef<int64_t> shape, ArrayRef<int64_t> failed,
                       std::vector<std::string> &clusters) {
  int64_t stride = 1, box = 1;
  std::vector<std::string> found;
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    std::vector<int64_t> places = getPlaces(failed, stride, shape[dim]);
    box *= places.size();
    if (static_cast<int64_t>(places.size()) < shape[dim])
      if (std::string text = describePlaces(places, dim, shape[dim]);
          !text.empty())
        found.push_back(text);
    stride *= shape[dim];
  }
  if (static_cast<int64_t>(failed.size()) == stride) {
    clusters.push_back("all elements");
    return;
  }
  llvm::append_range(clusters, llvm::reverse(found));
  if (!found.empty() && static_cast<int64_t>(failed.size()) == box)
    clusters.push_back("every element there");
}

/// Appends whether only the largest or only the smallest elements failed.
static void findMagnitudes(ArrayRef<int64_t> failed, ArrayRef<double> expected,
                           std::vector<std::string> &clusters) {
  double least = INFINITY, most = 0.0;
  for (int64_t element : failed) {
    least = std::min(least, std::fabs(expected[element]));
    most = std::max(most, std::fabs(expected[element]));
  }
  int64_t numAbove = 0, numBelow = 0;
  for (double value : expected) {
    numAbove += std::fabs(value) >= least;
    numBelow += std::fabs(value) <= most;
  }
  // Nearly all elements of that size, and most of the tensor is not.
  int64_t count = failed.size(), all = expected.size();
  auto isCluster = [&](int64_t number) {
    return number <= count + count / 4 && 2 * number <= all;
  };
  std::string text;
  llvm::raw_string_ostream os(text);
  if (isCluster(numAbove))
    os << "the largest magnitudes, from " << llvm::format("%.6g", least)
       << " on";
  else if (isCluster(numBelow))
    os << "the smallest magnitudes, up to " << llvm::format("%.6g", most);
  if (!text.empty())
    clusters.push_back(text);
}

/// Appends what the elements are instead of what they should be.
static void findValues(ArrayRef<int64_t> failed, ArrayRef<double> expected,
                       ArrayRef<double> got,
                       std::vector<std::string> &clusters) {
  if (llvm::all_of(got, [](double value) { return std::isnan(value); })) {
    clusters.push_back("all are NaN");
    return;
  }
  if (failed.size() < 2)
    return;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (llvm::all_of(got, [&](double value) { return value == got.front(); })) {
    os << "all are " << llvm::format("%.9g", got.front());
    clusters.push_back(text);
    return;
  }
  double ratio = got.front() / expected[failed.front()];
  bool isFactor = std::isfinite(ratio) && std::fabs(ratio - 1) > 1e-3;
  for (auto [element, value] : llvm::zip_equal(failed, got))
    isFactor &=
        std::fabs(value - ratio * expected[element]) <= 1e-4 * std::fabs(value);
  if (!isFactor)
    return;
  os << "all are " << llvm::format("%.6g", ratio)
     << " times what they should be";
  clusters.push_back(text);
}

std::vector<std::string> tapml::detail::findClusters(ArrayRef<int64_t> shape,
                                                     ArrayRef<int64_t> failed,
                                                     ArrayRef<double> expected,
                                                     ArrayRef<double> got) {
  std::vector<std::string> clusters;
  findPlaces(shape, failed, clusters);
  if (failed.size() < expected.size())
    findMagnitudes(failed, expected, clusters);
  findValues(failed, expected, got, clusters);
  return clusters;
}
