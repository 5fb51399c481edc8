//===- Expr.cpp - Size expressions ----------------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expr.h"
#include "Bytes.h"

#include <algorithm>
#include <limits>

using namespace tapml::rt;

const char *tapml::rt::name(ExprOp op) {
  static const char *const names[] = {
      "const",   "dim", "size", "add", "sub", "mul", "floordiv",
      "ceildiv", "mod", "min",  "max", "le",  "lt",  "eq"};
  return names[int(op)];
}

int64_t tapml::rt::floorDiv(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t tapml::rt::ceilDiv(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) == (b < 0) ? quotient + 1 : quotient;
}

/// Computes one binary operation; true means that there is no result.
static bool apply(ExprOp op, int64_t a, int64_t b, int64_t &out) {
  switch (op) {
  case ExprOp::Add:
    return addOverflow(a, b, out);
  case ExprOp::Sub:
    return subOverflow(a, b, out);
  case ExprOp::Mul:
    return mulOverflow(a, b, out);
  case ExprOp::FloorDiv:
  case ExprOp::CeilDiv:
  case ExprOp::Mod: {
    if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min()))
      return true;
    if (op == ExprOp::CeilDiv) {
      out = ceilDiv(a, b);
      return false;
    }
    int64_t quotient = floorDiv(a, b);
    // The sign of a modulus is that of the divisor, as in Python.
    out = op == ExprOp::FloorDiv ? quotient : a - quotient * b;
    return false;
  }
  case ExprOp::Min:
    out = std::min(a, b);
    return false;
  case ExprOp::Max:
    out = std::max(a, b);
    return false;
  case ExprOp::Le:
    out = a <= b;
    return false;
  case ExprOp::Lt:
    out = a < b;
    return false;
  case ExprOp::Eq:
    out = a == b;
    return false;
  case ExprOp::Const:
  case ExprOp::Dim:
  case ExprOp::Size:
    break;
  }
  return true;
}

ExprValues ExprValues::evaluate(const ExprTable &table,
                                const std::vector<Shape> &shapes,
                                const std::vector<int64_t> &sizes) {
  ExprValues result;
  result.values.resize(table.size());
  result.failedAt.assign(table.size(), -1);
  result.ops.resize(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    const Expr &expr = table[i];
    result.ops[i] = expr.op;
    switch (expr.op) {
    case ExprOp::Const:
      result.values[i] = expr.a;
      break;
    case ExprOp::Dim:
      result.values[i] = shapes[size_t(expr.a)][size_t(expr.b)];
      break;
    case ExprOp::Size:
      result.values[i] = sizes[size_t(expr.a)];
      break;
    default: {
      int32_t failed = std::max(result.failedAt[size_t(expr.a)],
                                result.failedAt[size_t(expr.b)]);
      if (failed < 0 && apply(expr.op, result.values[size_t(expr.a)],
                              result.values[size_t(expr.b)], result.values[i]))
        failed = int32_t(i);
      result.failedAt[i] = failed;
    }
    }
  }
  return result;
}

Result<int64_t> ExprValues::get(ExprId id) const {
  int32_t failed = failedAt[id];
  if (failed >= 0)
    return makeError(
        StatusCode::ResourceExhausted, "size expression ", failed, " (",
        name(ops[size_t(failed)]),
        ") divides by zero or exceeds 64 bits; use smaller inputs");
  return values[id];
}

Result<std::vector<int64_t>>
ExprValues::get(const std::vector<ExprId> &ids) const {
  std::vector<int64_t> out;
  for (ExprId id : ids) {
    TAPML_ASSIGN_OR_RETURN(int64_t value, get(id));
    out.push_back(value);
  }
  return out;
}
