//===- Safetensors.cpp - Reader and writer of safetensors files -----------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Safetensors.h"
#include "Json.h"

#include <algorithm>

using namespace tapml::rt;

/// The format's own limit on the JSON header.
static constexpr uint64_t maxHeaderBytes = 100'000'000;

Result<std::shared_ptr<SafetensorsFile>>
SafetensorsFile::open(const std::string &path) {
  std::shared_ptr<SafetensorsFile> result(new SafetensorsFile());
  TAPML_ASSIGN_OR_RETURN(result->file, MappedFile::open(path));
  Status status = result->parse();
  if (!status.ok())
    return status.withContext("safetensors file '" + path + "'");
  return result;
}

const SafetensorsEntry *SafetensorsFile::find(const std::string &name) const {
  auto it = table.find(name);
  return it == table.end() ? nullptr : &it->second;
}

/// Reads one member of the header.
static SafetensorsEntry readEntry(const JsonCursor &cursor,
                                  uint64_t dataOffset) {
  SafetensorsEntry entry;
  std::string typeName = cursor.at("dtype").string();
  std::optional<DType> dtype = parseSafetensorsDType(typeName);
  if (!dtype)
    cursor.fail(concat("element type '", typeName, "' is not supported"));
  else
    entry.dtype = *dtype;
  JsonCursor shape = cursor.at("shape");
  for (size_t i = 0, e = shape.size(); i < e; ++i)
    entry.shape.push_back(shape.at(i).integer());
  JsonCursor offsets = cursor.at("data_offsets");
  if (offsets.size() != 2)
    offsets.fail("expected two offsets");
  int64_t begin = offsets.at(size_t(0)).integer();
  int64_t end = offsets.at(size_t(1)).integer();
  if (cursor.failed())
    return entry;
  std::optional<uint64_t> bytes = byteSize(entry.dtype, entry.shape);
  if (begin < 0 || end < begin || !bytes || *bytes != uint64_t(end - begin)) {
    cursor.fail(concat("offsets [", begin, ", ", end,
                       ") do not hold the shape ", toString(entry.shape)));
    return entry;
  }
  entry.offset = dataOffset + uint64_t(begin);
  entry.size = *bytes;
  return entry;
}

Status SafetensorsFile::parse() {
  ByteSpan bytes = file->bytes();
  if (bytes.size < 8)
    return makeError(StatusCode::Damaged, "cut short: it has ", bytes.size,
                     " bytes and needs at least 8; copy it again");
  uint64_t headerSize = readLE<uint64_t>(bytes.data);
  if (headerSize > maxHeaderBytes)
    return makeError(StatusCode::Damaged,
                     "not a safetensors file: the header would have ",
                     headerSize, " bytes");
  if (!bytes.contains(8, headerSize))
    return makeError(StatusCode::Damaged, "cut short: the header ends at byte ",
                     8 + headerSize, " of ", bytes.size, "; copy it again");
  digest = sha256(bytes.slice(0, 8 + headerSize));
  uint64_t dataOffset = 8 + headerSize;
  uint64_t dataSize = bytes.size - dataOffset;

  Result<Json> root = parseJson(bytes.slice(8, headerSize).text());
  if (!root.ok())
    return root.status().withContext("header");
  if (!root->is_object())
    return makeError(StatusCode::Damaged, "header: expected an object");
  JsonErrors errors;
  errors.document = "header";
  JsonCursor cursor(*root, errors);
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (auto &member : root->items()) {
    if (member.key() == "__metadata__")
      continue;
    SafetensorsEntry entry =
        readEntry(cursor.at(member.key().c_str()), dataOffset);
    TAPML_RETURN_IF_ERROR(errors.status);
    uint64_t begin = entry.offset - dataOffset;
    if (begin > dataSize || entry.size > dataSize - begin)
      return makeError(StatusCode::Damaged, "cut short: tensor '", member.key(),
                       "' ends at byte ", dataOffset + begin + entry.size,
                       " and the file has ", bytes.size,
                       "; copy or download it again");
    if (entry.size)
      ranges.push_back({begin, begin + entry.size});
    table.emplace(member.key(), std::move(entry));
  }
  std::sort(ranges.begin(), ranges.end());
  uint64_t position = 0;
  for (auto [begin, end] : ranges) {
    if (begin != position)
      return makeError(StatusCode::Damaged, "tensors ",
                       begin < position ? "overlap" : "leave a hole",
                       " at data byte ", begin);
    position = end;
  }
  if (position != dataSize)
    return makeError(StatusCode::Damaged, dataSize - position,
                     " bytes follow the last tensor");
  return Status();
}

Status tapml::rt::writeSafetensors(const std::string &path,
                                   const std::vector<NamedTensor> &tensors) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const NamedTensor &tensor : tensors) {
    std::optional<uint64_t> bytes = byteSize(tensor.dtype, tensor.shape);
    if (!bytes || *bytes != tensor.data.size)
      return makeError(StatusCode::InvalidArgument, "tensor '", tensor.name,
                       "' has ", tensor.data.size, " bytes, not those of ",
                       toString(tensor.shape), " ", name(tensor.dtype));
    if (header.contains(tensor.name))
      return makeError(StatusCode::InvalidArgument, "two tensors are named '",
                       tensor.name, "'");
    header[tensor.name] = {{"dtype", safetensorsName(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + *bytes}}};
    offset += *bytes;
  }
  std::string text =
      header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append(alignTo(text.size() + 8, 64) - 8 - text.size(), ' ');
  std::string prefix;
  appendLE<uint64_t>(prefix, text.size());
  TAPML_ASSIGN_OR_RETURN(auto file, AtomicFile::create(path));
  TAPML_RETURN_IF_ERROR(file->write(prefix));
  TAPML_RETURN_IF_ERROR(file->write(text));
  for (const NamedTensor &tensor : tensors)
    TAPML_RETURN_IF_ERROR(file->write(tensor.data));
  return file->commit();
}
