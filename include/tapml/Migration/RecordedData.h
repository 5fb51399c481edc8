//===- RecordedData.h - The tensors of records ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_RECORDEDDATA_H
#define TAPML_MIGRATION_RECORDEDDATA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tapml {

/// Tensors begin at multiples of this in their data file, so that they can be
/// used where the file is mapped.
inline constexpr uint64_t kRecordedAlignment = 64;

/// The data files of records. A file is mapped when something of it is read
/// first, and the hash of a tensor is computed when that is read first. Several
/// threads may read.
class RecordedData {
public:
  /// Adds the file at `path`, which records call `name`. It must be of `size`
  /// bytes.
  void addFile(llvm::StringRef name, std::string path, uint64_t size);

  /// Returns the size of a file, or nothing if there is none of that name.
  std::optional<uint64_t> getFileSize(llvm::StringRef name) const;

  /// Returns `size` bytes at `offset` of the file `name`, whose SHA-256 must be
  /// `hash`. The file must be there and hold so many.
  llvm::Expected<llvm::ArrayRef<char>> read(llvm::StringRef name,
                                            uint64_t offset, uint64_t size,
                                            llvm::StringRef hash);

private:
  struct File {
    std::string path;
    uint64_t size;
    std::unique_ptr<llvm::MemoryBuffer> buffer;
  };
  llvm::Expected<llvm::StringRef> map(File &file);

  llvm::StringMap<File> files;
  std::mutex mutex;
  /// What was read and had its hash.
  llvm::StringSet<> checked;
};

} // namespace tapml

#endif // TAPML_MIGRATION_RECORDEDDATA_H
