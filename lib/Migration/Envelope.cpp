//===- Envelope.cpp - How far a sound run may drift -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Envelope.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace tapml;

std::optional<StringRef> tapml::getInstance(Operation *op) {
  auto instances = op->getAttrOfType<ArrayAttr>("instance");
  if (!instances || instances.empty())
    return std::nullopt;
  return cast<StringAttr>(instances[0]).getValue();
}

/// Calls `visit` with the difference of every two elements: zero where both are
/// equal or NaN, infinite where only one is a finite number.
static void visitDifferences(const Estimate &a, const Estimate &b,
                             llvm::function_ref<void(double)> visit) {
  auto visitOne = [&](double x, double y) {
    if (x == y || (std::isnan(x) && std::isnan(y)))
      return visit(0);
    double difference = std::fabs(x - y);
    visit(std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                 : difference);
  };
  if (a.isFloat())
    for (auto [x, y] : zip(a.getFloats(), b.getFloats()))
      visitOne(x, y);
  else
    for (auto [x, y] : zip(a.getIntegers(), b.getIntegers()))
      visitOne(double(x), double(y));
}

double tapml::getDistance(const Estimate &a, const Estimate &b) {
  double sum = 0;
  visitDifferences(a, b, [&](double x) { sum += x * x; });
  int64_t count = a.getNumElements();
  return count ? std::sqrt(sum / double(count)) : 0;
}

double tapml::getLargestDifference(const Estimate &a, const Estimate &b) {
  double largest = 0;
  visitDifferences(a, b, [&](double x) { largest = std::max(largest, x); });
  return largest;
}

FailureOr<const Envelope *> Envelopes::get(int64_t number) {
  std::unique_ptr<Envelope> &slot = samples[number];
  if (slot)
    return slot.get();
  auto envelope = std::make_unique<Envelope>();
  std::vector<Estimate> arguments;
  for (const HostTensor &input : data.getSample(number).inputs)
    arguments.push_back(Estimate::exact(input));

  bool perturbed = false;
  EvaluationOptions options;
  options.arithmetic = arithmetic;
  options.propagate = false;
  options.weights = [&](GlobalOp global) { return data.getWeight(global); };
  auto note = [&](Boundary &boundary, const Estimate &value) {
    if (!perturbed)
      boundary.clean = value.withoutBounds();
    else
      boundary.allowed =
          std::max(boundary.allowed, getDistance(value, boundary.clean));
  };
  options.observer = [&](Operation *op, ArrayRef<Estimate>,
                         MutableArrayRef<Estimate> results) {
    if (std::optional<StringRef> instance = getInstance(op))
      for (const Estimate &result : results)
        note(envelope->operators[*instance], result);
    return success();
  };
  for (unsigned run = 0; run <= kRuns; ++run) {
    perturbed = run > 0;
    if (perturbed)
      options.perturbation = run;
    FailureOr<SmallVector<Estimate>> outputs =
        evaluateFunction(data.getFunction(), arguments, options);
    if (failed(outputs))
      return failure();
    envelope->outputs.resize(outputs->size());
    for (auto [boundary, output] : zip(envelope->outputs, *outputs))
      note(boundary, output);
  }
  auto widen = [](Boundary &boundary) {
    double count = double(boundary.clean.getNumElements()) * kRuns;
    if (count > 0)
      boundary.allowed *= std::sqrt(3.0) * (1 + 3 / std::sqrt(2 * count));
  };
  for (auto &entry : envelope->operators)
    widen(entry.second);
  llvm::for_each(envelope->outputs, widen);
  slot = std::move(envelope);
  return slot.get();
}
