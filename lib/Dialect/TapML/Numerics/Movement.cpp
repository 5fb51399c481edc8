//===- Movement.cpp - Elements that are moved, not computed ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Movement.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

/// Copies runs of `length` elements of `from` one after the other.
template <typename T>
static std::vector<T> copyRuns(ArrayRef<T> from, ArrayRef<int64_t> starts,
                               int64_t length) {
  std::vector<T> elements(starts.size() * length);
  T *next = elements.data();
  if (length == 1) {
    for (int64_t start : starts)
      *next++ = from[start];
    return elements;
  }
  for (int64_t start : starts)
    next = std::copy_n(from.data() + start, length, next);
  return elements;
}

/// As `copyRuns`, out of a tensor that need not be converted as a whole.
template <typename T>
static std::vector<T> readRuns(const HostTensor &from, ArrayRef<int64_t> starts,
                               int64_t length) {
  std::vector<T> elements(starts.size() * length);
  T *next = elements.data();
  for (int64_t start : starts) {
    from.read(start, length, next);
    next += length;
  }
  return elements;
}

Estimate tapml::detail::takeRuns(const Estimate &x, ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> starts, int64_t length) {
  std::vector<double> bounds, worst;
  if (!x.isExact()) {
    bounds = copyRuns(x.getBounds(), starts, length);
    worst = copyRuns(x.getWorst(), starts, length);
  }
  const HostTensor *tensor = x.getTensor();
  int64_t count = starts.size() * length;
  bool isPart = tensor && count < x.getNumElements();
  if (x.isFloat())
    return Estimate::floats(x.getElementType(), shape,
                            isPart ? readRuns<double>(*tensor, starts, length)
                                   : copyRuns(x.getFloats(), starts, length),
                            std::move(bounds), std::move(worst));
  return Estimate::integers(x.getElementType(), shape,
                            isPart ? readRuns<int64_t>(*tensor, starts, length)
                                   : copyRuns(x.getIntegers(), starts, length),
                            std::move(bounds), std::move(worst));
}

Estimate tapml::detail::takeStrided(const Estimate &x, ArrayRef<int64_t> shape,
                                    ArrayRef<int64_t> strides, int64_t offset) {
  // The last dimensions, as long as elements stay adjacent, are one run.
  int64_t length = 1;
  ArrayRef<int64_t> outer = shape;
  while (!outer.empty() && (strides.back() == length || outer.back() == 1)) {
    length *= outer.back();
    outer = outer.drop_back();
    strides = strides.drop_back();
  }
  std::vector<int64_t> starts(length == 0 ? 0 : getNumElements(outer));
  if (!starts.empty())
    forEachElement<1>(outer, {Shape(strides)},
                      [&](int64_t i, const std::array<int64_t, 1> &at) {
                        starts[i] = offset + at[0];
                      });
  return takeRuns(x, shape, starts, length);
}

/// Joins parts, given the elements of each and the length of its runs.
template <typename T>
static std::vector<T> join(ArrayRef<ArrayRef<T>> parts,
                           ArrayRef<int64_t> lengths, int64_t runs,
                           int64_t count) {
  std::vector<T> elements(count);
  T *next = elements.data();
  for (int64_t run = 0; run < runs; ++run)
    for (auto [part, length] : llvm::zip_equal(parts, lengths))
      next = std::copy_n(part.data() + run * length, length, next);
  return elements;
}

Estimate tapml::detail::joinRuns(ArrayRef<const Estimate *> parts,
                                 ArrayRef<int64_t> shape, int64_t dim) {
  int64_t runs = getNumElements(shape.take_front(dim));
  int64_t count = getNumElements(shape);
  SmallVector<int64_t> lengths;
  for (const Estimate *part : parts)
    lengths.push_back(getNumElements(part->getShape().drop_front(dim)));
  auto joinAll = [&](auto get) {
    using Elements = decltype(get(*parts.front()));
    SmallVector<Elements> elements;
    for (const Estimate *part : parts)
      elements.push_back(get(*part));
    return join(ArrayRef<Elements>(elements), lengths, runs, count);
  };

  std::vector<double> bounds, worst;
  if (!llvm::all_of(parts,
                    [](const Estimate *part) { return part->isExact(); })) {
    // Exact parts have bounds of zero beside others.
    std::vector<double> zeros;
    for (const Estimate *part : parts)
      zeros.resize(std::max<size_t>(zeros.size(), part->getNumElements()));
    auto orZeros = [&](const Estimate &part, ArrayRef<double> errors) {
      return part.isExact()
                 ? ArrayRef<double>(zeros).take_front(part.getNumElements())
                 : errors;
    };
    bounds = joinAll(
        [&](const Estimate &part) { return orZeros(part, part.getBounds()); });
    worst = joinAll(
        [&](const Estimate &part) { return orZeros(part, part.getWorst()); });
  }
  Type element = parts.front()->getElementType();
  if (parts.front()->isFloat())
    return Estimate::floats(element, shape, joinAll([](const Estimate &part) {
                              return part.getFloats();
                            }),
                            std::move(bounds), std::move(worst));
  return Estimate::integers(element, shape, joinAll([](const Estimate &part) {
                              return part.getIntegers();
                            }),
                            std::move(bounds), std::move(worst));
}
