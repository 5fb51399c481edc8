//===- Text.h - Tables for terminals ----------------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_SUPPORT_TEXT_H
#define TAPML_SUPPORT_TEXT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace tapml {

/// The width of what is printed for people.
constexpr size_t kTextColumns = 80;

/// Returns `instance` with a star for each number in its path, so that the
/// layers of a model look alike.
std::string getInstancePattern(llvm::StringRef instance);

/// Writes `text` after `head`, in lines of `kTextColumns` of which the later
/// ones are indented like the first. `more` ends all lines but the last.
void printWrapped(llvm::raw_ostream &os, llvm::StringRef head,
                  llvm::StringRef text, llvm::StringRef more = "");

/// Returns `word` as a shell reads it back.
std::string quoteForShell(llvm::StringRef word);

/// Returns `text`, with its middle left out where it is longer than `width`.
std::string shorten(llvm::StringRef text, size_t width);

} // namespace tapml

#endif // TAPML_SUPPORT_TEXT_H
