//===- Expr.cpp - Size expressions ----------------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expr.h"

#include <algorithm>

using namespace tapml::rt;

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
      std::optional<int64_t> value;
      if (failed < 0)
        value = applySizeOp(expr.op, result.values[size_t(expr.a)],
                            result.values[size_t(expr.b)]);
      if (value)
        result.values[i] = *value;
      else if (failed < 0)
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
        sizeOpNames[int(ops[size_t(failed)])],
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
