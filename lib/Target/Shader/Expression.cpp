//===- Expression.cpp - Text with its precedence --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expression.h"

using namespace tapml::shader;

static std::string parenthesize(const Expression &expression) {
  return "(" + expression.text + ")";
}

/// Returns whether `operand` of an operator at `level` needs parentheses.
static bool needsParentheses(llvm::StringRef symbol, Level level,
                             const Expression &operand, bool isRight) {
  if (operand.level <= Level::Unary)
    // `a - -b` is right and hard to read.
    return isRight && operand.level == Level::Unary && symbol == "-";
  switch (level) {
  case Level::Primary:
  case Level::Unary:
  case Level::Shift:
    return true;
  case Level::Multiplicative:
  case Level::Additive:
    return operand.level > level || (operand.level == level && isRight);
  case Level::Relational:
    return operand.level > Level::Shift;
  case Level::BitAnd:
  case Level::BitXor:
  case Level::BitOr:
    return operand.level != level || isRight;
  case Level::LogicalAnd:
  case Level::LogicalOr:
    if (operand.level == level)
      return isRight;
    return operand.level > Level::Relational;
  case Level::Conditional:
    return operand.level >= Level::Conditional;
  }
  return true;
}

Expression tapml::shader::getBinary(llvm::StringRef symbol, Level level,
                                    const Expression &lhs,
                                    const Expression &rhs) {
  auto text = [&](const Expression &operand, bool isRight) {
    return needsParentheses(symbol, level, operand, isRight)
               ? parenthesize(operand)
               : operand.text;
  };
  Expression result(
      text(lhs, false) + " " + symbol.str() + " " + text(rhs, true), level);
  result.lhs = lhs.text;
  result.symbol = symbol.str();
  result.rhs = rhs.text;
  return result;
}

Expression tapml::shader::getUnary(llvm::StringRef symbol,
                                   const Expression &operand) {
  return Expression(symbol.str() + getBase(operand), Level::Unary);
}

Expression tapml::shader::getCall(llvm::StringRef function,
                                  llvm::ArrayRef<Expression> arguments) {
  std::string text = function.str() + "(";
  for (size_t i = 0, e = arguments.size(); i < e; ++i) {
    const Expression &argument = arguments[i];
    bool opensTemplate = i + 1 < e && argument.level >= Level::Relational;
    text += opensTemplate ? parenthesize(argument) : argument.text;
    if (i + 1 < e)
      text += ", ";
  }
  return Expression(text + ")");
}

std::string tapml::shader::getBase(const Expression &value) {
  return value.level == Level::Primary ? value.text : parenthesize(value);
}
