//===- DType.cpp - Element types and shapes -------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DType.h"
#include "Bytes.h"

using namespace tapml::rt;

namespace {
struct DTypeInfo {
  const char *name;
  const char *safetensors;
  unsigned bytes;
};
} // namespace

/// Indexed by the enumerators.
static constexpr DTypeInfo infos[numDTypes] = {
    {"f32", "F32", 4},   {"i32", "I32", 4}, {"i64", "I64", 8},
    {"i1", "BOOL", 1},   {"f64", "F64", 8}, {"f16", "F16", 2},
    {"bf16", "BF16", 2}, {"i8", "I8", 1},   {"u8", "U8", 1},
    {"i16", "I16", 2},   {"u16", "U16", 2}, {"u32", "U32", 4},
    {"u64", "U64", 8}};

unsigned tapml::rt::byteSize(DType type) { return infos[int(type)].bytes; }
const char *tapml::rt::name(DType type) { return infos[int(type)].name; }
const char *tapml::rt::safetensorsName(DType type) {
  return infos[int(type)].safetensors;
}

std::optional<DType> tapml::rt::parseDType(std::string_view name) {
  for (int i = 0; i < numDTypes; ++i)
    if (name == infos[i].name)
      return DType(i);
  return std::nullopt;
}

std::optional<DType> tapml::rt::parseSafetensorsDType(std::string_view name) {
  for (int i = 0; i < numDTypes; ++i)
    if (name == infos[i].safetensors)
      return DType(i);
  return std::nullopt;
}

std::string tapml::rt::toString(const Shape &shape) {
  if (shape.empty())
    return "scalar";
  std::string out;
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? "x" : "") + std::to_string(shape[i]);
  return out;
}

std::optional<int64_t> tapml::rt::elementCount(const Shape &shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    // A zero elsewhere must not hide an overflow here.
    if (size == 0)
      empty = true;
    else if (mulOverflow(count, size, count))
      return std::nullopt;
  }
  return empty ? 0 : count;
}

std::optional<uint64_t> tapml::rt::byteSize(DType type, const Shape &shape) {
  std::optional<int64_t> count = elementCount(shape);
  int64_t bytes = 0;
  if (!count || mulOverflow(*count, byteSize(type), bytes))
    return std::nullopt;
  return static_cast<uint64_t>(bytes);
}
