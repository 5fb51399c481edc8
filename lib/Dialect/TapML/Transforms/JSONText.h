//===- JSONText.h - Reading JSON with clear errors --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_TRANSFORMS_JSONTEXT_H
#define TAPML_LIB_DIALECT_TAPML_TRANSFORMS_JSONTEXT_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/LLVM.h"
#include "tapml/Dialect/TapML/Transforms/Plan.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <string>
#include <vector>

namespace tapml {

/// Reads JSON that people write. Errors are located in the text.
class JSONReader {
public:
  JSONReader(mlir::MLIRContext *context, llvm::StringRef source)
      : context(context), source(source.str()) {}

  /// Makes errors point to `position` from here on.
  void moveTo(TextPosition position) { current = position; }
  mlir::Location getLoc() const;

  /// Returns where element `index` is, of the list called `list` in the
  /// outermost object of the text that was parsed.
  TextPosition getPosition(llvm::StringRef list, size_t index) const;

  /// Starts an error about the part of the text called `where` ("rule 3"),
  /// which may be empty.
  mlir::InFlightDiagnostic error(const llvm::Twine &where) const;

  /// Parses `text`. Fails with line and column where it is not JSON, and where
  /// an object has the same key twice, of which JSON would drop one.
  mlir::FailureOr<llvm::json::Value> parse(llvm::StringRef text);

  /// Fails with a diagnostic if `object` has a key that is not in `known`.
  mlir::LogicalResult checkKeys(const llvm::json::Object &object,
                                const llvm::Twine &where,
                                llvm::ArrayRef<llvm::StringRef> known) const;

  /// Reads the value of `key`: a string or a list of strings, of which none is
  /// empty.
  mlir::LogicalResult readStrings(const llvm::json::Value &value,
                                  const llvm::Twine &where, llvm::StringRef key,
                                  std::vector<std::string> &strings,
                                  bool allowEmpty = false) const;

private:
  mlir::MLIRContext *context;
  std::string source;
  TextPosition current;
  std::map<std::string, std::vector<TextPosition>, std::less<>> elements;
};

/// Returns a clause that proposes the entry of `known` closest to `name`, or
/// nothing if none is close.
std::string proposeName(llvm::StringRef name,
                        llvm::ArrayRef<llvm::StringRef> known);

/// Returns `text` as a JSON string, with quotes.
std::string quoteJSON(llvm::StringRef text);

} // namespace tapml

#endif // TAPML_LIB_DIALECT_TAPML_TRANSFORMS_JSONTEXT_H
