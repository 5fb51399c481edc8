//===- LinkSharedObject.cpp - Runs the linker -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Host/HostCodegen.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// Returns the linker's path.
static Expected<std::string> findLinker() {
  const StringRef versioned = "ld.lld-" TAPML_LLVM_MAJOR;
  for (StringRef name : {versioned, StringRef("ld.lld")})
    if (ErrorOr<std::string> path =
            sys::findProgramByName(name, {TAPML_LLVM_TOOLS_DIR}))
      return *path;
  for (StringRef name : {versioned, StringRef("ld.lld")})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError(
      "cannot find the linker 'ld.lld' of LLVM " TAPML_LLVM_MAJOR
      " in the directory of LLVM's tools or on PATH; install the package "
      "'lld-" TAPML_LLVM_MAJOR "'");
}

/// Creates a file in the system's directory for temporary files.
static Error createScratch(StringRef suffix, SmallVectorImpl<char> &path) {
  if (std::error_code ec =
          sys::fs::createTemporaryFile("tapml-host", suffix, path))
    return createStringError(ec, "cannot create a temporary file: %s",
                             ec.message().c_str());
  return Error::success();
}

/// Writes `object` to the file at `path`.
static Error writeObject(StringRef path, ArrayRef<char> object) {
  std::error_code ec;
  raw_fd_ostream os(path, ec);
  if (!ec) {
    os.write(object.data(), object.size());
    os.close();
    ec = os.error();
    os.clear_error();
  }
  if (!ec)
    return Error::success();
  return createStringError(ec, "cannot write temporary file '%s': %s",
                           path.str().c_str(), ec.message().c_str());
}

Expected<SmallVector<char, 0>>
tapml::linkSharedObject(ArrayRef<ArrayRef<char>> objects) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();

  SmallString<128> output, log;
  SmallVector<SmallString<128>> inputs(objects.size());
  scope_exit cleanUp([&] {
    for (StringRef path : inputs)
      sys::fs::remove(path);
    for (StringRef path : {output.str(), log.str()})
      sys::fs::remove(path);
  });
  for (auto [object, input] : zip_equal(objects, inputs)) {
    if (Error error = createScratch("o", input))
      return std::move(error);
    if (Error error = writeObject(input, object))
      return std::move(error);
  }
  if (Error error = createScratch("so", output))
    return std::move(error);
  if (Error error = createScratch("log", log))
    return std::move(error);

  // Nothing of the file depends on where or when it was made: no build id, no
  // symbols but the exported ones.
  SmallVector<StringRef> args = {*linker,
                                 "-shared",
                                 "-nostdlib",
                                 "--build-id=none",
                                 "--hash-style=gnu",
                                 "--gc-sections",
                                 "--strip-all",
                                 "-z",
                                 "max-page-size=4096",
                                 "-z",
                                 "noexecstack",
                                 "-o",
                                 output};
  append_range(args, inputs);
  std::string message;
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  int status = sys::ExecuteAndWait(*linker, args, /*Env=*/std::nullopt,
                                   redirects, /*SecondsToWait=*/0,
                                   /*MemoryLimit=*/0, &message);
  if (status != 0) {
    if (ErrorOr<std::unique_ptr<MemoryBuffer>> text =
            MemoryBuffer::getFile(log))
      message += (*text)->getBuffer().trim();
    return createStringError("linking the host code with '%s' failed: %s",
                             linker->c_str(), message.c_str());
  }

  ErrorOr<std::unique_ptr<MemoryBuffer>> linked = MemoryBuffer::getFile(
      output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!linked)
    return createStringError(
        linked.getError(), "cannot read the linker's output '%s': %s",
        output.c_str(), linked.getError().message().c_str());
  StringRef bytes = (*linked)->getBuffer();
  return SmallVector<char, 0>(bytes.begin(), bytes.end());
}
