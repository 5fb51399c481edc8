//===- metal_simdgroup.h - What threads of MSL do together ---- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METAL_STAND_IN_METAL_SIMDGROUP_H
#define TAPML_METAL_STAND_IN_METAL_SIMDGROUP_H

#include "metal_types.h"
#include "stand_in.h"

namespace metal {

enum class mem_flags : uint {
  mem_none = 0,
  mem_device = 1,
  mem_threadgroup = 2,
  mem_texture = 4
};
inline mem_flags operator|(mem_flags a, mem_flags b) {
  return mem_flags(uint(a) | uint(b));
}

/// Waits for all threads of the threadgroup.
inline void threadgroup_barrier(mem_flags) {
  tapml::metal::Thread *self = tapml::metal::current();
  self->cooperation->wait(self);
  tapml::metal::setCurrent(self);
}

/// The values of all threads of a SIMD group, each where its lane says.
template <typename V> struct simd_values {
  V values[tapml::metal::kSimdWidth];
  uint active;

  explicit simd_values(const V &value) {
    tapml::metal::Thread *self = tapml::metal::current();
    active = self->cooperation->exchange(self, &value, sizeof(V), values);
    tapml::metal::setCurrent(self);
  }
  bool has(uint lane) const {
    return lane < tapml::metal::kSimdWidth && (active >> lane & 1);
  }
  /// The value of `lane`; what an absent lane has is not defined, here zero.
  V get(uint lane) const { return has(lane) ? values[lane] : V(0); }

  template <typename F> V reduce(F f) const {
    bool isFirst = true;
    V result{};
    for (uint lane = 0; lane < tapml::metal::kSimdWidth; ++lane) {
      if (!has(lane))
        continue;
      result = isFirst ? values[lane] : f(result, values[lane]);
      isFirst = false;
    }
    return result;
  }
};

inline uint simd_lane() { return tapml::metal::current()->lane; }

template <typename A, typename V = operand_t<A>> V simd_sum(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) { return V(a + b); });
}
template <typename A, typename V = operand_t<A>>
V simd_product(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) { return V(a * b); });
}
template <typename A, typename V = operand_t<A>> V simd_min(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) {
    return map([](auto x, auto y) { return y < x ? y : x; }, a, b);
  });
}
template <typename A, typename V = operand_t<A>> V simd_max(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) {
    return map([](auto x, auto y) { return x < y ? y : x; }, a, b);
  });
}
template <typename A, typename V = operand_t<A>> V simd_and(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) { return V(a & b); });
}
template <typename A, typename V = operand_t<A>> V simd_or(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) { return V(a | b); });
}
template <typename A, typename V = operand_t<A>> V simd_xor(const A &value) {
  return simd_values<V>(value).reduce([](V a, V b) { return V(a ^ b); });
}

template <typename A, typename V = operand_t<A>>
V simd_shuffle(const A &value, ushort lane) {
  return simd_values<V>(value).get(lane);
}
template <typename A, typename V = operand_t<A>>
V simd_broadcast(const A &value, ushort lane) {
  return simd_values<V>(value).get(lane);
}
/// The value of the first thread that takes part.
template <typename A, typename V = operand_t<A>>
V simd_broadcast_first(const A &value) {
  simd_values<V> all(value);
  return all.get(__builtin_ctz(all.active));
}
template <typename A, typename V = operand_t<A>>
V simd_shuffle_xor(const A &value, ushort mask) {
  return simd_values<V>(value).get(simd_lane() ^ mask);
}
/// Lanes without a source keep their value.
template <typename A, typename V = operand_t<A>>
V simd_shuffle_up(const A &value, ushort delta) {
  simd_values<V> all(value);
  return simd_lane() >= delta ? all.get(simd_lane() - delta) : V(value);
}
template <typename A, typename V = operand_t<A>>
V simd_shuffle_down(const A &value, ushort delta) {
  simd_values<V> all(value);
  uint source = simd_lane() + delta;
  return source < tapml::metal::kSimdWidth ? all.get(source) : V(value);
}

} // namespace metal

#endif // TAPML_METAL_STAND_IN_METAL_SIMDGROUP_H
