//===- metal_math.h - Functions of MSL on scalars and vectors - -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METAL_STAND_IN_METAL_MATH_H
#define TAPML_METAL_STAND_IN_METAL_MATH_H

#include "metal_types.h"

namespace metal {

/// Defines `name` for floats of one element type, computed in `float` and
/// rounded to the type.
#define TAPML_FLOAT1(name, expression)                                         \
  template <typename A, typename V = operand_t<A>> V name(const A &operand) {  \
    return map([](auto x) { return decltype(x)(expression); }, V(operand));    \
  }
#define TAPML_FLOAT2(name, expression)                                         \
  template <typename A, typename B, typename V = operand_t<A>>                 \
  V name(const A &lhs, const B &rhs) {                                         \
    static_assert(std::is_same_v<V, operand_t<B>>,                             \
                  "both arguments have one type");                             \
    return map([](auto x, auto y) { return decltype(x)(expression); }, V(lhs), \
               V(rhs));                                                        \
  }

TAPML_FLOAT1(acos, std::acos(float(x)))
TAPML_FLOAT1(asin, std::asin(float(x)))
TAPML_FLOAT1(atan, std::atan(float(x)))
TAPML_FLOAT1(ceil, std::ceil(float(x)))
TAPML_FLOAT1(cosh, std::cosh(float(x)))
TAPML_FLOAT1(fabs, std::fabs(float(x)))
TAPML_FLOAT1(floor, std::floor(float(x)))
TAPML_FLOAT1(rint, std::nearbyint(float(x)))
TAPML_FLOAT1(round, std::round(float(x)))
TAPML_FLOAT1(sinh, std::sinh(float(x)))
TAPML_FLOAT1(tan, std::tan(float(x)))
TAPML_FLOAT1(trunc, std::trunc(float(x)))
TAPML_FLOAT2(atan2, std::atan2(float(x), float(y)))
TAPML_FLOAT2(copysign, std::copysign(float(x), float(y)))
TAPML_FLOAT2(fmod, std::fmod(float(x), float(y)))
// The number where the other operand is NaN.
TAPML_FLOAT2(fmax, std::fmax(float(x), float(y)))
TAPML_FLOAT2(fmin, std::fmin(float(x), float(y)))

namespace precise {
TAPML_FLOAT1(cos, std::cos(float(x)))
TAPML_FLOAT1(exp, std::exp(float(x)))
TAPML_FLOAT1(exp2, std::exp2(float(x)))
TAPML_FLOAT1(log, std::log(float(x)))
TAPML_FLOAT1(log2, std::log2(float(x)))
TAPML_FLOAT1(rsqrt, 1.0f / std::sqrt(float(x)))
TAPML_FLOAT1(sin, std::sin(float(x)))
TAPML_FLOAT1(sqrt, std::sqrt(float(x)))
TAPML_FLOAT1(tanh, std::tanh(float(x)))
TAPML_FLOAT2(pow, std::pow(float(x), float(y)))
} // namespace precise

#undef TAPML_FLOAT1
#undef TAPML_FLOAT2

template <typename A, typename V = operand_t<A>>
V fma(const A &a, const A &b, const A &c) {
  return map(
      [](auto x, auto y, auto z) {
        // A product of halves is exact in `double`, as is its sum with a half.
        if constexpr (std::is_same_v<decltype(x), float>)
          return std::fma(x, y, z);
        else
          return decltype(x)(double(x) * double(y) + double(z));
      },
      V(a), V(b), V(c));
}

//===----------------------------------------------------------------------===//
// Integers, and what takes every type
//===----------------------------------------------------------------------===//

template <typename A, typename V = operand_t<A>> V abs(const A &operand) {
  return map(
      [](auto x) {
        using T = decltype(x);
        if constexpr (std::is_unsigned_v<T>)
          return x;
        else if constexpr (std::is_integral_v<T>)
          // The smallest integer has no positive counterpart: it stays.
          return x < 0 ? T(0u - std::make_unsigned_t<T>(x)) : x;
        else
          return T(std::fabs(float(x)));
      },
      V(operand));
}

template <typename A, typename B, typename V = operand_t<A>>
V min(const A &lhs, const B &rhs) {
  static_assert(std::is_same_v<V, operand_t<B>>,
                "both arguments have one type");
  return map([](auto x, auto y) { return y < x ? y : x; }, V(lhs), V(rhs));
}

template <typename A, typename B, typename V = operand_t<A>>
V max(const A &lhs, const B &rhs) {
  static_assert(std::is_same_v<V, operand_t<B>>,
                "both arguments have one type");
  return map([](auto x, auto y) { return x < y ? y : x; }, V(lhs), V(rhs));
}

template <typename A, typename V = operand_t<A>> V popcount(const A &operand) {
  return map(
      [](auto x) {
        using T = decltype(x);
        return T(__builtin_popcountll(std::make_unsigned_t<T>(x)));
      },
      V(operand));
}

/// The number of leading zeros; all bits of a zero.
template <typename A, typename V = operand_t<A>> V clz(const A &operand) {
  return map(
      [](auto x) {
        using T = decltype(x);
        auto bits = std::make_unsigned_t<T>(x);
        int width = 8 * sizeof(T);
        return T(bits ? __builtin_clzll(bits) - (64 - width) : width);
      },
      V(operand));
}

/// The number of trailing zeros; all bits of a zero.
template <typename A, typename V = operand_t<A>> V ctz(const A &operand) {
  return map(
      [](auto x) {
        using T = decltype(x);
        auto bits = std::make_unsigned_t<T>(x);
        return T(bits ? __builtin_ctzll(bits) : 8 * sizeof(T));
      },
      V(operand));
}

/// Elements of `b` where `condition` holds, of `a` elsewhere.
template <typename A, typename B, typename V = operand_t<A>>
V select(const A &a, const B &b, const vec<bool, size_of<V>> &condition) {
  static_assert(std::is_same_v<V, operand_t<B>>,
                "both arguments have one type");
  V first = a, second = b, result;
  for (int i = 0; i < size_of<V>; ++i)
    result[i] = condition[i] ? second[i] : first[i];
  return result;
}

template <int N> bool any(const vec<bool, N> &values) {
  bool result = false;
  for (int i = 0; i < N; ++i)
    result |= values[i];
  return result;
}

template <int N> bool all(const vec<bool, N> &values) {
  bool result = true;
  for (int i = 0; i < N; ++i)
    result &= values[i];
  return result;
}

} // namespace metal

#endif // TAPML_METAL_STAND_IN_METAL_MATH_H
