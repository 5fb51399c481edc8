//===- TapxFile.cpp - The .tapx container ---------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TapxFile.h"

#include <algorithm>
#include <set>

using namespace tapml::rt;

static constexpr char magic[] = "TAPX\r\n\x1a\n";
static constexpr uint64_t magicSize = 8;
static constexpr uint64_t headerSize = 16;
static constexpr uint64_t nameSize = 32;
static constexpr uint64_t recordSize = nameSize + 8 + 8 + 32;
static constexpr uint64_t digestSize = 32;
static constexpr uint64_t sectionAlignment = 64;
static constexpr uint32_t maxSections = 65536;

static bool isValidName(std::string_view name) {
  if (name.empty() || name.size() >= nameSize)
    return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
      return false;
  return true;
}

Result<std::string>
tapml::rt::encodeTapx(const std::vector<TapxSection> &sections) {
  if (sections.size() > maxSections)
    return makeError(StatusCode::InvalidArgument, sections.size(),
                     " sections, the format allows ", maxSections);
  std::set<std::string> names;
  uint64_t offset = alignTo(
      headerSize + sections.size() * recordSize + digestSize, sectionAlignment);
  std::string file(magic, magicSize);
  appendLE<uint16_t>(file, tapxMajor);
  appendLE<uint16_t>(file, tapxMinor);
  appendLE<uint32_t>(file, uint32_t(sections.size()));
  std::vector<uint64_t> offsets;
  for (const TapxSection &section : sections) {
    if (!isValidName(section.name) || !names.insert(section.name).second)
      return makeError(StatusCode::InvalidArgument, "section name '",
                       section.name,
                       "' is repeated, too long or has other characters than "
                       "letters, digits, '.', '_' and '-'");
    std::string paddedName = section.name;
    paddedName.resize(nameSize, '\0');
    file += paddedName;
    appendLE<uint64_t>(file, offset);
    appendLE<uint64_t>(file, section.data.size);
    Sha256Digest digest = sha256(section.data);
    file.append(digest.begin(), digest.end());
    offsets.push_back(offset);
    offset = alignTo(offset + section.data.size, sectionAlignment);
  }
  Sha256Digest digest = sha256(file);
  file.append(digest.begin(), digest.end());

  file.reserve(offset);
  for (size_t i = 0; i < sections.size(); ++i) {
    file.resize(offsets[i], '\0');
    file += sections[i].data.text();
  }
  return file;
}

Status tapml::rt::writeTapxFile(const std::string &path,
                                const std::vector<TapxSection> &sections) {
  Result<std::string> file = encodeTapx(sections);
  if (!file.ok())
    return file.status().withContext("'" + path + "'");
  return writeFileAtomically(path, *file);
}

Result<std::shared_ptr<TapxFile>> TapxFile::open(const std::string &path) {
  TAPML_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
  ByteSpan bytes = file->bytes();
  return fromBytes({bytes.data, bytes.data + bytes.size}, path);
}

Result<std::shared_ptr<TapxFile>>
TapxFile::fromBytes(std::vector<uint8_t> bytes, const std::string &path) {
  std::shared_ptr<TapxFile> result(new TapxFile());
  result->filePath = path;
  result->contents = std::move(bytes);
  Status status = result->parse();
  if (!status.ok())
    return status.withContext("executable '" + path + "'");
  return result;
}

const TapxFile::Section *TapxFile::find(const std::string &name) const {
  for (const Section &section : table)
    if (section.name == name)
      return &section;
  return nullptr;
}

/// True when [begin, end) holds only zeros.
static bool isZero(ByteSpan bytes, uint64_t begin, uint64_t end) {
  for (uint64_t i = begin; i < end; ++i)
    if (bytes.data[i])
      return false;
  return true;
}

Status TapxFile::parse() {
  ByteSpan bytes(contents);
  auto cutShort = [&](uint64_t needed) {
    return makeError(StatusCode::Damaged, "cut short: it has ", bytes.size,
                     " bytes and needs at least ", needed,
                     "; copy it again or compile it anew");
  };
  auto altered = [&](const std::string &what) {
    return makeError(StatusCode::Damaged, "damaged: ", what,
                     "; copy it again or compile it anew");
  };
  uint64_t common = std::min(bytes.size, magicSize);
  if (common && std::memcmp(bytes.data, magic, common) != 0)
    return makeError(StatusCode::Damaged,
                     "not a TapML executable; 'tapml compile' makes one");
  if (bytes.size < headerSize)
    return cutShort(headerSize + digestSize);
  uint16_t major = readLE<uint16_t>(bytes.data + 8);
  formatMinor = readLE<uint16_t>(bytes.data + 10);
  if (major != tapxMajor)
    return makeError(StatusCode::Incompatible, "format ", major, ".",
                     formatMinor, ", this runtime reads ", tapxMajor, ".x; ",
                     major > tapxMajor ? "use a newer TapML"
                                       : "compile it anew",
                     " (or the file is damaged)");
  uint32_t count = readLE<uint32_t>(bytes.data + 12);
  if (count > maxSections)
    return altered(concat("it claims ", count, " sections"));
  uint64_t tableEnd = headerSize + count * recordSize;
  if (bytes.size < tableEnd + digestSize)
    return cutShort(tableEnd + digestSize);
  Sha256Digest digest = sha256(bytes.slice(0, tableEnd));
  if (std::memcmp(digest.data(), bytes.data + tableEnd, digestSize) != 0)
    return altered("the section table does not match its checksum");

  uint64_t position = tableEnd + digestSize;
  std::set<std::string> names;
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t *record = bytes.data + headerSize + i * recordSize;
    Section section;
    std::string_view padded(reinterpret_cast<const char *>(record), nameSize);
    section.name = std::string(padded.substr(0, padded.find('\0')));
    if (!isValidName(section.name) ||
        padded.find_first_not_of('\0', section.name.size()) !=
            std::string_view::npos ||
        !names.insert(section.name).second)
      return altered(concat("section ", i, " has an invalid name"));
    uint64_t offset = readLE<uint64_t>(record + nameSize);
    uint64_t size = readLE<uint64_t>(record + nameSize + 8);
    std::memcpy(section.digest.data(), record + nameSize + 16, digestSize);
    if (offset != alignTo(position, sectionAlignment) || size > (1ull << 62))
      return altered("section '" + section.name + "' is out of place");
    if (!bytes.contains(offset, size))
      return cutShort(offset + size);
    if (!isZero(bytes, position, offset))
      return altered("the bytes before section '" + section.name +
                     "' are not zero");
    section.data = bytes.slice(offset, size);
    if (sha256(section.data) != section.digest)
      return altered("section '" + section.name +
                     "' does not match its checksum");
    position = offset + size;
    table.push_back(std::move(section));
  }
  if (position != bytes.size)
    return altered(
        concat(bytes.size - position, " bytes follow the last section"));
  if (!find(tapxManifestSection))
    return altered("it has no manifest");
  return Status();
}
