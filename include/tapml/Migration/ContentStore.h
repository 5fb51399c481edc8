//===- ContentStore.h - Tensors on disk by their hash -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_CONTENTSTORE_H
#define TAPML_MIGRATION_CONTENTSTORE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <mutex>
#include <string>

namespace tapml {

/// Returns the SHA-256 of `bytes` in lower-case hexadecimal.
std::string hashContent(llvm::ArrayRef<char> bytes);

/// A directory of files that are named by the SHA-256 of what they hold, in
/// directories named by the first two digits: equal content is there once, and
/// a file that does not hold what its name says is an error. Several threads
/// may use one store.
class ContentStore {
public:
  explicit ContentStore(llvm::StringRef directory) : directory(directory) {}

  const std::string &getDirectory() const { return directory; }

  /// Returns the path of the content with hash `hash`.
  std::string getPath(llvm::StringRef hash) const;

  /// Maps the content with hash `hash`, which must be of `size` bytes; it stays
  /// valid as long as the store. The hash is computed when it is first read.
  llvm::Expected<llvm::ArrayRef<char>> read(llvm::StringRef hash,
                                            uint64_t size);

  /// Adds `bytes` and returns their hash. Content that is there already is not
  /// written again; the file appears whole or not at all.
  llvm::Expected<std::string> write(llvm::ArrayRef<char> bytes);

  /// Adds `bytes` whose hash is known.
  llvm::Error add(llvm::StringRef hash, llvm::ArrayRef<char> bytes);

  /// Whether content with hash `hash` was written, or was there when it was to
  /// be.
  bool holds(llvm::StringRef hash) const { return written.contains(hash); }

private:
  std::string directory;
  std::mutex mutex;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  llvm::StringSet<> written;
};

} // namespace tapml

#endif // TAPML_MIGRATION_CONTENTSTORE_H
