//===- Text.cpp - Tables for terminals ------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Support/Text.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace tapml;

std::string tapml::getInstancePattern(StringRef instance) {
  SmallVector<StringRef> parts;
  instance.split(parts, '.');
  for (StringRef &part : parts)
    if (!part.empty() && all_of(part, isDigit))
      part = "*";
  return join(parts, ".");
}

void tapml::printWrapped(raw_ostream &os, StringRef head, StringRef text,
                         StringRef more) {
  os << head;
  size_t column = head.size();
  bool first = true;
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    if (!first && column + 1 + word.size() + more.size() > kTextColumns) {
      os << more << '\n';
      os.indent(head.size());
      column = head.size();
      first = true;
    }
    os << (first ? "" : " ") << word;
    column += word.size() + !first;
    first = false;
  }
  os << '\n';
}

std::string tapml::quoteForShell(StringRef word) {
  auto isPlain = [](char c) {
    return isAlnum(c) || StringRef("_./=:,@%+-").contains(c);
  };
  if (!word.empty() && all_of(word, isPlain))
    return word.str();
  std::string quoted = "'";
  for (char c : word)
    quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string tapml::shorten(StringRef text, size_t width) {
  if (text.size() <= width)
    return text.str();
  size_t tail = (width - 3) * 2 / 3;
  return (text.take_front(width - 3 - tail) + "..." + text.take_back(tail))
      .str();
}
