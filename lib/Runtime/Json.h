//===- Json.h - Cursor over untrusted JSON ----------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_JSON_H
#define TAPML_LIB_RUNTIME_JSON_H

#include "Status.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace tapml::rt {

using Json = nlohmann::json;

/// Parses text; the failure names the byte where it stops making sense.
Result<Json> parseJson(std::string_view text);

/// Keeps the first problem found while reading a document, so that a reader can
/// be written straight through: after a failure every read gives a neutral
/// value, and the caller looks at `status` once.
struct JsonErrors {
  Status status;
  std::string document;
};

/// A position in a document that knows its path. Cursors refer to their
/// parents, so they live on the stack of the reading function.
class JsonCursor {
public:
  JsonCursor(const Json &root, JsonErrors &errors)
      : node(&root), errors(&errors) {}

  /// The member `key` of an object; an error when it is missing.
  JsonCursor at(const char *key) const;
  /// The element `index` of an array; an error when it is missing.
  JsonCursor at(size_t index) const;
  /// True for an object that has `key` with a value other than null.
  bool has(const char *key) const;

  /// Number of elements of an array; an error for anything else.
  size_t size() const;
  int64_t integer() const;
  /// An integer in [0, limit); `what` names the table that it indexes.
  uint32_t index(size_t limit, const char *what) const;
  bool boolean() const;
  std::string string() const;
  bool isString() const { return node && node->is_string(); }
  bool isInteger() const { return node && node->is_number_integer(); }
  const Json *raw() const { return node; }

  bool failed() const { return !errors->status.ok(); }
  /// Records a failure at this place unless there was one before.
  void fail(const std::string &message) const;
  std::string path() const;

private:
  JsonCursor(const Json *node, JsonErrors *errors, const JsonCursor *parent,
             const char *key, size_t position)
      : node(node), errors(errors), parent(parent), key(key),
        position(position) {}

  const Json *node;
  JsonErrors *errors;
  const JsonCursor *parent = nullptr;
  const char *key = nullptr;
  size_t position = 0;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_JSON_H
