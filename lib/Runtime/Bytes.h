//===- Bytes.h - Byte spans, alignment and checked arithmetic ---*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_BYTES_H
#define TAPML_LIB_RUNTIME_BYTES_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tapml::rt {

/// A read-only view of bytes that somebody else owns.
struct ByteSpan {
  const uint8_t *data = nullptr;
  uint64_t size = 0;

  ByteSpan() = default;
  ByteSpan(const void *data, uint64_t size)
      : data(static_cast<const uint8_t *>(data)), size(size) {}
  ByteSpan(const std::string &text) : ByteSpan(text.data(), text.size()) {}
  ByteSpan(const std::vector<uint8_t> &bytes)
      : ByteSpan(bytes.data(), bytes.size()) {}

  /// True when [offset, offset + length) lies inside the span.
  bool contains(uint64_t offset, uint64_t length) const {
    return offset <= size && length <= size - offset;
  }
  ByteSpan slice(uint64_t offset, uint64_t length) const {
    return ByteSpan(data + offset, length);
  }
  std::string_view text() const {
    return std::string_view(reinterpret_cast<const char *>(data), size);
  }
};

/// Reads a little-endian unsigned integer of sizeof(T) bytes.
template <typename T> T readLE(const uint8_t *bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<T>(bytes[i]) << (8 * i));
  return value;
}

/// Appends an unsigned integer in little-endian order.
template <typename T> void appendLE(std::string &out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

/// Rounds up to a power-of-two multiple; the caller rules out overflow.
constexpr uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

/// 64-bit signed arithmetic; true means that the result does not fit.
inline bool addOverflow(int64_t a, int64_t b, int64_t &out) {
  return __builtin_add_overflow(a, b, &out);
}
inline bool mulOverflow(int64_t a, int64_t b, int64_t &out) {
  return __builtin_mul_overflow(a, b, &out);
}

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_BYTES_H
