//===- DType.h - Element types and shapes -----------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_DTYPE_H
#define TAPML_LIB_RUNTIME_DTYPE_H

#include "Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapml::rt {

/// Element types. The numbers are part of the C API; I1 takes one byte.
enum class DType : int {
  F32 = 0,
  I32 = 1,
  I64 = 2,
  I1 = 3,
  F64 = 4,
  F16 = 5,
  BF16 = 6,
  I8 = 7,
  U8 = 8,
  I16 = 9,
  U16 = 10,
  U32 = 11,
  U64 = 12,
};

/// Number of element types; valid enumerators are below it.
constexpr int numDTypes = 13;

/// Bytes of one element.
unsigned byteSize(DType type);

/// The name in manifests and messages ("f32", "i1").
const char *name(DType type);
std::optional<DType> parseDType(std::string_view name);

/// The name in safetensors files ("F32", "BOOL").
const char *safetensorsName(DType type);
std::optional<DType> parseSafetensorsDType(std::string_view name);

using Shape = std::vector<int64_t>;

/// "2x7x384", or "scalar" for rank 0.
std::string toString(const Shape &shape);

/// Bytes of a dense tensor; nullopt when a size is negative or the product does
/// not fit in 63 bits.
std::optional<uint64_t> byteSize(DType type, const Shape &shape);
std::optional<int64_t> elementCount(const Shape &shape);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_DTYPE_H
