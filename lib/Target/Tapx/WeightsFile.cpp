//===- WeightsFile.cpp - What an executable says of its weights -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;
namespace path = llvm::sys::path;

/// The format's own limit on the length of the header.
static constexpr uint64_t kMaxHeaderBytes = 100'000'000;

namespace {
/// The header of a safetensors file.
struct WeightsHeader {
  uint64_t fileBytes = 0;
  uint64_t dataOffset = 0;
  std::string digest;
  json::Object tensors;
};
} // namespace

/// `file` as named from the directory of `output`.
static std::string makeRelative(StringRef file, StringRef output) {
  SmallString<256> target(file), base(output);
  if (llvm::sys::fs::make_absolute(target) ||
      llvm::sys::fs::make_absolute(base))
    return file.str();
  path::remove_dots(target, /*remove_dot_dot=*/true);
  path::remove_dots(base, /*remove_dot_dot=*/true);
  path::remove_filename(base);
  auto from = path::begin(base), fromEnd = path::end(base);
  auto to = path::begin(target), toEnd = path::end(target);
  while (from != fromEnd && to != toEnd && *from == *to) {
    ++from;
    ++to;
  }
  SmallString<256> result;
  for (; from != fromEnd; ++from)
    path::append(result, path::Style::posix, "..");
  for (; to != toEnd; ++to)
    path::append(result, path::Style::posix, *to);
  return std::string(result);
}

/// Reads and checks the header of `file`; errors are on the module.
static FailureOr<WeightsHeader> readHeader(ModuleOp module, StringRef file) {
  auto fail = [&](const Twine &message) -> FailureOr<WeightsHeader> {
    return module.emitError() << "weights '" << file << "': " << message;
  };
  llvm::Expected<llvm::sys::fs::file_t> opened =
      llvm::sys::fs::openNativeFileForRead(file);
  if (!opened)
    return fail(llvm::toString(opened.takeError()));
  llvm::sys::fs::file_t descriptor = *opened;
  llvm::scope_exit close([&] { (void)llvm::sys::fs::closeFile(descriptor); });
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(descriptor, status))
    return fail(error.message());
  WeightsHeader header;
  header.fileBytes = status.getSize();

  uint64_t length = 0;
  if (header.fileBytes >= 8) {
    auto prefix = llvm::MemoryBuffer::getOpenFileSlice(descriptor, file, 8, 0);
    if (!prefix)
      return fail(prefix.getError().message());
    length = llvm::support::endian::read64le((*prefix)->getBufferStart());
  }
  if (length == 0 || length > kMaxHeaderBytes)
    return fail("not a safetensors file");
  if (header.fileBytes - 8 < length)
    return fail("cut short: the header ends at byte " + Twine(8 + length) +
                " of " + Twine(header.fileBytes) + "; copy it again");
  auto head =
      llvm::MemoryBuffer::getOpenFileSlice(descriptor, file, 8 + length, 0);
  if (!head)
    return fail(head.getError().message());
  header.dataOffset = 8 + length;
  llvm::SHA256 hash;
  hash.update((*head)->getBuffer());
  header.digest = llvm::toHex(hash.final(), /*LowerCase=*/true);
  llvm::Expected<json::Value> parsed =
      json::parse((*head)->getBuffer().drop_front(8));
  if (!parsed)
    return fail("the header is not valid JSON: " +
                llvm::toString(parsed.takeError()));
  json::Object *object = parsed->getAsObject();
  if (!object)
    return fail("the header is not a JSON object");
  header.tensors = std::move(*object);
  return header;
}

/// The type that safetensors files call `name`, as ours print.
static StringRef getElementTypeOf(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("BOOL", "i1")
      .Case("I8", "i8")
      .Case("I16", "i16")
      .Case("I32", "i32")
      .Case("I64", "i64")
      .Case("F16", "f16")
      .Case("BF16", "bf16")
      .Case("F32", "f32")
      .Case("F64", "f64")
      .Default(name);
}

/// Checks that the file holds `global`.
static LogicalResult checkWeight(GlobalOp global, const WeightsHeader &header,
                                 StringRef file) {
  const json::Object *entry = header.tensors.getObject(global.getWeightKey());
  if (!entry)
    return global.emitOpError("names tensor '")
           << global.getWeightKey() << "', which weights '" << file
           << "' does not have; capture the model again";
  std::string found;
  if (const json::Array *shape = entry->getArray("shape"))
    for (const json::Value &size : *shape)
      found += std::to_string(size.getAsInteger().value_or(-1)) + "x";
  found += getElementTypeOf(entry->getString("dtype").value_or("?"));
  auto type = cast<RankedTensorType>(global.getType());
  std::string expected;
  llvm::raw_string_ostream os(expected);
  for (int64_t size : type.getShape())
    os << size << "x";
  os << type.getElementType();
  if (found != expected)
    return global.emitOpError("has type ")
           << type << ", but in weights '" << file << "' the tensor is "
           << found << "; capture the model again";
  const json::Array *offsets = entry->getArray("data_offsets");
  std::optional<int64_t> end = offsets && offsets->size() == 2
                                   ? (*offsets)[1].getAsInteger()
                                   : std::nullopt;
  if (!end || *end < 0)
    return global.emitOpError("has no bytes in weights '")
           << file << "'; capture the model again";
  if (static_cast<uint64_t>(*end) > header.fileBytes - header.dataOffset)
    return mlir::emitError(global.getLoc())
           << "weights '" << file << "': cut short: tensor '"
           << global.getWeightKey() << "' ends at byte "
           << header.dataOffset + static_cast<uint64_t>(*end) << " of "
           << header.fileBytes << "; copy it again";
  return success();
}

FailureOr<json::Object> tapml::describePackage(ModuleOp module,
                                               ArrayRef<GlobalOp> weights,
                                               const TapxOptions &options) {
  json::Object package;
  if (!options.samples.empty())
    package["samples"] = makeRelative(options.samples, options.output);
  if (weights.empty())
    return package;
  if (options.weights.empty())
    return module.emitError()
           << "the model has weights; name the package or the safetensors "
              "file that holds them";
  FailureOr<WeightsHeader> header = readHeader(module, options.weights);
  if (failed(header))
    return failure();
  bool failedAny = false;
  for (GlobalOp global : weights)
    failedAny |= failed(checkWeight(global, *header, options.weights));
  if (failedAny)
    return failure();
  package["weights"] = makeRelative(options.weights, options.output);
  package["weights_bytes"] = static_cast<int64_t>(header->fileBytes);
  package["weights_header_sha256"] = header->digest;
  return package;
}
