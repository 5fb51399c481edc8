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

/// Calls `visit` with the difference of every two elements, and the second:
/// zero where both are equal or NaN, infinite where only one is a finite
/// number.
static void visitDifferences(const Estimate &a, const Estimate &b,
                             llvm::function_ref<void(double, double)> visit) {
  auto visitOne = [&](double x, double y) {
    if (x == y || (std::isnan(x) && std::isnan(y)))
      return visit(0, y);
    double difference = std::fabs(x - y);
    visit(std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                 : difference,
          y);
  };
  if (a.isFloat())
    for (auto [x, y] : zip(a.getFloats(), b.getFloats()))
      visitOne(x, y);
  else
    for (auto [x, y] : zip(a.getIntegers(), b.getIntegers()))
      visitOne(double(x), double(y));
}

double tapml::getDistance(const Estimate &a, const Estimate &b, bool specials) {
  double sum = 0;
  visitDifferences(a, b, [&](double x, double expected) {
    if (specials || std::isfinite(expected))
      sum += x * x;
  });
  int64_t count = a.getNumElements();
  return count ? std::sqrt(sum / double(count)) : 0;
}

double tapml::getLargestDifference(const Estimate &a, const Estimate &b) {
  double largest = 0;
  visitDifferences(a, b,
                   [&](double x, double) { largest = std::max(largest, x); });
  return largest;
}

double Envelope::getAllowed(const Boundary &boundary) const {
  double count = double(boundary.clean.getNumElements()) * runs;
  if (count == 0)
    return 0;
  return boundary.largest * std::sqrt(3.0) * (1 + 3 / std::sqrt(2 * count));
}

FailureOr<const Envelope *> Envelopes::get(int64_t sample) {
  return extend(sample, kRuns);
}

FailureOr<const Envelope *> Envelopes::getFromMany(int64_t sample) {
  return extend(sample, kManyRuns);
}

/// Runs the model until the envelope is one of `runs` perturbed runs.
FailureOr<const Envelope *> Envelopes::extend(int64_t sample, unsigned runs) {
  std::unique_ptr<Envelope> &envelope = samples[sample];
  if (envelope && envelope->runs >= runs)
    return envelope.get();
  std::vector<Estimate> arguments;
  for (const HostTensor &input : data.getSample(sample).inputs)
    arguments.push_back(Estimate::exact(input));

  EvaluationOptions options;
  options.arithmetic = arithmetic;
  options.propagate = false;
  options.weights = [&](GlobalOp global) { return data.getWeight(global); };
  auto note = [&](Boundary &boundary, const Estimate &value) {
    if (!options.perturbation)
      boundary.clean = value.withoutBounds();
    else
      boundary.largest =
          std::max(boundary.largest, getDistance(value, boundary.clean));
  };
  auto evaluate = [&](Envelope &envelope) -> LogicalResult {
    options.observer = [&](Operation *op, ArrayRef<Estimate>,
                           MutableArrayRef<Estimate> results) {
      if (std::optional<StringRef> instance = getInstance(op))
        for (const Estimate &result : results)
          note(envelope.operators[*instance], result);
      return success();
    };
    FailureOr<SmallVector<Estimate>> outputs =
        evaluateFunction(data.getFunction(), arguments, options);
    if (failed(outputs))
      return failure();
    envelope.outputs.resize(outputs->size());
    for (auto [boundary, output] : zip(envelope.outputs, *outputs))
      note(boundary, output);
    return success();
  };
  if (!envelope) {
    auto clean = std::make_unique<Envelope>();
    if (failed(evaluate(*clean)))
      return failure();
    envelope = std::move(clean);
  }
  while (envelope->runs < runs) {
    options.perturbation = envelope->runs + 1;
    if (failed(evaluate(*envelope)))
      return failure();
    ++envelope->runs;
  }
  return envelope.get();
}
