//===- Support.cpp - Errors, files and time -------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"
#include "FileIO.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace llvm;
using namespace tapml;

std::string tapml::describePlaces(StringRef place, StringRef planned) {
  return ("ran on " + place + "; the plan has it on " + planned).str();
}

std::string tapml::joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  sys::path::append(path, name);
  return std::string(path);
}

Error tapml::writeFile(StringRef path, StringRef content) {
  StringRef directory = sys::path::parent_path(path);
  if (!directory.empty())
    if (std::error_code error = sys::fs::create_directories(directory))
      return makeError("cannot make the directory of '" + path +
                       "': " + error.message());
  rt::Status status = rt::writeFileAtomically(
      path.str(), rt::ByteSpan(content.data(), content.size()));
  return status.ok() ? Error::success() : makeError(status.message());
}

double tapml::readSteadyClock() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}
