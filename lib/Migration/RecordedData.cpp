//===- RecordedData.cpp - The tensors of records --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/RecordedData.h"
#include "Support.h"
#include "tapml/Migration/ContentStore.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace tapml;

void RecordedData::addFile(StringRef name, std::string path, uint64_t size) {
  files.try_emplace(name, File{std::move(path), size, nullptr});
}

std::optional<uint64_t> RecordedData::getFileSize(StringRef name) const {
  auto it = files.find(name);
  return it == files.end() ? std::nullopt : std::optional(it->second.size);
}

Expected<StringRef> RecordedData::map(File &file) {
  std::lock_guard<std::mutex> lock(mutex);
  if (file.buffer)
    return file.buffer->getBuffer();
  auto buffer = MemoryBuffer::getFile(file.path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(file.path + ": " + buffer.getError().message() +
                     "; record the model again");
  if ((*buffer)->getBufferSize() != file.size)
    return makeError(file.path + ": holds " +
                     Twine((*buffer)->getBufferSize()) + " bytes, must have " +
                     Twine(file.size) +
                     ": cut short or edited; record the model again");
  file.buffer = std::move(*buffer);
  return file.buffer->getBuffer();
}

Expected<ArrayRef<char>> RecordedData::read(StringRef name, uint64_t offset,
                                            uint64_t size, StringRef hash) {
  auto it = files.find(name);
  assert(it != files.end() && "no such data file");
  Expected<StringRef> content = map(it->second);
  if (!content)
    return content.takeError();
  StringRef part = content->substr(offset, size);
  assert(part.size() == size && "tensor outside of its data file");
  ArrayRef<char> bytes(part.data(), part.size());
  std::string key =
      (hash + "/" + Twine(size) + "/" + Twine(offset) + "/" + name).str();
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (checked.contains(key))
      return bytes;
  }
  if (hashContent(bytes) != hash)
    return makeError(it->second.path + ": the " + Twine(size) + " bytes at " +
                     Twine(offset) +
                     " do not have the SHA-256 that was recorded: edited or "
                     "damaged; record the model again");
  std::lock_guard<std::mutex> lock(mutex);
  checked.insert(key);
  return bytes;
}
