//===- OutputFile.cpp - Files that are whole or not there -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

/// Returns the error of `os`, which a full disk makes late, with the last
/// bytes. Whoever destroys a stream with an error that nobody cleared ends the
/// process.
static Error takeError(raw_fd_ostream &os) {
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  return errorCodeToError(error);
}

static Error writeFile(StringRef path,
                       function_ref<void(raw_ostream &)> write) {
  // The rename at the end would replace a device or a pipe by a file.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) && exists(status) &&
      !is_regular_file(status))
    return createStringError("it is not a regular file; name another output");
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".tmp.%%%%%%%%");
  if (!file)
    return file.takeError();
  Error error = [&] {
    raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    write(os);
    return takeError(os);
  }();
  if (error)
    return joinErrors(std::move(error), file->discard());
  return file->keep(path);
}

Error tapml::writeOutput(StringRef path,
                         function_ref<void(raw_ostream &)> write) {
  Error error = Error::success();
  if (path == "-") {
    write(outs());
    error = takeError(outs());
  } else {
    error = writeFile(path, write);
  }
  if (!error)
    return Error::success();
  std::string name = path == "-" ? "standard output" : ("'" + path + "'").str();
  return createStringError("cannot write " + name + ": " +
                           toString(std::move(error)));
}
