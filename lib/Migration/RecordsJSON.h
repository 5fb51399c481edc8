//===- RecordsJSON.h - Checked access to JSON -------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_RECORDSJSON_H
#define TAPML_LIB_MIGRATION_RECORDSJSON_H

#include "tapml/Migration/Records.h"
#include "llvm/Support/JSON.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// The fields of a JSON object. The first field that is missing or of another
/// type is remembered for the whole text; what was asked for is then empty.
class JSONFields {
public:
  /// `source` names the text in messages.
  explicit JSONFields(llvm::StringRef source);

  llvm::Error parse(llvm::StringRef text);

  int64_t getInteger(llvm::StringRef key);
  bool getBoolean(llvm::StringRef key);
  std::string getString(llvm::StringRef key);
  /// `fallback` where the field is missing or null.
  std::string getStringOr(llvm::StringRef key, llvm::StringRef fallback);
  std::vector<std::string> getStrings(llvm::StringRef key);
  std::vector<int64_t> getIntegers(llvm::StringRef key);
  /// A number, or "nan", "inf" or "-inf"; nothing where it is missing or null.
  std::optional<double> getNumberOrNull(llvm::StringRef key);
  std::optional<int64_t> getIntegerOrNull(llvm::StringRef key);
  JSONFields getObject(llvm::StringRef key);
  std::vector<JSONFields> getObjects(llvm::StringRef key);
  std::vector<std::optional<JSONFields>> getObjectsOrNulls(llvm::StringRef key);

  bool has(llvm::StringRef key) const { return object && object->get(key); }
  /// Remembers that field `key` should have been `wanted`.
  void fail(llvm::StringRef key, const llvm::Twine &wanted);
  bool ok() const { return shared->error.empty(); }
  llvm::Error takeError();

private:
  struct Shared {
    std::string source, error;
    llvm::json::Value root = nullptr;
  };
  JSONFields(std::shared_ptr<Shared> shared, const llvm::json::Object *object,
             std::string path)
      : shared(std::move(shared)), object(object), path(std::move(path)) {}

  std::shared_ptr<Shared> shared;
  const llvm::json::Object *object = nullptr;
  /// Where this object stands in the text: "operators[3].".
  std::string path;
};

/// Reads a value of a record.
RecordedValue readValue(JSONFields &fields);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_RECORDSJSON_H
