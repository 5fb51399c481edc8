//===- ContentStore.cpp - Tensors on disk by their hash -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/ContentStore.h"
#include "Sha256.h"
#include "Support.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tapml;

std::string tapml::hashContent(ArrayRef<char> bytes) {
  return rt::toHex(rt::sha256(rt::ByteSpan(bytes.data(), bytes.size())));
}

std::string ContentStore::getPath(StringRef hash) const {
  SmallString<256> path(directory);
  sys::path::append(path, hash.take_front(2), hash);
  return std::string(path);
}

Expected<ArrayRef<char>> ContentStore::read(StringRef hash, uint64_t size) {
  auto checked = [&](const MemoryBuffer &buffer) -> Expected<ArrayRef<char>> {
    if (buffer.getBufferSize() != size)
      return makeError(getPath(hash) + ": has " +
                       Twine(buffer.getBufferSize()) + " bytes, must have " +
                       Twine(size) + ": cut short or not what was recorded");
    return ArrayRef<char>(buffer.getBufferStart(), buffer.getBufferSize());
  };
  bool known;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = buffers.find(hash);
    if (it != buffers.end())
      return checked(*it->second);
    known = written.contains(hash);
  }
  std::string path = getPath(hash);
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path + ": " + buffer.getError().message());
  Expected<ArrayRef<char>> bytes = checked(**buffer);
  if (!bytes)
    return bytes;
  if (!known && hashContent(*bytes) != hash)
    return makeError(path + ": its content does not have the SHA-256 that it "
                            "is named by: edited or damaged");
  std::lock_guard<std::mutex> lock(mutex);
  auto [it, inserted] = buffers.try_emplace(hash, std::move(*buffer));
  return ArrayRef<char>(it->second->getBufferStart(), size);
}

Expected<std::string> ContentStore::write(ArrayRef<char> bytes) {
  std::string hash = hashContent(bytes);
  if (Error error = add(hash, bytes))
    return std::move(error);
  return hash;
}

Error ContentStore::add(StringRef hash, ArrayRef<char> bytes) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (written.contains(hash))
      return Error::success();
  }
  std::string path = getPath(hash);
  // What an interrupted run left is written again if it is not whole.
  bool whole = false;
  if (sys::fs::exists(path)) {
    Expected<ArrayRef<char>> there = read(hash, bytes.size());
    whole = static_cast<bool>(there);
    if (!there)
      consumeError(there.takeError());
  }
  if (!whole)
    if (Error error = writeFile(path, StringRef(bytes.data(), bytes.size())))
      return error;
  // Only now, as other threads rely on it.
  std::lock_guard<std::mutex> lock(mutex);
  written.insert(hash);
  return Error::success();
}
