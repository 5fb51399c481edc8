//===- JSONText.cpp - Reading JSON with clear errors ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JSONText.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <optional>

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

InFlightDiagnostic JSONReader::error(const llvm::Twine &where) const {
  InFlightDiagnostic diag = emitError(getLoc());
  if (std::string text = where.str(); !text.empty())
    diag << text << ": ";
  return diag;
}

Location JSONReader::getLoc() const {
  return FileLineColLoc::get(context, source, current.line, current.column);
}

TextPosition JSONReader::getPosition(StringRef list, size_t index) const {
  auto it = elements.find(list);
  return it != elements.end() && index < it->second.size() ? it->second[index]
                                                           : TextPosition();
}

/// Splits "[line:column, byte=offset]: message", the form of JSON's errors.
static bool splitParseError(StringRef text, unsigned &line, unsigned &column,
                            StringRef &message) {
  return text.consume_front("[") && !text.consumeInteger(10, line) &&
         text.consume_front(":") && !text.consumeInteger(10, column) &&
         !(message = text.split("]: ").second).empty();
}

namespace {
/// Finds in valid JSON what a parsed value no longer tells.
class TextScanner {
public:
  TextScanner(StringRef text) : text(text) {}
  void run();

  /// The first key that an object has twice, if one has.
  std::optional<std::pair<std::string, TextPosition>> duplicate;
  /// Where the elements of the lists of the outermost object are.
  std::map<std::string, std::vector<TextPosition>, std::less<>> elements;

private:
  /// An object or a list that is open.
  struct Scope {
    bool isList;
    llvm::StringSet<> keys;
  };
  void readString(size_t &i);
  void startElement(size_t i);
  TextPosition getPosition(size_t i) {
    return {line, static_cast<unsigned>(i - lineStart) + 1};
  }

  StringRef text;
  SmallVector<Scope> scopes;
  std::string outermostKey;
  bool expectsElement = false;
  unsigned line = 1;
  size_t lineStart = 0;
};
} // namespace

/// Reads the string that starts at `i`, and moves `i` to its end.
void TextScanner::readString(size_t &i) {
  size_t begin = i++;
  while (text[i] != '"')
    i += text[i] == '\\' ? 2 : 1;
  bool isKey = text.drop_front(i + 1).ltrim().starts_with(":");
  if (!isKey || scopes.empty())
    return;
  StringRef key = text.slice(begin + 1, i);
  if (!scopes.back().keys.insert(key).second && !duplicate)
    duplicate = {key.str(), getPosition(begin)};
  if (scopes.size() == 1)
    outermostKey = key.str();
}

void TextScanner::startElement(size_t i) {
  if (expectsElement && text[i] != ']')
    elements[outermostKey].push_back(getPosition(i));
  expectsElement = false;
}

void TextScanner::run() {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n') {
      ++line;
      lineStart = i + 1;
    }
    if (llvm::isSpace(c))
      continue;
    startElement(i);
    if (c == '{' || c == '[')
      scopes.push_back({c == '[', {}});
    else if (c == '}' || c == ']')
      scopes.pop_back();
    else if (c == '"')
      readString(i);
    expectsElement =
        (c == '[' || c == ',') && scopes.size() == 2 && scopes.back().isList;
  }
}

/// Returns how deep brackets nest in `text`, JSON or not.
static unsigned getDepth(StringRef text) {
  unsigned depth = 0, deepest = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      i += c == '\\';
      inString = c != '"';
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      depth -= depth > 0;
    }
  }
  return deepest;
}

FailureOr<json::Value> JSONReader::parse(StringRef text) {
  // The parser recurses; nothing that is read here nests deeper than six.
  constexpr unsigned maxDepth = 100;
  if (getDepth(text) > maxDepth)
    return error("") << "brackets nest deeper than " << maxDepth
                     << "; this is not a file that TapML reads";
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value) {
    std::string error = llvm::toString(value.takeError());
    StringRef message = error;
    splitParseError(error, current.line, current.column, message);
    return this->error("") << "not valid JSON: " << message;
  }
  TextScanner scanner(text);
  scanner.run();
  elements = std::move(scanner.elements);
  if (scanner.duplicate) {
    current = scanner.duplicate->second;
    return error("") << "key \"" << scanner.duplicate->first
                     << "\" is given twice; remove one";
  }
  return std::move(*value);
}

LogicalResult JSONReader::checkKeys(const json::Object &object,
                                    const llvm::Twine &where,
                                    ArrayRef<StringRef> known) const {
  SmallVector<StringRef> unknown;
  for (const auto &[key, value] : object)
    if (!llvm::is_contained(known, StringRef(key)))
      unknown.push_back(key);
  if (unknown.empty())
    return success();
  llvm::sort(unknown);
  InFlightDiagnostic diag = error(where)
                            << "unknown key \"" << unknown.front() << "\"";
  std::string proposal = proposeName(unknown.front(), known);
  if (!proposal.empty())
    return diag << proposal;
  diag << "; known keys are ";
  llvm::interleaveComma(known, diag,
                        [&](StringRef key) { diag << '"' << key << '"'; });
  return diag;
}

LogicalResult JSONReader::readStrings(const json::Value &value,
                                      const llvm::Twine &where, StringRef key,
                                      std::vector<std::string> &strings,
                                      bool allowEmpty) const {
  auto add = [&](const json::Value &element) {
    std::optional<StringRef> string = element.getAsString();
    if (!string || string->empty())
      return false;
    strings.push_back(string->str());
    return true;
  };
  const json::Array *array = value.getAsArray();
  bool valid = array ? llvm::all_of(*array, add) : add(value);
  if (!valid)
    return error(where) << "\"" << key
                        << "\" must be a string or a list of strings, none of "
                           "them empty";
  if (strings.empty() && !allowEmpty)
    return error(where) << "\"" << key
                        << "\" is an empty list, which matches nothing; name "
                           "something, or remove the key to match everything";
  return success();
}

std::string tapml::proposeName(StringRef name, ArrayRef<StringRef> known) {
  unsigned best = std::max<size_t>(name.size() / 3, 1) + 1;
  StringRef closest;
  for (StringRef candidate : known) {
    unsigned distance = name.edit_distance(candidate, true, best);
    if (distance < best) {
      best = distance;
      closest = candidate;
    }
  }
  return closest.empty() ? "" : ("; did you mean \"" + closest + "\"?").str();
}

std::string tapml::quoteJSON(StringRef text) {
  std::string quoted;
  llvm::raw_string_ostream os(quoted);
  os << json::Value(json::fixUTF8(text));
  return quoted;
}
