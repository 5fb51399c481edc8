//===- RecordsJSON.cpp - Checked access to JSON ---------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordsJSON.h"
#include "Support.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace tapml;

JSONFields::JSONFields(StringRef source) : shared(std::make_shared<Shared>()) {
  shared->source = source.str();
}

Error JSONFields::parse(StringRef text) {
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return makeError(shared->source +
                     ": not valid JSON, cut short or edited: " +
                     toString(value.takeError()));
  shared->root = std::move(*value);
  object = shared->root.getAsObject();
  if (!object)
    return makeError(shared->source + ": must hold a JSON object");
  return Error::success();
}

void JSONFields::fail(StringRef key, const Twine &wanted) {
  if (ok())
    shared->error =
        (shared->source + ": \"" + path + key + "\" must be " + wanted).str();
}

Error JSONFields::takeError() {
  return ok() ? Error::success() : makeError(shared->error);
}

int64_t JSONFields::getInteger(StringRef key) {
  std::optional<int64_t> value;
  if (object)
    value = object->getInteger(key);
  if (!value || *value < 0)
    fail(key, "a number that is not negative");
  return value.value_or(0);
}

bool JSONFields::getBoolean(StringRef key) {
  std::optional<bool> value;
  if (object)
    value = object->getBoolean(key);
  if (!value)
    fail(key, "true or false");
  return value.value_or(false);
}

std::string JSONFields::getString(StringRef key) {
  std::optional<StringRef> value;
  if (object)
    value = object->getString(key);
  if (!value)
    fail(key, "a string");
  return value.value_or("").str();
}

std::string JSONFields::getStringOr(StringRef key, StringRef fallback) {
  if (!has(key) || object->getNull(key))
    return fallback.str();
  return getString(key);
}

std::vector<std::string> JSONFields::getStrings(StringRef key) {
  std::vector<std::string> strings;
  const json::Array *array = object ? object->getArray(key) : nullptr;
  if (!array) {
    fail(key, "a list of strings");
    return strings;
  }
  for (const json::Value &value : *array) {
    if (!value.getAsString())
      fail(key, "a list of strings");
    strings.push_back(value.getAsString().value_or("").str());
  }
  return strings;
}

std::vector<int64_t> JSONFields::getIntegers(StringRef key) {
  std::vector<int64_t> integers;
  const json::Array *array = object ? object->getArray(key) : nullptr;
  if (!array) {
    fail(key, "a list of integers");
    return integers;
  }
  for (const json::Value &value : *array) {
    if (!value.getAsInteger())
      fail(key, "a list of integers");
    integers.push_back(value.getAsInteger().value_or(0));
  }
  return integers;
}

std::optional<double> JSONFields::getNumberOrNull(StringRef key) {
  if (!has(key) || object->getNull(key))
    return std::nullopt;
  if (std::optional<double> number = object->getNumber(key))
    return number;
  StringRef name = object->getString(key).value_or("");
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (name == "nan")
    return std::numeric_limits<double>::quiet_NaN();
  if (name == "inf" || name == "-inf")
    return name == "inf" ? inf : -inf;
  fail(key, "a number, null, \"nan\", \"inf\" or \"-inf\"");
  return std::nullopt;
}

std::optional<int64_t> JSONFields::getIntegerOrNull(StringRef key) {
  if (!has(key) || object->getNull(key))
    return std::nullopt;
  return getInteger(key);
}

JSONFields JSONFields::getObject(StringRef key) {
  const json::Object *child = object ? object->getObject(key) : nullptr;
  if (!child)
    fail(key, "an object");
  return JSONFields(shared, child, path + key.str() + ".");
}

std::vector<JSONFields> JSONFields::getObjects(StringRef key) {
  std::vector<JSONFields> children;
  for (std::optional<JSONFields> &child : getObjectsOrNulls(key)) {
    if (!child) {
      fail(key, "a list of objects");
      return {};
    }
    children.push_back(std::move(*child));
  }
  return children;
}

std::vector<std::optional<JSONFields>>
JSONFields::getObjectsOrNulls(StringRef key) {
  std::vector<std::optional<JSONFields>> children;
  const json::Array *array = object ? object->getArray(key) : nullptr;
  if (!array) {
    fail(key, "a list of objects");
    return children;
  }
  for (auto [i, value] : enumerate(*array)) {
    if (value.getAsNull()) {
      children.push_back(std::nullopt);
      continue;
    }
    if (!value.getAsObject())
      fail(key, "a list of objects");
    children.push_back(
        JSONFields(shared, value.getAsObject(),
                   path + key.str() + "[" + std::to_string(i) + "]."));
  }
  return children;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static RangeStatistics readStatistics(JSONFields fields) {
  RangeStatistics statistics;
  statistics.min = fields.getNumberOrNull("min");
  statistics.max = fields.getNumberOrNull("max");
  statistics.mean = fields.getNumberOrNull("mean");
  statistics.variance = fields.getNumberOrNull("variance");
  statistics.largestMagnitude = fields.getNumberOrNull("largest_magnitude");
  statistics.subnormals = fields.getIntegerOrNull("subnormals");
  statistics.nan = fields.getIntegerOrNull("nan");
  statistics.inf = fields.getIntegerOrNull("inf");
  return statistics;
}

RecordedValue tapml::readValue(JSONFields &fields) {
  RecordedValue value;
  if (fields.has("size")) {
    value.kind = RecordedValue::Kind::Size;
    value.size = fields.getInteger("size");
    return value;
  }
  value.type = fields.getString("type");
  if (!getElementBytes(value.type))
    fields.fail("type",
                "an element type such as \"f32\", is \"" + value.type + "\"");
  int64_t elements = 1;
  for (int64_t size : fields.getIntegers("shape")) {
    // Also keeps the product of the sizes within its type.
    if (size < 0 || (size && elements > INT64_MAX / 16 / size))
      fields.fail("shape", "a list of sizes");
    else
      elements *= size;
    value.shape.push_back(std::max<int64_t>(size, 0));
  }
  if (fields.has("weight")) {
    value.kind = RecordedValue::Kind::Weight;
    value.name = fields.getString("weight");
    return value;
  }
  value.name = fields.getString("data");
  bool isHash = value.name.size() == 64 && all_of(value.name, [](char c) {
                  return isDigit(c) || (c >= 'a' && c <= 'f');
                });
  if (!isHash)
    fields.fail("data", "a SHA-256 in lower-case hexadecimal");
  value.file = fields.getString("file");
  value.offset = fields.getInteger("offset");
  if (fields.has("stats"))
    value.statistics = readStatistics(fields.getObject("stats"));
  return value;
}
