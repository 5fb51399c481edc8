//===- metal_atomic.h - Atomic memory of MSL ------------------ -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METAL_STAND_IN_METAL_ATOMIC_H
#define TAPML_METAL_STAND_IN_METAL_ATOMIC_H

#include "metal_types.h"

namespace metal {

enum memory_order { memory_order_relaxed };

/// A scalar in memory that several invocations change. It can only be used
/// through the functions.
template <typename T> class atomic {
public:
  atomic() = default;
  atomic(const atomic &) = delete;
  atomic &operator=(const atomic &) = delete;

  T *place() { return &value; }
  const T *place() const { return &value; }

private:
  T value;
};
using atomic_int = atomic<int>;
using atomic_uint = atomic<uint>;
using atomic_float = atomic<float>;

template <typename T>
T atomic_load_explicit(const atomic<T> *object, memory_order) {
  T value;
  __atomic_load(object->place(), &value, __ATOMIC_RELAXED);
  return value;
}

template <typename T>
void atomic_store_explicit(atomic<T> *object, std::common_type_t<T> value,
                           memory_order) {
  __atomic_store(object->place(), &value, __ATOMIC_RELAXED);
}

template <typename T>
T atomic_exchange_explicit(atomic<T> *object, std::common_type_t<T> value,
                           memory_order) {
  T before;
  __atomic_exchange(object->place(), &value, &before, __ATOMIC_RELAXED);
  return before;
}

/// Replaces the value by `f` of it, and returns what it was.
template <typename T, typename F> T atomic_update(atomic<T> *object, F f) {
  T before, after;
  __atomic_load(object->place(), &before, __ATOMIC_RELAXED);
  do
    after = f(before);
  while (!__atomic_compare_exchange(object->place(), &before, &after, true,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return before;
}

#define TAPML_ATOMIC(name, expression)                                         \
  template <typename T>                                                        \
  T atomic_fetch_##name##_explicit(                                            \
      atomic<T> *object, std::common_type_t<T> operand, memory_order) {        \
    return atomic_update(object,                                               \
                         [operand](T value) -> T { return expression; });      \
  }
// Integers wrap around.
TAPML_ATOMIC(add, std::is_integral_v<T> ? T(uint(value) + uint(operand))
                                        : T(value + operand))
TAPML_ATOMIC(sub, std::is_integral_v<T> ? T(uint(value) - uint(operand))
                                        : T(value - operand))
TAPML_ATOMIC(and, value &operand)
TAPML_ATOMIC(or, value | operand)
TAPML_ATOMIC(xor, value ^ operand)
TAPML_ATOMIC(min, operand < value ? operand : value)
TAPML_ATOMIC(max, value < operand ? operand : value)
#undef TAPML_ATOMIC

} // namespace metal

#endif // TAPML_METAL_STAND_IN_METAL_ATOMIC_H
