//===- JSONNumber.h - Numbers in reports ------------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_JSONNUMBER_H
#define TAPML_LIB_MIGRATION_JSONNUMBER_H

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace tapml {

/// JSON has no infinity: null stands for what is not finite.
inline llvm::json::Value toNumber(double value) {
  return std::isfinite(value) ? llvm::json::Value(value)
                              : llvm::json::Value(nullptr);
}

inline llvm::json::Value toNumber(std::optional<double> value) {
  return value ? toNumber(*value) : llvm::json::Value(nullptr);
}

/// Reads what `toNumber` wrote.
inline bool mapNumber(llvm::json::ObjectMapper &map, llvm::StringLiteral key,
                      double &value) {
  std::optional<double> read;
  if (!map.map(key, read))
    return false;
  value = read.value_or(std::numeric_limits<double>::infinity());
  return true;
}

/// Two significant digits: "8.1e+05".
inline std::string toShortText(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2g", value);
  return text;
}

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_JSONNUMBER_H
