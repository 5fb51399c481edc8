//===- Coefficients.h - Polynomials of the elementary functions -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Minimax fits (Remez exchange), derived and printed by
// utils/math/fit_coefficients.py; lowest degree first. Do not edit by hand.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_MATH_COEFFICIENTS_H
#define TAPML_LIB_CODEGEN_MATH_COEFFICIENTS_H

namespace tapml::coefficients {

// exp(r) = 1 + r + r^2 p(r)
/// Weighted error 4.39e-9 on [-0.34692, 0.34692].
inline constexpr float exp[] = {
    0x1.fffffcp-2f, 0x1.55549p-3f,   0x1.5558f4p-5f,
    0x1.123a6cp-7f, 0x1.6a2352p-10f,
};
// 2^r = 1 + r p(r)
/// Weighted error 1.63e-8 on [-0.5005, 0.5005].
inline constexpr float exp2[] = {
    0x1.62e43p-1f, 0x1.ebfbdcp-3f, 0x1.c6aee6p-5f,
    0x1.3b2d5p-7f, 0x1.5f3f3p-10f, 0x1.41fb3p-13f,
};
// log(1 + f) = f - f^2 / 2 + f^3 p(f), sqrt(1/2) <= 1 + f <= sqrt(2)
/// Relative error of the result 3.61e-9.
inline constexpr float log[] = {
    0x1.555548p-2f,  -0x1.000006p-2f, 0x1.99a4cap-3f,
    -0x1.555c5cp-3f, 0x1.2335bp-3f,   -0x1.fc1d44p-4f,
    0x1.e7070cp-4f,  -0x1.de6614p-4f, 0x1.145754p-4f,
};
// tanh(x) = x + x t p(t), t = x^2, |x| <= 0.625
/// Weighted error 4.52e-9 on [1.0e-6, 0.39075].
inline constexpr float tanhSmall[] = {
    -0x1.555532p-2f, 0x1.1106f6p-3f,  -0x1.b835a4p-5f,
    0x1.51f8ccp-6f,  -0x1.750ccap-8f,
};
// erf(x) = x + x p(t), t = x^2, |x| <= 0.9375
/// Weighted error 9.02e-10 on [1.0e-6, 0.879094].
inline constexpr float erfSmall[] = {
    0x1.06eba8p-3f, -0x1.81274p-2f,   0x1.ce2d64p-4f,  -0x1.b8012p-6f,
    0x1.544aa8p-8f, -0x1.a6126ep-11f, 0x1.4f8e5ap-14f,
};
// erf(x) = 1 - exp(-x q(x)), 0.9375 <= x <= 3.9375
/// Weighted error 2.33e-10 on [0.9374, 3.9376].
inline constexpr float erfLarge[] = {
    0x1.20e96p+0f,  0x1.456b1ap-1f,   0x1.af7db6p-4f,   -0x1.74e4aep-6f,
    0x1.86ec62p-9f, -0x1.1ecee6p-14f, -0x1.5fa90cp-15f, 0x1.376212p-18f,
};
// sin(r) = r + r t p(t), t = r^2, |r| <= 1.05 pi/4
/// Weighted error 1.86e-10 on [1.0e-6, 0.680077].
inline constexpr float sin[] = {
    -0x1.555556p-3f,
    0x1.11116ap-7f,
    -0x1.a04c1cp-13f,
    0x1.783704p-19f,
};
// cos(r) = 1 - t / 2 + t^2 p(t), t = r^2, |r| <= 1.05 pi/4
/// Weighted error 9.0e-12 on [1.0e-5, 0.680077].
inline constexpr float cos[] = {
    0x1.555556p-5f,
    -0x1.6c174cp-10f,
    0x1.a05e04p-16f,
    -0x1.30ebe8p-22f,
};
// log(2), the high part with 15 bits: its product with an exponent is exact
inline constexpr float logOfTwo[] = {
    0x1.62e4p-1f,
    0x1.7f7d1cp-20f,
};
// pi/2, 6 bits per part: products with integers up to 2^18 are exact
inline constexpr float halfPi[] = {
    0x1.9p+0f,  0x1.08p-7f,  0x1.fp-13f, 0x1.a8p-19f,
    0x1.1p-26f, 0x1.08p-34f, 0x1.ap-41f, 0x1.84698ap-48f,
};

} // namespace tapml::coefficients

#endif // TAPML_LIB_CODEGEN_MATH_COEFFICIENTS_H
