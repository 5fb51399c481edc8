//===- Safetensors.h - Reader and writer of safetensors files ---*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_SAFETENSORS_H
#define TAPML_LIB_RUNTIME_SAFETENSORS_H

#include "DType.h"
#include "FileIO.h"
#include "Sha256.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tapml::rt {

/// A tensor inside a safetensors file: `offset` counts from the file's start.
struct SafetensorsEntry {
  DType dtype = DType::F32;
  Shape shape;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// A mapped safetensors file whose header has been checked completely.
class SafetensorsFile {
public:
  static Result<std::shared_ptr<SafetensorsFile>> open(const std::string &path);

  /// Null when there is no such tensor.
  const SafetensorsEntry *find(const std::string &name) const;
  const std::map<std::string, SafetensorsEntry> &entries() const {
    return table;
  }
  ByteSpan bytes(const SafetensorsEntry &entry) const {
    return file->bytes().slice(entry.offset, entry.size);
  }
  const MappedFile &mapping() const { return *file; }
  /// Digest of the 8 length bytes and the JSON header.
  const Sha256Digest &headerDigest() const { return digest; }

private:
  SafetensorsFile() = default;
  Status parse();

  std::shared_ptr<MappedFile> file;
  std::map<std::string, SafetensorsEntry> table;
  Sha256Digest digest;
};

/// A tensor to be written, or a view of one in memory.
struct NamedTensor {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  ByteSpan data;
};

/// Writes a safetensors file atomically. Every tensor starts at a multiple of
/// 64 bytes of the file when its predecessors' sizes are multiples of 64 too.
Status writeSafetensors(const std::string &path,
                        const std::vector<NamedTensor> &tensors);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_SAFETENSORS_H
