//===- Npz.cpp - Reader and writer of .npz archives -----------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"

#include <zlib.h>

#include <algorithm>

using namespace tapml::rt;

// An .npz archive is a zip file (PKWARE APPNOTE) of .npy members. Sizes above
// 4 GiB need its zip64 extension, which is read for neither and refused.

static constexpr uint32_t localMagic = 0x04034b50;
static constexpr uint32_t centralMagic = 0x02014b50;
static constexpr uint32_t endMagic = 0x06054b50;
static constexpr uint64_t localSize = 30, centralSize = 46, endSize = 22;
static constexpr uint64_t maxZipSize = 0xfffffffe;

static uint32_t updateCrc(uint32_t crc, ByteSpan bytes) {
  return uint32_t(crc32_z(crc, bytes.data, bytes.size));
}

/// Expands a raw deflate stream to exactly `size` bytes.
static Result<std::vector<uint8_t>> inflateMember(ByteSpan in, uint64_t size) {
  // Deflate expands at most 1032 times; a larger claim is a lie that would
  // only cost memory.
  if (size / 1032 > in.size)
    return makeError(StatusCode::Damaged, "compressed data is cut short");
  std::vector<uint8_t> out(size);
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return makeError(StatusCode::ResourceExhausted, "zlib cannot start");
  stream.next_in = const_cast<Bytef *>(in.data);
  stream.avail_in = uInt(in.size);
  Bytef nothing;
  stream.next_out = out.empty() ? &nothing : out.data();
  stream.avail_out = uInt(out.size());
  int code = inflate(&stream, Z_FINISH);
  bool whole = code == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole)
    return makeError(StatusCode::Damaged, "compressed data is damaged");
  return out;
}

/// Finds the record that ends a zip file; it may be followed by a comment.
static std::optional<uint64_t> findEnd(ByteSpan bytes) {
  if (bytes.size < endSize)
    return std::nullopt;
  uint64_t lowest =
      bytes.size - std::min<uint64_t>(bytes.size, endSize + 0xffff);
  for (uint64_t at = bytes.size - endSize + 1; at-- > lowest;)
    if (readLE<uint32_t>(bytes.data + at) == endMagic &&
        at + endSize + readLE<uint16_t>(bytes.data + at + 20) == bytes.size)
      return at;
  return std::nullopt;
}

/// Reads the member described by the central directory record at `record`.
static Result<NumpyArray> readMember(ByteSpan bytes, const uint8_t *record,
                                     std::string memberName) {
  uint16_t flags = readLE<uint16_t>(record + 8);
  uint16_t method = readLE<uint16_t>(record + 10);
  uint32_t crc = readLE<uint32_t>(record + 16);
  uint64_t packed = readLE<uint32_t>(record + 20);
  uint64_t size = readLE<uint32_t>(record + 24);
  uint64_t local = readLE<uint32_t>(record + 42);
  if ((flags & 1) || (method != 0 && method != 8))
    return makeError(StatusCode::Incompatible,
                     "encrypted or not stored or deflated; write it with "
                     "numpy.savez");
  if (packed > maxZipSize || size > maxZipSize || local > maxZipSize)
    return makeError(StatusCode::Incompatible,
                     "larger than 4 GiB; pass it as a .npy file");
  if (!bytes.contains(local, localSize) ||
      readLE<uint32_t>(bytes.data + local) != localMagic)
    return makeError(StatusCode::Damaged, "its local header is missing");
  uint64_t start = local + localSize +
                   readLE<uint16_t>(bytes.data + local + 26) +
                   readLE<uint16_t>(bytes.data + local + 28);
  if (!bytes.contains(start, packed) || (method == 0 && packed != size))
    return makeError(StatusCode::Damaged, "its data is cut short");
  ByteSpan data = bytes.slice(start, packed);
  std::vector<uint8_t> expanded;
  if (method == 8) {
    TAPML_ASSIGN_OR_RETURN(expanded, inflateMember(data, size));
    data = ByteSpan(expanded);
  }
  if (updateCrc(0, data) != crc)
    return makeError(StatusCode::Damaged, "its checksum does not match");
  TAPML_ASSIGN_OR_RETURN(NumpyArray array, parseNpy(data));
  if (memberName.size() > 4 &&
      memberName.compare(memberName.size() - 4, 4, ".npy") == 0)
    memberName.resize(memberName.size() - 4);
  array.name = std::move(memberName);
  return array;
}

Result<std::vector<NumpyArray>> tapml::rt::readNpz(const std::string &path) {
  TAPML_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
  ByteSpan bytes = file->bytes();
  std::optional<uint64_t> end = findEnd(bytes);
  if (!end)
    return makeError(StatusCode::Damaged, "'", path,
                     "' is not an .npz archive, or is cut short");
  unsigned count = readLE<uint16_t>(bytes.data + *end + 10);
  uint64_t position = readLE<uint32_t>(bytes.data + *end + 16);
  std::vector<NumpyArray> arrays;
  for (unsigned i = 0; i < count; ++i) {
    if (!bytes.contains(position, centralSize) ||
        readLE<uint32_t>(bytes.data + position) != centralMagic)
      return makeError(StatusCode::Damaged, "'", path, "': entry ", i,
                       " of the archive's directory is damaged");
    const uint8_t *record = bytes.data + position;
    uint64_t nameSize = readLE<uint16_t>(record + 28);
    uint64_t rest = nameSize + readLE<uint16_t>(record + 30) +
                    readLE<uint16_t>(record + 32);
    if (!bytes.contains(position + centralSize, rest))
      return makeError(StatusCode::Damaged, "'", path, "': entry ", i,
                       " of the archive's directory is cut short");
    std::string memberName(
        bytes.slice(position + centralSize, nameSize).text());
    Result<NumpyArray> array = readMember(bytes, record, memberName);
    if (!array.ok())
      return array.status().withContext("'" + path + "': member '" +
                                        memberName + "'");
    arrays.push_back(std::move(*array));
    position += centralSize + rest;
  }
  return arrays;
}

namespace {
struct ZipMember {
  std::string name;
  uint32_t crc;
  uint32_t size;
  uint32_t offset;
};
} // namespace

/// Appends the fields that local and central headers share.
static void appendCommon(std::string &out, const ZipMember &member) {
  appendLE<uint16_t>(out, 20);     // version needed to extract
  appendLE<uint16_t>(out, 0x0800); // names are UTF-8
  appendLE<uint16_t>(out, 0);      // stored
  appendLE<uint16_t>(out, 0);      // midnight,
  appendLE<uint16_t>(out, 0x0021); // 1 January 1980: output is reproducible
  appendLE<uint32_t>(out, member.crc);
  appendLE<uint32_t>(out, member.size);
  appendLE<uint32_t>(out, member.size);
  appendLE<uint16_t>(out, uint16_t(member.name.size()));
  appendLE<uint16_t>(out, 0); // extra field
}

Status tapml::rt::writeNpz(const std::string &path,
                           const std::vector<NamedTensor> &tensors) {
  TAPML_ASSIGN_OR_RETURN(auto file, AtomicFile::create(path));
  if (tensors.size() > 0xfffe)
    return makeError(StatusCode::InvalidArgument, "'", path,
                     "': too many arrays for an .npz archive");
  std::string directory;
  uint64_t position = 0;
  for (const NamedTensor &tensor : tensors) {
    TAPML_ASSIGN_OR_RETURN(std::string header,
                           formatNpyHeader(tensor.dtype, tensor.shape));
    ZipMember member;
    member.name = tensor.name + ".npy";
    uint64_t size = header.size() + tensor.data.size;
    if (position + localSize + member.name.size() + size > maxZipSize ||
        member.name.size() > 0xffff)
      return makeError(StatusCode::InvalidArgument, "'", path, "': array '",
                       tensor.name,
                       "' does not fit in an .npz archive of at most 4 GiB; "
                       "write a .safetensors file");
    member.size = uint32_t(size);
    member.offset = uint32_t(position);
    member.crc = updateCrc(updateCrc(0, header), tensor.data);
    std::string local;
    appendLE<uint32_t>(local, localMagic);
    appendCommon(local, member);
    local += member.name;
    TAPML_RETURN_IF_ERROR(file->write(local));
    TAPML_RETURN_IF_ERROR(file->write(header));
    TAPML_RETURN_IF_ERROR(file->write(tensor.data));
    position += local.size() + size;
    appendLE<uint32_t>(directory, centralMagic);
    appendLE<uint16_t>(directory, 20); // version made by
    appendCommon(directory, member);
    appendLE<uint16_t>(directory, 0); // comment
    appendLE<uint16_t>(directory, 0); // disk
    appendLE<uint16_t>(directory, 0); // internal attributes
    appendLE<uint32_t>(directory, 0); // external attributes
    appendLE<uint32_t>(directory, member.offset);
    directory += member.name;
  }
  if (position + directory.size() > maxZipSize)
    return makeError(StatusCode::InvalidArgument, "'", path,
                     "': the archive is larger than 4 GiB");
  std::string end;
  appendLE<uint32_t>(end, endMagic);
  appendLE<uint16_t>(end, 0);
  appendLE<uint16_t>(end, 0);
  appendLE<uint16_t>(end, uint16_t(tensors.size()));
  appendLE<uint16_t>(end, uint16_t(tensors.size()));
  appendLE<uint32_t>(end, uint32_t(directory.size()));
  appendLE<uint32_t>(end, uint32_t(position));
  appendLE<uint16_t>(end, 0);
  TAPML_RETURN_IF_ERROR(file->write(directory));
  TAPML_RETURN_IF_ERROR(file->write(end));
  return file->commit();
}
