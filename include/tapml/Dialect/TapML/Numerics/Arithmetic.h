//===- Arithmetic.h - How well a place computes -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_NUMERICS_ARITHMETIC_H
#define TAPML_DIALECT_TAPML_NUMERICS_ARITHMETIC_H

#include "mlir/IR/BuiltinTypes.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tapml {

/// A binary floating-point format.
struct FloatFormat {
  /// Half the distance between 1 and the next number.
  double unitRoundoff;
  double smallestNormal;
  double smallestSubnormal;
  /// Numbers from here on round to infinity.
  double overflow;

  static FloatFormat get(mlir::Type type);
  static constexpr FloatFormat f32() {
    return {0x1p-24, 0x1p-126, 0x1p-149, 0x1.ffffffp127};
  }

  /// Returns whether it is a form of storage, for results of f32 arithmetic.
  bool isNarrow() const { return unitRoundoff > f32().unitRoundoff; }

  /// Returns the distance between neighbouring numbers at `magnitude`.
  double getUlp(double magnitude) const {
    double normal = magnitude > smallestNormal ? magnitude : smallestNormal;
    uint64_t bits;
    std::memcpy(&bits, &normal, sizeof(bits));
    bits &= UINT64_C(0x7ff0000000000000);
    double power;
    std::memcpy(&power, &bits, sizeof(bits));
    return power * (2 * unitRoundoff);
  }
};

/// Two bounds on one error: `bound` holds with a probability next to one and
/// `worst` always. A result beyond the first is wrong, beyond the second it is
/// proven to be.
struct ErrorBound {
  double bound = 0.0;
  double worst = 0.0;
};

/// How exactly a place computes in f32: the errors of single operations in
/// units in the last place (0.5: correctly rounded), from which the bounds of
/// operators are derived.
struct Arithmetic {
  /// Number of standard deviations in the probabilistic bound of a sum (Higham
  /// and Mary 2019, "A New Approach to Probabilistic Rounding Error
  /// Analysis").
  double lambda = 6.0;

  double division = 0.5;
  double squareRoot = 0.5;
  /// The bounds that `tapml-expand-math` states; pow has `power` plus
  /// `powerPerLog` for each unit of |y log x|.
  double exp = 1.5;
  double log = 1.5;
  double tanh = 2.0;
  double erf = 2.0;
  double sine = 4.0;
  double power = 2.0;
  double powerPerLog = 3.0;
  /// Storing a result in a format narrower than f32.
  double narrowing = 0.5;
  /// Absolute error of the error function within gelu, beside `erf`.
  double geluErf = 0.0;

  /// Numbers whose magnitude is below the smallest normal number may be taken
  /// for zero, as operands and as results.
  bool flushesSubnormals = false;
  /// Division is only specified for divisors from 2^-126 to 2^126.
  bool limitsDivisors = false;
  /// Whether NaN and infinity behave as in IEEE 754.
  bool promisesNonFinite = true;
  /// Whether attention does so, too.
  bool attentionKeepsNonFinite = true;
  /// Whether operators store parts of their computation (roots, powers of
  /// softmax, scores and weights of attention) in the type of the result, where
  /// that is narrower than f32.
  bool storesParts = false;
  /// Whether a float that an integer type cannot hold becomes the nearest
  /// integer of the type, and NaN zero, when it is cast. Else it is anything.
  bool saturatesCasts = true;

  /// What a device of that profile promises.
  static Arithmetic get(ProfileAttr profile);
  /// Code for the host's processor.
  static Arithmetic host() { return Arithmetic(); }
  /// PyTorch's own kernels for the processor.
  static Arithmetic source();

  /// Returns the relative error that `roundings` operations in a row build up:
  /// lambda sqrt(n) u, or gamma_n = n u / (1 - n u) where that is less.
  ErrorBound accumulate(int64_t roundings) const;

  /// The largest error of an operation whose result underflows.
  double getUnderflow() const {
    FloatFormat format = FloatFormat::f32();
    return flushesSubnormals ? format.smallestNormal
                             : format.smallestSubnormal / 2;
  }

  /// Returns the error of a result of that magnitude that is computed to
  /// `ulps` units in the last place.
  double round(double magnitude, double ulps = 0.5) const {
    FloatFormat format = FloatFormat::f32();
    double error = ulps * format.getUlp(magnitude);
    // Close to the smallest normal number a result may be flushed; below it,
    // one that is not rounded correctly is rounded once more.
    if (flushesSubnormals && magnitude < 2 * format.smallestNormal)
      error += format.smallestNormal;
    else if (ulps > 0.5 && magnitude < format.smallestNormal)
      error += format.smallestSubnormal / 2;
    return error;
  }

  /// Returns the error of storing a result of that magnitude in `format`, which
  /// is narrower than f32.
  double store(const FloatFormat &format, double magnitude) const {
    double error = narrowing * format.getUlp(magnitude);
    if (flushesSubnormals && magnitude < 2 * format.smallestNormal)
      error += format.smallestNormal;
    return error;
  }
};

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_NUMERICS_ARITHMETIC_H
