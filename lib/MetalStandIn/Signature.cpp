//===- Signature.cpp - Interfaces of kernels in the text of a shader ------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/MetalStandIn/MetalStandIn.h"
#include <algorithm>
#include <cctype>
#include <set>

using namespace tapml::metal;

/// The entries of Metal's table of buffer arguments.
static constexpr unsigned kMaxBuffers = 31;
static constexpr unsigned kMaxThreads = 1024;

static bool isWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// Returns `text` without its comments; what they held is blank.
static std::string dropComments(const std::string &text) {
  std::string result = text;
  for (size_t i = 0; i + 1 < result.size(); ++i) {
    if (result[i] != '/')
      continue;
    size_t end = i;
    if (result[i + 1] == '/')
      end = std::min(result.find('\n', i), result.size());
    else if (result[i + 1] == '*')
      end = std::min(result.find("*/", i + 2), result.size() - 2) + 2;
    std::fill(result.begin() + i, result.begin() + end, ' ');
  }
  return result;
}

static std::string trim(const std::string &text) {
  size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

/// Returns the position behind the parenthesis that closes the one at `open`.
static size_t findClose(const std::string &text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    depth += text[i] == '(';
    depth -= text[i] == ')';
    if (depth == 0)
      return i + 1;
  }
  return std::string::npos;
}

/// Splits at commas that are in no brackets.
static std::vector<std::string> splitArguments(const std::string &text) {
  std::vector<std::string> parts;
  int depth = 0;
  std::string part;
  for (char c : text) {
    depth += c == '(' || c == '[' || c == '<';
    depth -= c == ')' || c == ']' || c == '>';
    if (c == ',' && depth == 0) {
      parts.push_back(trim(part));
      part.clear();
    } else {
      part.push_back(c);
    }
  }
  if (!trim(part).empty())
    parts.push_back(trim(part));
  return parts;
}

/// Takes `word` from the start of `text`.
static bool consumeWord(std::string &text, const std::string &word) {
  if (text.compare(0, word.size(), word) != 0 ||
      (text.size() > word.size() && isWordCharacter(text[word.size()])))
    return false;
  text = trim(text.substr(word.size()));
  return true;
}

/// Reads `SPACE TYPE NAME [[ATTRIBUTE]]`.
static bool parseArgument(std::string text, Argument &argument,
                          std::string &error) {
  size_t open = text.find("[[");
  size_t close = text.rfind("]]");
  if (open == std::string::npos || close == std::string::npos) {
    error = "argument '" + text + "' has no attribute";
    return false;
  }
  std::string attribute = trim(text.substr(open + 2, close - open - 2));
  std::string declaration = trim(text.substr(0, open));
  if (size_t paren = attribute.find('('); paren != std::string::npos) {
    argument.index = std::strtoul(attribute.c_str() + paren + 1, nullptr, 10);
    attribute = trim(attribute.substr(0, paren));
  }
  argument.attribute = attribute;
  for (const char *space : {"device", "constant", "threadgroup"})
    if (consumeWord(declaration, space)) {
      argument.space = space;
      break;
    }
  size_t nameBegin = declaration.size();
  while (nameBegin > 0 && isWordCharacter(declaration[nameBegin - 1]))
    --nameBegin;
  argument.name = declaration.substr(nameBegin);
  argument.type = trim(declaration.substr(0, nameBegin));
  if (argument.name.empty() || argument.type.empty()) {
    error = "argument '" + text + "' has no name";
    return false;
  }
  return true;
}

/// Returns what is wrong with `argument`, a value that Metal passes.
static std::string checkBuiltin(const Argument &argument) {
  static const std::set<std::string> triples = {
      "threadgroup_position_in_grid", "thread_position_in_threadgroup",
      "thread_position_in_grid",      "threadgroups_per_grid",
      "threads_per_threadgroup",      "threads_per_grid"};
  static const std::set<std::string> scalars = {
      "thread_index_in_threadgroup", "thread_index_in_simdgroup",
      "simdgroup_index_in_threadgroup", "simdgroups_per_threadgroup",
      "threads_per_simdgroup"};
  bool isTriple = triples.count(argument.attribute);
  if (!isTriple && !scalars.count(argument.attribute))
    return "has the unknown attribute '" + argument.attribute + "'";
  if (!argument.space.empty())
    return "is a value and has an address space";
  static const std::set<std::string> wide = {"uint3", "ushort3"},
                                     narrow = {"uint", "ushort"};
  if (!(isTriple ? wide : narrow).count(argument.type))
    return "has type '" + argument.type + "' where Metal passes " +
           (isTriple ? "three numbers" : "one number");
  return {};
}

/// Returns what is wrong with `argument`, a buffer.
static std::string checkBuffer(const Argument &argument,
                               std::set<unsigned> &indices) {
  char last = argument.type.back();
  if (last != '*' && last != '&')
    return "is a buffer and no pointer or reference";
  if (argument.space != "device" && argument.space != "constant")
    return "is a buffer and needs the address space 'device' or 'constant'";
  if (argument.index >= kMaxBuffers)
    return "has buffer index " + std::to_string(argument.index) +
           "; Metal has " + std::to_string(kMaxBuffers);
  if (!indices.insert(argument.index).second)
    return "has buffer index " + std::to_string(argument.index) +
           ", which another argument has";
  return {};
}

bool tapml::metal::parseKernels(const std::string &source,
                                std::vector<Signature> &kernels,
                                std::string &error) {
  std::string text = dropComments(source);
  std::set<std::string> names;
  for (size_t at = 0; (at = text.find("kernel", at)) != std::string::npos;) {
    size_t begin = at;
    at += 6;
    if ((begin && isWordCharacter(text[begin - 1])) ||
        isWordCharacter(text[at]))
      continue;
    size_t open = text.find('(', at);
    if (open == std::string::npos)
      break;
    Signature kernel;
    std::string head = trim(text.substr(at, open - at));
    bool isVoid = consumeWord(head, "void");
    kernel.name = head;
    auto fail = [&](const std::string &why) {
      error = "kernel '" + kernel.name + "': " + why;
      return false;
    };
    if (!isVoid)
      return fail("does not return void");
    if (!names.insert(kernel.name).second)
      return fail("is there twice");
    // Attributes stand in front.
    static const std::string limit = "max_total_threads_per_threadgroup(";
    size_t lineBegin = text.find_last_of(";}", begin);
    lineBegin = lineBegin == std::string::npos ? 0 : lineBegin;
    std::string before = text.substr(lineBegin, begin - lineBegin);
    if (size_t found = before.rfind(limit); found != std::string::npos)
      kernel.maxThreads =
          std::strtoul(before.c_str() + found + limit.size(), nullptr, 10);
    if (kernel.maxThreads > kMaxThreads)
      return fail("has " + std::to_string(kernel.maxThreads) +
                  " threads in a threadgroup; Metal allows " +
                  std::to_string(kMaxThreads));
    size_t close = findClose(text, open);
    if (close == std::string::npos)
      return fail("has no closing parenthesis");
    std::set<unsigned> indices;
    for (const std::string &part :
         splitArguments(text.substr(open + 1, close - open - 2))) {
      Argument argument;
      std::string why;
      if (!parseArgument(part, argument, why))
        return fail(why);
      why = argument.attribute == "buffer" ? checkBuffer(argument, indices)
                                           : checkBuiltin(argument);
      if (!why.empty())
        return fail("argument '" + argument.name + "' " + why);
      kernel.arguments.push_back(argument);
    }
    kernels.push_back(kernel);
    at = close;
  }
  if (!kernels.empty())
    return true;
  error = "the text has no kernel";
  return false;
}
