//===- Support.cpp - Errors and files -------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tapml;

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
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".tmp-%%%%%%");
  if (!file)
    return makeError("cannot write '" + path +
                     "': " + toString(file.takeError()));
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os << content;
  os.flush();
  if (std::error_code error = os.error()) {
    os.clear_error();
    consumeError(file->discard());
    return makeError("cannot write '" + path + "': " + error.message());
  }
  if (Error error = file->keep(path))
    return makeError("cannot write '" + path +
                     "': " + toString(std::move(error)));
  return Error::success();
}
