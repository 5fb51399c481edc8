//===- ManifestBuilder.cpp - The tables of a manifest ---------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "tapml/Codegen/Storage.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Collection
//===----------------------------------------------------------------------===//

LogicalResult ManifestBuilder::collect() {
  auto host = StringAttr::get(module.getContext(), kHostPlace);
  places[host] = {0, ProfileAttr()};
  for (auto executable : module.getOps<ExecutableOp>())
    for (auto variant : executable.getBody().getOps<VariantOp>())
      if (failed(collectPlace(variant)))
        return failure();
  return collectHostCode();
}

LogicalResult ManifestBuilder::collectPlace(VariantOp variant) {
  ProfileAttr profile = variant.getTarget();
  if (profile.isHost() != (variant.getSymName() == kHostPlace))
    return variant.emitOpError("has a profile of kind '")
           << stringifyTargetKind(profile.getKind())
           << "'; the place '@host', and no other, is of kind 'host'";
  unsigned next = places.size();
  auto [it, inserted] =
      places.insert({variant.getSymNameAttr(), Place{next, profile}});
  if (!it->second.profile)
    it->second.profile = profile;
  if (it->second.profile != profile)
    return variant.emitOpError("has another profile than the variants of ")
           << variant.getSymNameAttr() << " before it, " << it->second.profile;
  return success();
}

LogicalResult ManifestBuilder::collectHostCode() {
  for (auto binary : module.getOps<BinaryOp>()) {
    if (binary.getFormat() != "elf")
      return binary.emitOpError("stands in the module and has format '")
             << binary.getFormat()
             << "'; only host code, \"elf\", is common to all executables";
    if (!hostBinaries.empty()) {
      BinaryOp first = hostBinaries.front();
      if (first.getTargetTripleAttr() != binary.getTargetTripleAttr() ||
          first.getEntriesAttr() != binary.getEntriesAttr()) {
        InFlightDiagnostic diag = binary.emitOpError(
            "must have the triple and the entry points of the host code for "
            "other CPUs");
        diag.attachNote(first.getLoc()) << "which is here";
        return diag;
      }
    }
    // Names of sections have less than 32 characters.
    std::string section = "host." + binary.getTargetCpu().value_or("").str();
    if (section.size() > 31 || section == "host." ||
        llvm::is_contained(hostSections, section))
      section = "host." + std::to_string(hostBinaries.size());
    hostBinaries.push_back(binary);
    hostSections.push_back(section);
    ArrayRef<int8_t> data = binary.getData();
    sections.push_back(
        {section, ArrayRef<char>(reinterpret_cast<const char *>(data.data()),
                                 data.size())});
  }
  return success();
}

FailureOr<unsigned> ManifestBuilder::getPlace(Operation *op, StringAttr name) {
  auto it = places.find(name);
  if (it != places.end())
    return it->second.number;
  return op->emitOpError("is at '@")
         << name.getValue() << "', for which no executable has a variant";
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

std::string ManifestBuilder::getSection(BinaryOp binary) {
  // Equal code is stored once.
  std::string &section = codeSections[binary.getDataAttr()];
  if (section.empty()) {
    section = binary.getFormat().str() + "." +
              std::to_string(codeSections.size() - 1);
    ArrayRef<int8_t> data = binary.getData();
    sections.push_back(
        {section, ArrayRef<char>(reinterpret_cast<const char *>(data.data()),
                                 data.size())});
  }
  return section;
}

FailureOr<unsigned> ManifestBuilder::getKernel(LaunchOp launch,
                                               VariantOp variant,
                                               SymbolRefAttr name) {
  bool isHost = variant.getTarget().isHost();
  StringRef leaf = name.getLeafReference();
  EntryPointAttr entry;
  Attribute code; // None for the host.
  std::string section;
  if (isHost) {
    if (!hostBinaries.empty())
      entry = hostBinaries.front().lookupEntry(leaf);
  } else {
    for (auto binary : variant.getBody().getOps<BinaryOp>()) {
      if (!(entry = binary.lookupEntry(leaf)))
        continue;
      section = getSection(binary);
      code = binary.getDataAttr();
      break;
    }
  }
  if (!entry)
    return launch.emitOpError("names ")
           << name << ", which is no entry point of "
           << (isHost ? "the module's host code; run 'tapml-compile-host'"
                      : "the variant's binaries; compile its kernels first");

  // A tensor may be bound in parts, which are buffers of the kernel's own.
  SmallVector<bool> isOutput;
  for (unsigned i = 0, e = launch.getInputs().size() + launch->getNumResults();
       i < e; ++i)
    isOutput.append(getNumParts(launch, i), i >= launch.getInputs().size());
  size_t buffers = isOutput.size();
  if (entry.getAccess().size() != buffers ||
      entry.getSizes() != static_cast<int64_t>(launch.getSizes().size()))
    return launch.emitOpError("passes ")
           << buffers << " buffers and " << launch.getSizes().size()
           << " sizes to " << name << ", which takes "
           << entry.getAccess().size() << " and " << entry.getSizes();
  for (auto [index, access] :
       llvm::enumerate(entry.getAccess().getAsRange<StringAttr>())) {
    if (isOutput[index] == isReadOnlyAccess(access.getValue()))
      return launch.emitOpError("passes an ")
             << (isOutput[index] ? "output" : "input") << " as buffer " << index
             << " of " << name << ", whose access is " << access;
  }

  auto [it, inserted] = kernelNumbers.try_emplace(
      {getPlace(variant), code, entry}, kernels.size());
  if (inserted)
    kernels.push_back({getPlace(variant), section, entry, {}});
  if (ArrayAttr instances = launch.getInstancesAttr())
    kernels[it->second].instances.insert(instances.begin(), instances.end());
  return it->second;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

FailureOr<std::string> ManifestBuilder::getElementType(Operation *op,
                                                       Type type) {
  if (type.isF16() || type.isBF16() || type.isF32() || type.isF64() ||
      type.isSignlessInteger(1) || type.isSignlessInteger(8) ||
      type.isSignlessInteger(16) || type.isSignlessInteger(32) ||
      type.isSignlessInteger(64)) {
    std::string name;
    llvm::raw_string_ostream(name) << type;
    return name;
  }
  return op->emitOpError("has a tensor of ")
         << type << ", an element type that executables do not know";
}

//===----------------------------------------------------------------------===//
// Manifest
//===----------------------------------------------------------------------===//

json::Array tapml::toJson(ArrayAttr strings) {
  json::Array array;
  if (strings)
    for (auto string : strings.getAsRange<StringAttr>())
      array.push_back(string.getValue());
  return array;
}

/// A profile as the manifest has it.
static json::Object describeProfile(ProfileAttr profile) {
  json::Object limits;
  for (NamedAttribute limit : profile.getLimits()) {
    if (auto scalar = dyn_cast<IntegerAttr>(limit.getValue()))
      limits[limit.getName().getValue()] = scalar.getInt();
    else
      limits[limit.getName().getValue()] =
          json::Array(cast<DenseI64ArrayAttr>(limit.getValue()).asArrayRef());
  }
  return json::Object{{"name", profile.getName()},
                      {"limits", std::move(limits)},
                      {"features", toJson(profile.getFeatures())}};
}

LogicalResult ManifestBuilder::addTables(json::Object &manifest) {
  json::Array placeArray;
  for (auto &[name, place] : places) {
    TargetKind kind =
        place.profile ? place.profile.getKind() : TargetKind::Host;
    json::Object entry{{"name", name.getValue()},
                       {"kind", stringifyTargetKind(kind)}};
    if (place.profile)
      entry["profile"] = describeProfile(place.profile);
    placeArray.push_back(std::move(entry));
  }
  manifest["places"] = std::move(placeArray);

  if (!hostBinaries.empty()) {
    json::Array payloads;
    for (auto [binary, section] : llvm::zip_equal(hostBinaries, hostSections))
      payloads.push_back(
          json::Object{{"cpu", binary.getTargetCpu().value_or("")},
                       {"features", toJson(binary.getTargetFeaturesAttr())},
                       {"section", section}});
    manifest["host"] =
        json::Object{{"triple", *hostBinaries.front().getTargetTriple()},
                     {"payloads", std::move(payloads)}};
  }

  json::Array weightArray;
  for (GlobalOp global : weights) {
    auto type = cast<RankedTensorType>(global.getType());
    FailureOr<std::string> dtype =
        getElementType(global, type.getElementType());
    if (failed(dtype))
      return failure();
    weightArray.push_back(
        json::Object{{"key", global.getWeightKey()},
                     {"dtype", *dtype},
                     {"shape", json::Array(type.getShape())}});
  }
  manifest["weights"] = std::move(weightArray);

  json::Array kernelArray;
  for (const Kernel &kernel : kernels) {
    json::Object entry{{"name", kernel.entry.getName()},
                       {"entry", kernel.entry.getName()},
                       {"place", kernel.place},
                       {"access", toJson(kernel.entry.getAccess())}};
    // Under another name, so that a runtime that does not know it says so.
    bool uniform = kernel.entry.getSizeBlock() == SizeBlock::UniformBuffer;
    entry[uniform ? "uniform_sizes" : "sizes"] = kernel.entry.getSizes();
    if (!kernel.section.empty())
      entry["section"] = kernel.section;
    if (!kernel.entry.getWorkgroup().empty())
      entry["workgroup"] = json::Array(kernel.entry.getWorkgroup());
    if (!kernel.instances.empty())
      entry["instances"] = toJson(
          ArrayAttr::get(module.getContext(), kernel.instances.getArrayRef()));
    kernelArray.push_back(std::move(entry));
  }
  manifest["kernels"] = std::move(kernelArray);
  return success();
}
