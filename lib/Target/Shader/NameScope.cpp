//===- NameScope.cpp - Names of what a text declares ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NameScope.h"
#include "llvm/ADT/StringExtras.h"

using namespace tapml::shader;

std::string tapml::shader::getIdentifier(llvm::StringRef hint) {
  std::string name;
  for (char c : hint) {
    if (llvm::isAlnum(c))
      name.push_back(c);
    else if (!name.empty() && name.back() != '_')
      name.push_back('_');
  }
  while (!name.empty() && name.back() == '_')
    name.pop_back();
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(0, "v");
  return name;
}

NameScopes::NameScopes(std::function<bool(llvm::StringRef)> isReserved)
    : isReserved(std::move(isReserved)) {
  push();
}

std::string NameScopes::declare(llvm::StringRef hint) {
  std::string base = getIdentifier(hint);
  std::string name = base;
  auto isTaken = [&] { return visible.contains(name) || isReserved(name); };
  if (isTaken()) {
    // `x1` after `x`, but `x2_1` after `x2`.
    std::string stem = llvm::isDigit(base.back()) ? base + "_" : base;
    unsigned &number = visible[base];
    do
      name = stem + std::to_string(++number);
    while (isTaken());
  }
  visible.try_emplace(name, 0);
  blocks.back().push_back(name);
  return name;
}

void NameScopes::pop() {
  for (const std::string &name : blocks.back())
    visible.erase(name);
  blocks.pop_back();
}
