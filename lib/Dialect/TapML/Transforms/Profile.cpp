//===- Profile.cpp - Device profiles and places from text -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Transforms/Profile.h"
#include "JSONText.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

/// Returns `value` as a limit, where numbers beyond 63 bits mean no limit; null
/// if it is not an integer or three.
static Attribute parseLimit(Builder &builder, const json::Value &value) {
  auto integer = [](const json::Value &v) -> std::optional<int64_t> {
    if (std::optional<int64_t> number = v.getAsInteger())
      return number;
    if (v.getAsUINT64())
      return INT64_MAX;
    return std::nullopt;
  };
  if (std::optional<int64_t> number = integer(value))
    return builder.getI64IntegerAttr(*number);
  const json::Array *array = value.getAsArray();
  if (!array)
    return nullptr;
  SmallVector<int64_t, 3> numbers;
  for (const json::Value &element : *array) {
    std::optional<int64_t> number = integer(element);
    if (!number)
      return nullptr;
    numbers.push_back(*number);
  }
  return builder.getDenseI64ArrayAttr(numbers);
}

FailureOr<ProfileAttr> tapml::parseProfile(MLIRContext *context, StringRef text,
                                           StringRef source) {
  JSONReader reader(context, source);
  FailureOr<json::Value> root = reader.parse(text);
  if (failed(root))
    return failure();
  const json::Object *object = root->getAsObject();
  if (!object)
    return reader.error("") << "a profile must be an object such as {\"kind\": "
                               "\"vulkan\", \"name\": ...}";
  if (failed(reader.checkKeys(*object, "",
                              {"kind", "name", "limits", "features"})))
    return failure();

  std::optional<StringRef> kindName = object->getString("kind");
  std::optional<TargetKind> kind =
      kindName ? symbolizeTargetKind(*kindName) : std::nullopt;
  if (!kind)
    return reader.error("") << "\"kind\" must be \"host\", \"vulkan\", "
                               "\"webgpu\" or \"metal\"";
  std::optional<StringRef> name = object->getString("name");
  if (!name || name->empty())
    return reader.error("") << "\"name\" must be the name of the device or "
                               "preset";

  Builder builder(context);
  SmallVector<NamedAttribute> limits;
  if (const json::Value *value = object->get("limits")) {
    const json::Object *entries = value->getAsObject();
    if (!entries)
      return reader.error("") << "\"limits\" must be an object of integers";
    for (const auto &[key, entry] : *entries) {
      Attribute limit = parseLimit(builder, entry);
      if (!limit)
        return reader.error("")
               << "limit \"" << StringRef(key)
               << "\" must be an integer or a list of integers";
      limits.push_back(builder.getNamedAttr(StringRef(key), limit));
    }
  }

  std::vector<std::string> features;
  if (const json::Value *value = object->get("features"))
    if (failed(reader.readStrings(*value, "", "features", features,
                                  /*allowEmpty=*/true)))
      return failure();
  llvm::sort(features);
  features.erase(std::unique(features.begin(), features.end()), features.end());

  auto profile = ProfileAttr::getChecked(
      [&] { return reader.error(""); }, context, *kind, *name,
      builder.getDictionaryAttr(limits),
      builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(features)));
  if (!profile)
    return failure();
  return profile;
}

static DeviceProfileSource deviceProfiles = nullptr;

void tapml::setDeviceProfileSource(DeviceProfileSource source) {
  deviceProfiles = source;
}

/// Returns the id in a target of the form `name=kind:number`, else an empty
/// string.
static StringRef getTargetDevice(StringRef spec) {
  StringRef id = spec.split('=').second;
  auto [kind, number] = id.split(':');
  bool isDevice = symbolizeTargetKind(kind) && !number.empty() &&
                  llvm::all_of(number, llvm::isDigit);
  return isDevice ? id : StringRef();
}

std::string tapml::getDefaultDevice(StringRef spec, ProfileAttr profile) {
  StringRef id = getTargetDevice(spec);
  return id.empty() ? (stringifyTargetKind(profile.getKind()) + ":0").str()
                    : id.str();
}

/// Asks the tool for the profile of device `id`, to which `spec` refers.
static FailureOr<ProfileAttr> getDeviceProfile(MLIRContext *context,
                                               StringRef spec, StringRef id) {
  Location loc = UnknownLoc::get(context);
  if (!deviceProfiles)
    return emitError(loc) << "target '" << spec
                          << "': this tool knows no devices; write the profile "
                             "to a file with `tapml devices --profile="
                          << id << "`";
  llvm::Expected<std::string> text = deviceProfiles(id);
  if (!text)
    return emitError(loc) << "target '" << spec
                          << "': " << llvm::toString(text.takeError());
  return parseProfile(context, *text, id);
}

/// Returns the profile that `text`, the part of `spec` after the name, refers
/// to: a preset, a device or a file.
static FailureOr<ProfileAttr> resolveProfile(MLIRContext *context,
                                             StringRef spec, StringRef text) {
  if (ProfileAttr preset = ProfileAttr::getPreset(context, text))
    return preset;
  if (StringRef id = getTargetDevice(spec); !id.empty())
    return getDeviceProfile(context, spec, id);
  Location loc = UnknownLoc::get(context);
  if (!text.ends_with(".json"))
    return emitError(loc) << "target '" << spec << "': '" << text
                          << "' is not a preset ("
                          << llvm::join(ProfileAttr::getPresetNames(), ", ")
                          << "); name a preset, a device as name=vulkan:0, or "
                             "a profile as name=FILE.json";
  auto buffer = llvm::MemoryBuffer::getFile(text, /*IsText=*/true);
  if (!buffer)
    return emitError(loc) << "target '" << spec << "': cannot read profile '"
                          << text << "': " << buffer.getError().message()
                          << "; `tapml devices --json` prints one";
  return parseProfile(context, (*buffer)->getBuffer(), text);
}

FailureOr<SmallVector<Target>>
tapml::parseTargets(MLIRContext *context, ArrayRef<std::string> specs) {
  Location loc = UnknownLoc::get(context);
  SmallVector<Target> targets;
  Target host{kHostPlace.str(), ProfileAttr::getPreset(context, kHostPlace)};
  bool seenHost = false;
  for (const std::string &spec : specs) {
    auto [name, text] = StringRef(spec).split('=');
    if (!StringRef(spec).contains('=')) {
      text = name;
      if (name.ends_with(".json"))
        return emitError(loc) << "target '" << spec
                              << "': a profile needs the name of a place: "
                                 "write NAME="
                              << spec;
    }
    bool isName = !name.empty() && llvm::all_of(name, [](char c) {
      return llvm::isAlnum(c) || c == '.' || c == '_' || c == '-';
    });
    if (!isName)
      return emitError(loc) << "target '" << spec
                            << "': the name of a place must be made of "
                               "letters, digits, '.', '_' and '-': write "
                               "NAME="
                            << text;
    FailureOr<ProfileAttr> profile = resolveProfile(context, spec, text);
    if (failed(profile))
      return failure();
    if ((name == kHostPlace) != profile->isHost())
      return emitError(loc)
             << "target '" << spec << "': profile '" << profile->getName()
             << "' is of kind " << stringifyTargetKind(profile->getKind())
             << "; the place \"host\", and no other, has a profile of that "
                "kind";
    if (name == kHostPlace ? seenHost : findTarget(targets, name) != nullptr)
      return emitError(loc)
             << "target '" << spec << "': there is already a "
             << "target called '" << name << "'; give each target its own name";
    if (name == kHostPlace) {
      host.profile = *profile;
      seenHost = true;
    } else {
      targets.push_back({name.str(), *profile});
    }
  }
  targets.push_back(host);
  return targets;
}

const Target *tapml::findTarget(ArrayRef<Target> targets, StringRef place) {
  const auto *it = llvm::find_if(
      targets, [&](const Target &target) { return target.place == place; });
  return it == targets.end() ? nullptr : it;
}
