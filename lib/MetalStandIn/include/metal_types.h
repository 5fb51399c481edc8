//===- metal_types.h - Scalars and vectors of MSL ------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METAL_STAND_IN_METAL_TYPES_H
#define TAPML_METAL_STAND_IN_METAL_TYPES_H

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

using uchar = unsigned char;
using ushort = unsigned short;
using uint = unsigned int;
using ulong = unsigned long;
using half = _Float16;

constexpr half operator""h(long double value) { return half(value); }

namespace metal {

template <typename T, int N> struct vec;

/// Some elements of a vector under a name such as `xz`. Lies where the vector
/// lies.
template <typename T, int... I> struct swizzle {
  static constexpr int count = sizeof...(I);
  T elements[std::max({I...}) + 1];

  operator vec<T, count>() const { return vec<T, count>(elements[I]...); }
  swizzle &operator=(const vec<T, count> &value) {
    int next = 0;
    ((elements[I] = value[next++]), ...);
    return *this;
  }
};

// Every choice of two, three and four of the N elements, as members.
// clang-format off
#define TAPML_1_2(F, ...) F(__VA_ARGS__, x, 0) F(__VA_ARGS__, y, 1)
#define TAPML_1_3(F, ...) TAPML_1_2(F, __VA_ARGS__) F(__VA_ARGS__, z, 2)
#define TAPML_1_4(F, ...) TAPML_1_3(F, __VA_ARGS__) F(__VA_ARGS__, w, 3)
#define TAPML_2_2(F, ...) F(__VA_ARGS__, x, 0) F(__VA_ARGS__, y, 1)
#define TAPML_2_3(F, ...) TAPML_2_2(F, __VA_ARGS__) F(__VA_ARGS__, z, 2)
#define TAPML_2_4(F, ...) TAPML_2_3(F, __VA_ARGS__) F(__VA_ARGS__, w, 3)
#define TAPML_3_2(F, ...) F(__VA_ARGS__, x, 0) F(__VA_ARGS__, y, 1)
#define TAPML_3_3(F, ...) TAPML_3_2(F, __VA_ARGS__) F(__VA_ARGS__, z, 2)
#define TAPML_3_4(F, ...) TAPML_3_3(F, __VA_ARGS__) F(__VA_ARGS__, w, 3)
#define TAPML_4_2(F, ...) F(__VA_ARGS__, x, 0) F(__VA_ARGS__, y, 1)
#define TAPML_4_3(F, ...) TAPML_4_2(F, __VA_ARGS__) F(__VA_ARGS__, z, 2)
#define TAPML_4_4(F, ...) TAPML_4_3(F, __VA_ARGS__) F(__VA_ARGS__, w, 3)
#define TAPML_MEMBER2(N, a, A, b, B) swizzle<T, A, B> a##b;
#define TAPML_MEMBER3(N, a, A, b, B, c, C) swizzle<T, A, B, C> a##b##c;
#define TAPML_MEMBER4(N, a, A, b, B, c, C, d, D)                               \
  swizzle<T, A, B, C, D> a##b##c##d;
#define TAPML_PAIRS(N, ...) TAPML_2_##N(TAPML_MEMBER2, N, __VA_ARGS__)
#define TAPML_TRIPLES2(N, ...) TAPML_3_##N(TAPML_MEMBER3, N, __VA_ARGS__)
#define TAPML_TRIPLES(N, ...) TAPML_2_##N(TAPML_TRIPLES2, N, __VA_ARGS__)
#define TAPML_QUADS3(N, ...) TAPML_4_##N(TAPML_MEMBER4, N, __VA_ARGS__)
#define TAPML_QUADS2(N, ...) TAPML_3_##N(TAPML_QUADS3, N, __VA_ARGS__)
#define TAPML_QUADS(N, ...) TAPML_2_##N(TAPML_QUADS2, N, __VA_ARGS__)
#define TAPML_SWIZZLES(N)                                                      \
  TAPML_1_##N(TAPML_PAIRS, N)                                                  \
  TAPML_1_##N(TAPML_TRIPLES, N)                                                \
  TAPML_1_##N(TAPML_QUADS, N)
// clang-format on

/// The storage of a vector: a vector of three takes the place of four.
template <typename T, int N> struct vec_storage;
template <typename T> struct vec_storage<T, 2> {
  union {
    T elements[2];
    struct {
      T x, y;
    };
    TAPML_SWIZZLES(2)
  };
};
template <typename T> struct vec_storage<T, 3> {
  union {
    T elements[4];
    struct {
      T x, y, z;
    };
    TAPML_SWIZZLES(3)
  };
};
template <typename T> struct vec_storage<T, 4> {
  union {
    T elements[4];
    struct {
      T x, y, z, w;
    };
    TAPML_SWIZZLES(4)
  };
};

template <typename V> struct is_vec : std::false_type {};
template <typename T, int N> struct is_vec<vec<T, N>> : std::true_type {};
template <typename V>
constexpr bool is_scalar_v = std::is_arithmetic_v<V> || std::is_same_v<V, half>;

/// A vector of N elements. There are no conversions between vectors but by
/// name, as in MSL.
template <typename T, int N>
struct alignas((N == 3 ? 4 : N) * sizeof(T)) vec : vec_storage<T, N> {
  using element_type = T;
  using vec_storage<T, N>::elements;

  vec() = default;
  /// The same value in all elements.
  template <typename S, typename = std::enable_if_t<is_scalar_v<S>>>
  explicit vec(S value) {
    for (int i = 0; i < N; ++i)
      elements[i] = T(value);
  }
  /// Another type of elements.
  template <typename U> explicit vec(const vec<U, N> &other) {
    for (int i = 0; i < N; ++i)
      elements[i] = T(other[i]);
  }
  /// Scalars and vectors one behind the other.
  template <typename A, typename B, typename... Rest>
  vec(const A &a, const B &b, const Rest &...rest) {
    int next = 0;
    append(next, a);
    append(next, b);
    (append(next, rest), ...);
  }

  T &operator[](int i) { return elements[i]; }
  const T &operator[](int i) const { return elements[i]; }

private:
  template <typename S> void append(int &next, const S &value) {
    if constexpr (is_scalar_v<S>)
      elements[next++] = T(value);
    else
      append_vector(next, value);
  }
  template <int M> void append_vector(int &next, const vec<T, M> &value) {
    for (int i = 0; i < M; ++i)
      elements[next++] = value[i];
  }
  template <int... I>
  void append_vector(int &next, const swizzle<T, I...> &value) {
    append_vector(next, vec<T, sizeof...(I)>(value));
  }
};

/// Without the padding and the alignment of a vector of three.
template <typename T> struct packed_vec3 {
  T elements[3];
  packed_vec3() = default;
  packed_vec3(const vec<T, 3> &value)
      : elements{value[0], value[1], value[2]} {}
  operator vec<T, 3>() const {
    return vec<T, 3>(elements[0], elements[1], elements[2]);
  }
};

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// What an operand of an operator is: itself, or the vector that a swizzle
/// names.
template <typename V> struct operand_of {
  using type = V;
};
template <typename T, int... I> struct operand_of<swizzle<T, I...>> {
  using type = vec<T, sizeof...(I)>;
};
template <typename V>
using operand_t = typename operand_of<std::decay_t<V>>::type;

template <typename V> constexpr bool is_vec_v = is_vec<V>::value;

/// The vector type of an operator on A and B: at least one is a vector, and a
/// scalar stands for a vector of it.
template <typename A, typename B, typename = void> struct common {};
template <typename T, int N> struct common<vec<T, N>, vec<T, N>> {
  using type = vec<T, N>;
};
template <typename T, int N, typename S>
struct common<vec<T, N>, S, std::enable_if_t<is_scalar_v<S>>> {
  using type = vec<T, N>;
};
template <typename T, int N, typename S>
struct common<S, vec<T, N>, std::enable_if_t<is_scalar_v<S>>> {
  using type = vec<T, N>;
};
template <typename A, typename B>
using common_t = typename common<operand_t<A>, operand_t<B>>::type;

template <typename V, typename S> V widen(const S &value) {
  if constexpr (is_scalar_v<S>)
    return V(value);
  else
    return value;
}

template <typename V> constexpr int size_of = 0;
template <typename T, int N> constexpr int size_of<vec<T, N>> = N;

/// Integers of fewer than 32 bits are computed with in 32, and wrap around.
#define TAPML_BINARY(symbol)                                                   \
  template <typename A, typename B, typename V = common_t<A, B>>               \
  V operator symbol(const A &lhs, const B &rhs) {                              \
    V a = widen<V>(lhs), b = widen<V>(rhs), result;                            \
    for (int i = 0; i < size_of<V>; ++i)                                       \
      result[i] = static_cast<typename V::element_type>(a[i] symbol b[i]);     \
    return result;                                                             \
  }                                                                            \
  template <typename T, int N, typename B, typename = common_t<vec<T, N>, B>>  \
  vec<T, N> &operator symbol## = (vec<T, N> & lhs, const B &rhs) {             \
    return lhs = lhs symbol rhs;                                               \
  }
TAPML_BINARY(+)
TAPML_BINARY(-)
TAPML_BINARY(*)
TAPML_BINARY(/)
TAPML_BINARY(%)
TAPML_BINARY(&)
TAPML_BINARY(|)
TAPML_BINARY(^)
#undef TAPML_BINARY

/// As in clang, a shift has the type of its left operand, and as many counts of
/// any integer type, or one.
#define TAPML_SHIFT(symbol)                                                    \
  template <typename A, typename B, typename V = operand_t<A>,                 \
            typename C = operand_t<B>,                                         \
            typename = std::enable_if_t<                                       \
                is_vec_v<V> && (is_scalar_v<C> || size_of<C> == size_of<V>)>>  \
  V operator symbol(const A &lhs, const B &rhs) {                              \
    V a = lhs, result;                                                         \
    C b = rhs;                                                                 \
    for (int i = 0; i < size_of<V>; ++i) {                                     \
      if constexpr (is_scalar_v<C>)                                            \
        result[i] = static_cast<typename V::element_type>(a[i] symbol b);      \
      else                                                                     \
        result[i] = static_cast<typename V::element_type>(a[i] symbol b[i]);   \
    }                                                                          \
    return result;                                                             \
  }                                                                            \
  template <typename T, int N, typename B>                                     \
  vec<T, N> &operator symbol## = (vec<T, N> & lhs, const B &rhs) {             \
    return lhs = lhs symbol rhs;                                               \
  }
TAPML_SHIFT(<<)
TAPML_SHIFT(>>)
#undef TAPML_SHIFT

#define TAPML_COMPARE(symbol)                                                  \
  template <typename A, typename B, typename V = common_t<A, B>>               \
  vec<bool, size_of<V>> operator symbol(const A &lhs, const B &rhs) {          \
    V a = widen<V>(lhs), b = widen<V>(rhs);                                    \
    vec<bool, size_of<V>> result;                                              \
    for (int i = 0; i < size_of<V>; ++i)                                       \
      result[i] = a[i] symbol b[i];                                            \
    return result;                                                             \
  }
TAPML_COMPARE(==)
TAPML_COMPARE(!=)
TAPML_COMPARE(<)
TAPML_COMPARE(<=)
TAPML_COMPARE(>)
TAPML_COMPARE(>=)
TAPML_COMPARE(&&)
TAPML_COMPARE(||)
#undef TAPML_COMPARE

#define TAPML_UNARY(symbol)                                                    \
  template <typename A, typename V = operand_t<A>,                             \
            typename = std::enable_if_t<is_vec_v<V>>>                          \
  V operator symbol(const A &operand) {                                        \
    V a = operand, result;                                                     \
    for (int i = 0; i < size_of<V>; ++i)                                       \
      result[i] = static_cast<typename V::element_type>(symbol a[i]);          \
    return result;                                                             \
  }
TAPML_UNARY(-)
TAPML_UNARY(~)
TAPML_UNARY(!)
#undef TAPML_UNARY

/// Returns `f` of every element.
template <typename V, typename F, typename... Rest>
auto map(F f, const V &first, const Rest &...rest) {
  if constexpr (is_vec_v<V>) {
    vec<decltype(f(first[0], rest[0]...)), size_of<V>> result;
    for (int i = 0; i < size_of<V>; ++i)
      result[i] = f(first[i], rest[i]...);
    return result;
  } else {
    return f(first, rest...);
  }
}

/// The same bits as another type of the same size.
template <typename To, typename From> To as_type(const From &value) {
  static_assert(sizeof(To) == sizeof(operand_t<From>),
                "as_type needs types of one size");
  operand_t<From> whole = value;
  To result;
  std::memcpy(&result, &whole, sizeof(To));
  return result;
}

#define TAPML_TYPES(T)                                                         \
  using T##2 = vec<T, 2>;                                                      \
  using T##3 = vec<T, 3>;                                                      \
  using T##4 = vec<T, 4>;                                                      \
  using packed_##T##3 = packed_vec3<T>;
TAPML_TYPES(bool)
TAPML_TYPES(char)
TAPML_TYPES(uchar)
TAPML_TYPES(short)
TAPML_TYPES(ushort)
TAPML_TYPES(int)
TAPML_TYPES(uint)
TAPML_TYPES(long)
TAPML_TYPES(ulong)
TAPML_TYPES(half)
TAPML_TYPES(float)
#undef TAPML_TYPES

static_assert(sizeof(float3) == 16 && alignof(float3) == 16);
static_assert(sizeof(packed_float3) == 12 && alignof(packed_float3) == 4);
static_assert(sizeof(half4) == 8 && sizeof(float4) == 16 && sizeof(bool4) == 4);

} // namespace metal

#endif // TAPML_METAL_STAND_IN_METAL_TYPES_H
