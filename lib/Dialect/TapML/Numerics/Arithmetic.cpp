//===- Arithmetic.cpp - How well a place computes -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Numerics/Arithmetic.h"
#include <algorithm>
#include <limits>

using namespace mlir;
using namespace tapml;

FloatFormat FloatFormat::get(Type type) {
  if (type.isF16())
    return {0x1p-11, 0x1p-14, 0x1p-24, 0x1.ffep15};
  if (type.isBF16())
    return {0x1p-8, 0x1p-126, 0x1p-133, 0x1.ffp127};
  if (type.isF64())
    return {0x1p-53, 0x1p-1022, 0x0.0000000000001p-1022,
            std::numeric_limits<double>::infinity()};
  return f32();
}

Arithmetic Arithmetic::source() {
  Arithmetic arithmetic;
  // PyTorch's vectorised kernels: roots are up to 0.75 units off (measured).
  arithmetic.squareRoot = 1.0;
  // Its gelu evaluates erf(x) by formula 7.1.26 of Abramowitz and Stegun,
  // "Handbook of Mathematical Functions": 1 - t exp(-x^2) P(t) with
  // t = 1 / (1 + p x), which is 1.5e-7 off. The subtrahend is largest at 0, 1,
  // where its roundings add up to 13.1 units: two of t, each times
  // 1 + P'(1) / P(1) = 3.44, the four of P by Horner's rule 0.39 + 1.03 + 0.75
  // + 1, that of exp 2 and the last product's 1.
  arithmetic.geluErf = 1.5e-7 + 13.1 * FloatFormat::f32().unitRoundoff;
  arithmetic.saturatesCasts = false;
  // Masks are added, which makes NaN of infinite scores that they hide, and the
  // fused kernel takes a row of NaN for one that is all masked.
  arithmetic.attentionKeepsNonFinite = false;
  return arithmetic;
}

Arithmetic Arithmetic::get(ProfileAttr profile) {
  Arithmetic arithmetic;
  switch (profile.getKind()) {
  case TargetKind::Host:
    return arithmetic;
  case TargetKind::Vulkan:
    // Vulkan 1.3, "Precision and Operation of SPIR-V Instructions", and
    // WebGPU Shading Language, "Floating Point Accuracy", which says the same:
    // a square root is 1 / inverseSqrt (2 ULP).
  case TargetKind::WebGPU:
    arithmetic.division = 2.5;
    arithmetic.squareRoot = 4.5;
    arithmetic.limitsDivisors = true;
    break;
  case TargetKind::Metal:
    // Metal Shading Language 3, "Relative Error as ULPs" without fast maths:
    // correctly rounded.
    break;
  }
  arithmetic.flushesSubnormals = true;
  arithmetic.promisesNonFinite = false;
  return arithmetic;
}

ErrorBound Arithmetic::accumulate(int64_t roundings) const {
  double n = static_cast<double>(std::max<int64_t>(roundings, 0));
  double u = FloatFormat::f32().unitRoundoff;
  double worst = n * u < 1.0 ? n * u / (1.0 - n * u)
                             : std::numeric_limits<double>::infinity();
  return {std::min(lambda * std::sqrt(n) * u, worst), worst};
}
