//===- SizeOp.h - The operations of size expressions ------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the compiler writes into an executable's tables and the runtime
// evaluates. Needs no library, as the two share none.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_RUNTIME_SIZEOP_H
#define TAPML_RUNTIME_SIZEOP_H

#include <cstdint>
#include <limits>
#include <optional>

namespace tapml {

/// `Const` is a number, `Dim` a dimension of an argument, `Size` a size
/// operand; the others take two earlier rows of their table.
enum class SizeOp : uint8_t {
  Const,
  Dim,
  Size,
  Add,
  Sub,
  Mul,
  FloorDiv,
  CeilDiv,
  Mod,
  Min,
  Max,
  Le,
  Lt,
  Eq
};

/// The operations' names in an executable's manifest, in their order.
inline constexpr const char *sizeOpNames[] = {
    "const",   "dim", "size", "add", "sub", "mul", "floordiv",
    "ceildiv", "mod", "min",  "max", "le",  "lt",  "eq"};
inline constexpr int numSizeOps = int(SizeOp::Eq) + 1;
static_assert(sizeof(sizeOpNames) / sizeof(*sizeOpNames) == numSizeOps,
              "each operation has a name");

/// Applies a binary operation on 64-bit signed integers; nothing on overflow
/// and division by zero. The sign of a modulus is that of the divisor.
inline std::optional<int64_t> applySizeOp(SizeOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
  case SizeOp::Add:
    if (__builtin_add_overflow(a, b, &result))
      return std::nullopt;
    return result;
  case SizeOp::Sub:
    if (__builtin_sub_overflow(a, b, &result))
      return std::nullopt;
    return result;
  case SizeOp::Mul:
    if (__builtin_mul_overflow(a, b, &result))
      return std::nullopt;
    return result;
  case SizeOp::FloorDiv:
  case SizeOp::CeilDiv:
  case SizeOp::Mod: {
    if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min()))
      return std::nullopt;
    int64_t quotient = a / b, rest = a % b;
    bool isNegative = (a < 0) != (b < 0);
    if (op == SizeOp::CeilDiv)
      return rest != 0 && !isNegative ? quotient + 1 : quotient;
    int64_t floor = rest != 0 && isNegative ? quotient - 1 : quotient;
    return op == SizeOp::FloorDiv ? floor : a - floor * b;
  }
  case SizeOp::Min:
    return a < b ? a : b;
  case SizeOp::Max:
    return a < b ? b : a;
  case SizeOp::Le:
    return a <= b;
  case SizeOp::Lt:
    return a < b;
  case SizeOp::Eq:
    return a == b;
  case SizeOp::Const:
  case SizeOp::Dim:
  case SizeOp::Size:
    break;
  }
  return std::nullopt;
}

} // namespace tapml

#endif // TAPML_RUNTIME_SIZEOP_H
