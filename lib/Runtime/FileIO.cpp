//===- FileIO.cpp - Mapped input files and atomically written output files
//-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileIO.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tapml::rt;

/// The system's description of an error number (thread-safe).
static std::string describeError(int error) {
  char buffer[256] = {};
  return strerror_r(error, buffer, sizeof(buffer));
}

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    int error = errno;
    StatusCode code = error == ENOENT || error == ENOTDIR ? StatusCode::NotFound
                                                          : StatusCode::Io;
    return makeError(code, "cannot open '", path, "': ", describeError(error));
  }
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return makeError(StatusCode::Io, "cannot read '", path,
                     "': it is not a regular file");
  }
  void *base = nullptr;
  uint64_t length = static_cast<uint64_t>(info.st_size);
  if (length) {
    base = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (base == MAP_FAILED) {
      int error = errno;
      ::close(fd);
      return makeError(StatusCode::Io, "cannot map '", path,
                       "': ", describeError(error));
    }
  }
  return std::shared_ptr<MappedFile>(new MappedFile(path, fd, base, length));
}

MappedFile::~MappedFile() {
  if (base)
    munmap(base, length);
  ::close(descriptor);
}

Status MappedFile::checkStillWhole(const std::string &what) const {
  struct stat info;
  if (fstat(descriptor, &info) == 0 &&
      static_cast<uint64_t>(info.st_size) >= length)
    return Status();
  return makeError(StatusCode::Damaged, "'", filePath,
                   "' was cut short while in use, before ", what,
                   " was read; restore the file and load again");
}

void MappedFile::release(uint64_t offset, uint64_t size) const {
  uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t begin = alignTo(offset, page);
  uint64_t end = offset + size;
  if (end < length)
    end &= ~(page - 1);
  if (begin < end)
    madvise(static_cast<uint8_t *>(base) + begin, end - begin, MADV_DONTNEED);
}

Result<std::unique_ptr<AtomicFile>>
AtomicFile::create(const std::string &path) {
  // A rename would replace a device or a pipe by a file.
  struct stat existing;
  if (stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode))
    return makeError(StatusCode::InvalidArgument, "cannot write '", path,
                     "': it is not a regular file; name another output");
  std::random_device entropy;
  for (int attempt = 0; attempt < 16; ++attempt) {
    std::string temporary = concat(path, ".tmp.", getpid(), ".", entropy());
    int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0666);
    if (fd >= 0)
      return std::unique_ptr<AtomicFile>(
          new AtomicFile(path, std::move(temporary), fd));
    if (errno != EEXIST)
      break;
  }
  return makeError(StatusCode::Io, "cannot write '", path,
                   "': ", describeError(errno),
                   "; name an output in a directory that exists and is "
                   "writable");
}

AtomicFile::~AtomicFile() {
  if (descriptor < 0)
    return;
  ::close(descriptor);
  unlink(temporaryPath.c_str());
}

Status AtomicFile::fail(const char *action, int error) const {
  if (error == ENOSPC || error == EDQUOT)
    return makeError(StatusCode::Io, "cannot ", action, " '", finalPath,
                     "': the disk is full after ", written,
                     " bytes; free some space or name another output");
  return makeError(StatusCode::Io, "cannot ", action, " '", finalPath,
                   "': ", describeError(error));
}

Status AtomicFile::write(ByteSpan bytes) {
  while (bytes.size) {
    size_t chunk = std::min<uint64_t>(bytes.size, uint64_t(1) << 30);
    ssize_t count = ::write(descriptor, bytes.data, chunk);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return fail("write", count < 0 ? errno : ENOSPC);
    written += static_cast<uint64_t>(count);
    bytes = bytes.slice(static_cast<uint64_t>(count),
                        bytes.size - static_cast<uint64_t>(count));
  }
  return Status();
}

Status AtomicFile::commit() {
  // Some file systems report a full disk only when the data is flushed.
  if (fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS)
    return fail("write", errno);
  int fd = descriptor;
  descriptor = -1;
  if (::close(fd) != 0 || rename(temporaryPath.c_str(), finalPath.c_str())) {
    int error = errno;
    unlink(temporaryPath.c_str());
    return fail("create", error);
  }
  return Status();
}

Status tapml::rt::writeFileAtomically(const std::string &path, ByteSpan bytes) {
  TAPML_ASSIGN_OR_RETURN(auto file, AtomicFile::create(path));
  TAPML_RETURN_IF_ERROR(file->write(bytes));
  return file->commit();
}

std::string tapml::rt::resolveBeside(const std::string &base,
                                     const std::string &path) {
  if (!path.empty() && path.front() == '/')
    return path;
  size_t slash = base.rfind('/');
  return slash == std::string::npos ? path : base.substr(0, slash + 1) + path;
}
