//===- NameScope.h - Names of what a text declares ------------ -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_NAMESCOPE_H
#define TAPML_LIB_TARGET_SHADER_NAMESCOPE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <string>

namespace tapml::shader {

/// Gives out names that are unique among those that can be seen, so that no
/// declaration hides another, and that the language does not reserve. Blocks
/// beside each other may use the same names.
class NameScopes {
public:
  explicit NameScopes(std::function<bool(llvm::StringRef)> isReserved);

  /// Returns a name like `hint` and declares it in the innermost block.
  std::string declare(llvm::StringRef hint);

  void push() { blocks.emplace_back(); }
  void pop();

private:
  std::function<bool(llvm::StringRef)> isReserved;
  /// The visible names, and the last number that each was followed by.
  llvm::StringMap<unsigned> visible;
  llvm::SmallVector<llvm::SmallVector<std::string>> blocks;
};

/// Declares names of one block for as long as it lives.
class NameBlock {
public:
  explicit NameBlock(NameScopes &names) : names(names) { names.push(); }
  ~NameBlock() { names.pop(); }

private:
  NameScopes &names;
};

/// Returns `hint` as an identifier that every shader language takes: letters,
/// digits and single underscores, starting with a letter.
std::string getIdentifier(llvm::StringRef hint);

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_NAMESCOPE_H
