//===- Envelope.h - How far a sound run may drift ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_ENVELOPE_H
#define TAPML_LIB_MIGRATION_ENVELOPE_H

#include "ModelData.h"
#include "tapml/Dialect/TapML/Numerics/Evaluate.h"
#include "llvm/ADT/StringMap.h"

namespace tapml {

/// What one value is in a float64 run of the whole model, and the largest root
/// mean square by which a perturbed run differed from it.
struct Boundary {
  Estimate clean;
  double largest = 0;
};

/// The boundaries of one sample.
struct Envelope {
  /// By operator instance and, for the model, by number of the output.
  llvm::StringMap<Boundary> operators;
  std::vector<Boundary> outputs;
  /// Number of perturbed runs.
  unsigned runs = 0;

  /// The root mean square by which a sound run may differ at `boundary`.
  double getAllowed(const Boundary &boundary) const;
};

/// Returns the root mean square of `a - b` over the elements: zero where both
/// are equal or NaN, infinite if only one of them is finite somewhere. Integers
/// count as numbers. Without `specials`, elements where `b` is not finite may
/// be anything.
double getDistance(const Estimate &a, const Estimate &b, bool specials = true);

/// Returns the largest absolute difference of two elements.
double getLargestDifference(const Estimate &a, const Estimate &b);

/// Returns the identity of an operator of a graph, the first where there are
/// several.
std::optional<llvm::StringRef> getInstance(mlir::Operation *op);

/// Envelopes of the samples of a model, computed when they are first needed:
/// the model is run in float64, once as it is and several times with the
/// floating-point results of every operator perturbed at random within their
/// bounds. With R the largest root mean square by which a perturbed run differs
/// from the clean one, n elements and K perturbed runs, a value may be
///
///   R sqrt(3) (1 + 3 / sqrt(2 n K))
///
/// away: perturbations are uniform, so that their root mean square is the bound
/// over sqrt(3); the last factor is three standard deviations of a root mean
/// square estimated from n K numbers.
///
/// Where few elements carry most of the error, n is in effect smaller, and few
/// runs say little: what a few runs call drift is asked of many.
class Envelopes {
public:
  static constexpr unsigned kRuns = 3, kManyRuns = 64;

  Envelopes(const ModelData &data, Arithmetic arithmetic)
      : data(data), arithmetic(arithmetic), samples(data.getNumSamples()) {}

  /// The envelope of `sample`, from at least `kRuns` runs. Fails with a
  /// diagnostic where the model cannot be evaluated.
  llvm::FailureOr<const Envelope *> get(int64_t sample);
  /// The same from `kManyRuns` runs.
  llvm::FailureOr<const Envelope *> getFromMany(int64_t sample);

private:
  llvm::FailureOr<const Envelope *> extend(int64_t sample, unsigned runs);

  const ModelData &data;
  Arithmetic arithmetic;
  std::vector<std::unique_ptr<Envelope>> samples;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_ENVELOPE_H
