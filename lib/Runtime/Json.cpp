//===- Json.cpp - Cursor over untrusted JSON ------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Json.h"

#include <limits>

using namespace tapml::rt;

namespace {
/// Finds where parsing fails without exceptions: the DOM parser alone does not
/// say, and its SAX interface does.
struct PositionSax : nlohmann::detail::json_sax_dom_parser<Json> {
  using Base = nlohmann::detail::json_sax_dom_parser<Json>;
  using Base::Base;

  template <typename Exception>
  bool parse_error(std::size_t position, const std::string &token,
                   const Exception &exception) {
    failedAt = position;
    return Base::parse_error(position, token, exception);
  }

  std::size_t failedAt = 0;
};
} // namespace

Result<Json> tapml::rt::parseJson(std::string_view text) {
  Json root;
  PositionSax sax(root, /*allow_exceptions=*/false);
  if (!Json::sax_parse(text.begin(), text.end(), &sax) || sax.is_errored())
    return makeError(StatusCode::Damaged, "not valid JSON near byte ",
                     sax.failedAt);
  return root;
}

std::string JsonCursor::path() const {
  if (!parent)
    return "";
  std::string prefix = parent->path();
  if (key)
    return prefix.empty() ? key : prefix + "." + key;
  return prefix + "[" + std::to_string(position) + "]";
}

void JsonCursor::fail(const std::string &message) const {
  if (!errors->status.ok())
    return;
  std::string where = path();
  errors->status = makeError(StatusCode::Damaged, errors->document,
                             where.empty() ? "" : ": " + where, ": ", message);
}

JsonCursor JsonCursor::at(const char *name) const {
  const Json *child = nullptr;
  if (node) {
    if (!node->is_object()) {
      fail(concat("expected an object, got ", node->type_name()));
    } else {
      auto it = node->find(name);
      if (it == node->end())
        fail(concat("member '", name, "' is missing"));
      else
        child = &*it;
    }
  }
  return JsonCursor(child, errors, this, name, 0);
}

JsonCursor JsonCursor::at(size_t index) const {
  const Json *child = nullptr;
  if (node) {
    if (!node->is_array())
      fail(concat("expected an array, got ", node->type_name()));
    else if (index >= node->size())
      fail(concat("expected more than ", index, " elements"));
    else
      child = &(*node)[index];
  }
  return JsonCursor(child, errors, this, nullptr, index);
}

bool JsonCursor::has(const char *name) const {
  if (!node || !node->is_object())
    return false;
  auto it = node->find(name);
  return it != node->end() && !it->is_null();
}

size_t JsonCursor::size() const {
  if (!node)
    return 0;
  if (!node->is_array()) {
    fail(concat("expected an array, got ", node->type_name()));
    return 0;
  }
  return node->size();
}

int64_t JsonCursor::integer() const {
  if (!node)
    return 0;
  if (node->is_number_unsigned()) {
    uint64_t value = node->get<uint64_t>();
    if (value <= uint64_t(std::numeric_limits<int64_t>::max()))
      return static_cast<int64_t>(value);
    fail(concat(value, " does not fit in 64 signed bits"));
    return 0;
  }
  if (node->is_number_integer())
    return node->get<int64_t>();
  fail(concat("expected an integer, got ", node->type_name()));
  return 0;
}

uint32_t JsonCursor::index(size_t limit, const char *what) const {
  int64_t value = integer();
  if (failed())
    return 0;
  if (value < 0 || uint64_t(value) >= limit) {
    fail(concat(value, " is not one of the ", limit, " ", what));
    return 0;
  }
  return static_cast<uint32_t>(value);
}

bool JsonCursor::boolean() const {
  if (!node)
    return false;
  if (node->is_boolean())
    return node->get<bool>();
  fail(concat("expected true or false, got ", node->type_name()));
  return false;
}

std::string JsonCursor::string() const {
  if (!node)
    return "";
  if (node->is_string())
    return node->get<std::string>();
  fail(concat("expected a string, got ", node->type_name()));
  return "";
}
