//===- FileIO.h - Mapped input files and atomically written output files --*-
// C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_FILEIO_H
#define TAPML_LIB_RUNTIME_FILEIO_H

#include "Bytes.h"
#include "Status.h"

#include <memory>
#include <string>

namespace tapml::rt {

/// A read-only, private memory mapping of a whole file.
class MappedFile {
public:
  /// Maps `path`. Fails for anything that is not a readable regular file.
  static Result<std::shared_ptr<MappedFile>> open(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  ByteSpan bytes() const { return ByteSpan(base, length); }
  const std::string &path() const { return filePath; }

  /// Checks that the file has not been cut since it was mapped: touching a
  /// mapping past the end of its file ends the process. `what` is the tensor or
  /// section that is about to be read.
  Status checkStillWhole(const std::string &what) const;

  /// Tells the system that the pages wholly inside [offset, offset + size) are
  /// not needed now, which takes them out of the resident set. Reading them
  /// again is correct and reads the file.
  void release(uint64_t offset, uint64_t size) const;

private:
  MappedFile(std::string path, int descriptor, void *base, uint64_t length)
      : filePath(std::move(path)), descriptor(descriptor), base(base),
        length(length) {}

  std::string filePath;
  int descriptor;
  void *base;
  uint64_t length;
};

/// A file that appears under its name only when it is complete: bytes go to a
/// temporary file beside it, which `commit` flushes and renames. Without a
/// commit nothing is left behind.
class AtomicFile {
public:
  static Result<std::unique_ptr<AtomicFile>> create(const std::string &path);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  Status write(ByteSpan bytes);
  Status commit();

private:
  AtomicFile(std::string path, std::string temporary, int descriptor)
      : finalPath(std::move(path)), temporaryPath(std::move(temporary)),
        descriptor(descriptor) {}
  Status fail(const char *action, int error) const;

  std::string finalPath, temporaryPath;
  int descriptor;
  uint64_t written = 0;
};

/// Writes a whole file atomically.
Status writeFileAtomically(const std::string &path, ByteSpan bytes);

/// `path` itself when absolute, else relative to the directory of `base`.
std::string resolveBeside(const std::string &base, const std::string &path);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_FILEIO_H
