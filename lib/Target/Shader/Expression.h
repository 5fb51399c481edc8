//===- Expression.h - Text with its precedence ---------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_EXPRESSION_H
#define TAPML_LIB_TARGET_SHADER_EXPRESSION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tapml::shader {

/// How tightly an expression holds together, tightest first. Both languages
/// agree on these; where WGSL demands more parentheses than C (shifts, bitwise
/// operators, mixed logical ones) every reader is better off with them.
enum class Level {
  Primary,
  Unary,
  Multiplicative,
  Additive,
  Shift,
  Relational,
  BitAnd,
  BitXor,
  BitOr,
  LogicalAnd,
  LogicalOr,
  Conditional
};

/// A piece of text that stands for a value.
struct Expression {
  Expression() = default;
  Expression(std::string text, Level level = Level::Primary)
      : text(std::move(text)), level(level) {}
  Expression(llvm::StringRef text) : text(text.str()) {}
  Expression(const char *text) : text(text) {}

  std::string text;
  Level level = Level::Primary;
  /// The parts of a binary expression; empty for others.
  std::string lhs, symbol, rhs;
};

/// Returns `lhs symbol rhs` with the parentheses that it needs.
Expression getBinary(llvm::StringRef symbol, Level level, const Expression &lhs,
                     const Expression &rhs);

/// Returns `symbol operand`.
Expression getUnary(llvm::StringRef symbol, const Expression &operand);

/// Returns `function(arguments...)`. A comparison that is not the last argument
/// stands in parentheses, as `<` and a later `>` would hold a list of template
/// arguments in WGSL.
Expression getCall(llvm::StringRef function,
                   llvm::ArrayRef<Expression> arguments);

/// Returns `value`, in parentheses unless it is primary, for a member or an
/// element to be taken from.
std::string getBase(const Expression &value);

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_EXPRESSION_H
