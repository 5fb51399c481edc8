//===- Package.cpp - Captured models on disk ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Compiler/Package.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tapml;

/// The version of the package layout that this build reads.
static constexpr int64_t kPackageVersion = 1;

template <typename... Ts>
static Error makeError(const char *format, const Ts &...values) {
  return createStringError(inconvertibleErrorCode(), format, values...);
}

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  sys::path::append(path, name);
  return std::string(path);
}

/// Reads the package's description. Every field that is used is checked.
static Expected<json::Object> readDescription(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return makeError("%s: %s; capture the model again", path.c_str(),
                     buffer.getError().message().c_str());
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return makeError("%s: not valid JSON: %s", path.c_str(),
                     toString(value.takeError()).c_str());
  json::Object *object = value->getAsObject();
  std::optional<int64_t> version =
      object ? object->getInteger("version") : std::nullopt;
  if (!version)
    return makeError("%s: has no version; capture the model again",
                     path.c_str());
  if (*version != kPackageVersion)
    return makeError("%s: package version %lld, this build reads version %lld; "
                     "capture the model again",
                     path.c_str(), static_cast<long long>(*version),
                     static_cast<long long>(kPackageVersion));
  return std::move(*object);
}

Expected<Package> tapml::openPackage(StringRef path) {
  Package package;
  if (!sys::fs::exists(path))
    return makeError("%s: no such file or directory", path.str().c_str());
  StringRef trimmed = path.rtrim('/');
  package.name = sys::path::stem(trimmed).str();
  if (!sys::fs::is_directory(path)) {
    package.graph = path.str();
    return package;
  }
  package.directory = trimmed.str();
  package.graph = joinPath(trimmed, "graph.mlir");
  if (!sys::fs::exists(package.graph))
    return makeError("%s: not a captured model, it has no graph.mlir; make one "
                     "with 'python -m tapml capture'",
                     path.str().c_str());
  Expected<json::Object> description =
      readDescription(joinPath(trimmed, "capture.json"));
  if (!description)
    return description.takeError();
  if (std::optional<StringRef> name = description->getString("model"))
    package.name = name->str();
  package.weights = joinPath(trimmed, "weights.safetensors");
  package.samplesDir = joinPath(trimmed, "samples");
  return package;
}
