//===- TapxFile.h - The .tapx container -------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_TAPXFILE_H
#define TAPML_LIB_RUNTIME_TAPXFILE_H

#include "FileIO.h"
#include "Sha256.h"

#include <memory>
#include <string>
#include <vector>

namespace tapml::rt {

// Layout, little endian:
//   0   magic "TAPX\r\n\x1a\n"
//   8   u16 major, u16 minor
//   12  u32 number of sections
//   16  per section: char name[32] (NUL padded), u64 offset, u64 size,
//       u8 sha256[32]
//   ..  u8 sha256[32] of everything before
// Sections follow in the order of the table, each at the next multiple of 64
// bytes, with zeros between them; the file ends with the last section.

constexpr uint16_t tapxMajor = 1;
constexpr uint16_t tapxMinor = 0;

/// The name of the section that describes all others.
constexpr char tapxManifestSection[] = "manifest";

/// A section to be written. The data must stay alive during the write.
struct TapxSection {
  std::string name;
  ByteSpan data;
};

/// Returns the bytes of a .tapx file. Names are unique, of 1 to 31 characters
/// among letters, digits, '.', '_' and '-'.
Result<std::string> encodeTapx(const std::vector<TapxSection> &sections);

/// Writes a .tapx file atomically: the name appears when all bytes are on the
/// disk, and nothing is left behind on failure.
Status writeTapxFile(const std::string &path,
                     const std::vector<TapxSection> &sections);

/// A .tapx file whose every byte has been checked. It is held in memory: what
/// was checked is what runs, even if the file changes meanwhile.
class TapxFile {
public:
  struct Section {
    std::string name;
    ByteSpan data;
    Sha256Digest digest;
  };

  static Result<std::shared_ptr<TapxFile>> open(const std::string &path);
  /// Takes the bytes of a file. `path` is for messages, and for finding the
  /// weights, which are named relative to it.
  static Result<std::shared_ptr<TapxFile>> fromBytes(std::vector<uint8_t> bytes,
                                                     const std::string &path);

  /// Null when there is no such section.
  const Section *find(const std::string &name) const;
  const std::vector<Section> &sections() const { return table; }
  const std::string &path() const { return filePath; }
  uint16_t minor() const { return formatMinor; }

private:
  TapxFile() = default;
  Status parse();

  std::string filePath;
  std::vector<uint8_t> contents;
  std::vector<Section> table;
  uint16_t formatMinor = 0;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_TAPXFILE_H
