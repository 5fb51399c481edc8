//===- Expr.h - Size expressions --------------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_EXPR_H
#define TAPML_LIB_RUNTIME_EXPR_H

#include "DType.h"
#include "Status.h"
#include "tapml/Runtime/SizeOp.h"

#include <cstdint>
#include <vector>

namespace tapml::rt {

using ExprId = uint32_t;

using ExprOp = SizeOp;

/// One row of an expression table. `a` is the constant, the argument or the
/// size; `b` the dimension; for binary operations both are earlier rows.
struct Expr {
  ExprOp op = ExprOp::Const;
  int64_t a = 0;
  int64_t b = 0;
};

using ExprTable = std::vector<Expr>;

/// A whole table evaluated once. A row that cannot be computed (overflow,
/// division by zero) matters only when somebody asks for it: a guarded
/// alternative that is not taken may well have such rows.
class ExprValues {
public:
  /// Evaluates `table`. `shapes[i]` are the dimensions of argument i and
  /// `sizes` the size operands; the table refers only to existing ones.
  static ExprValues evaluate(const ExprTable &table,
                             const std::vector<Shape> &shapes,
                             const std::vector<int64_t> &sizes);

  Result<int64_t> get(ExprId id) const;
  /// Evaluates several at once, in order.
  Result<std::vector<int64_t>> get(const std::vector<ExprId> &ids) const;

private:
  std::vector<int64_t> values;
  /// For each row the row where its computation failed, or -1.
  std::vector<int32_t> failedAt;
  std::vector<ExprOp> ops;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_EXPR_H
