//===- TapMLAttrs.cpp - Profiles and lowerings ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Limits and features
//===----------------------------------------------------------------------===//

namespace {
/// A limit, and what the kinds' specifications guarantee where a profile does
/// not state it: Vulkan 1.1 (required limits), WebGPU (default limits), Metal
/// (feature set tables, Apple family 4). The host has no such limits.
struct Limit {
  StringRef name;
  SmallVector<int64_t, 3> host, vulkan, webgpu, metal;
};
} // namespace

static ArrayRef<Limit> getKnownLimits() {
  constexpr int64_t none = INT64_MAX;
  static const Limit limits[] = {
      {"max_workgroup_size",
       {none, none, none},
       {128, 128, 64},
       {256, 256, 64},
       {1024, 1024, 1024}},
      {"max_workgroup_invocations", {none}, {128}, {256}, {1024}},
      {"max_workgroup_count",
       {none, none, none},
       {65535, 65535, 65535},
       {65535, 65535, 65535},
       {none, none, none}},
      {"max_workgroup_memory", {none}, {16384}, {16384}, {32768}},
      {"max_storage_buffers", {none}, {4}, {8}, {31}},
      {"max_storage_buffer_bytes",
       {none},
       {int64_t(1) << 27},
       {int64_t(1) << 27},
       {int64_t(1) << 28}},
      {"max_allocation_bytes",
       {none},
       {int64_t(1) << 30},
       {int64_t(1) << 28},
       {int64_t(1) << 28}},
      {"max_push_constant_bytes", {none}, {128}, {0}, {4096}},
      {"max_uniform_buffer_bytes", {none}, {16384}, {65536}, {65536}},
      {"max_texel_buffer_elements", {0}, {65536}, {0}, {0}},
      {"max_texel_buffers", {0}, {16}, {0}, {0}},
      {"min_storage_buffer_alignment", {64}, {256}, {256}, {16}},
      {"subgroup_size", {1}, {1}, {1}, {32}},
      {"vector_bits", {256}, {128}, {128}, {128}},
  };
  return limits;
}

static constexpr StringRef kKnownFeatures[] = {
    "float16",
    "float64",
    "int16",
    "int64",
    "int8",
    "prefers_subgroup_shuffle",
    "prefers_texel_reads",
    "storage16",
    "storage8",
    "subgroup_arithmetic",
    "subgroup_ballot",
    "subgroup_shuffle",
};

static const Limit *findLimit(StringRef name) {
  ArrayRef<Limit> limits = getKnownLimits();
  auto it =
      llvm::find_if(limits, [&](const Limit &l) { return l.name == name; });
  return it == limits.end() ? nullptr : it;
}

static ArrayRef<int64_t> getGuaranteed(const Limit &limit, TargetKind kind) {
  switch (kind) {
  case TargetKind::Host:
    return limit.host;
  case TargetKind::Vulkan:
    return limit.vulkan;
  case TargetKind::WebGPU:
    return limit.webgpu;
  case TargetKind::Metal:
    return limit.metal;
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------===//
// ProfileAttr
//===----------------------------------------------------------------------===//

LogicalResult ProfileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  TargetKind kind, StringRef name,
                                  DictionaryAttr limits, ArrayAttr features) {
  for (NamedAttribute entry : limits) {
    const Limit *limit = findLimit(entry.getName());
    if (!limit)
      return emitError() << "unknown limit '" << entry.getName().getValue()
                         << "' in profile '" << name << "'";
    size_t count = 0;
    if (auto integer = dyn_cast<IntegerAttr>(entry.getValue()))
      count = integer.getInt() >= 0 ? 1 : 0;
    else if (auto array = dyn_cast<DenseI64ArrayAttr>(entry.getValue()))
      count = llvm::all_of(array.asArrayRef(), [](int64_t v) { return v >= 0; })
                  ? array.size()
                  : 0;
    if (count != limit->host.size())
      return emitError() << "limit '" << limit->name << "' in profile '" << name
                         << "' must be "
                         << (limit->host.size() == 1
                                 ? "a non-negative integer"
                                 : "array<i64: x, y, z>, non-negative");
  }
  for (Attribute feature : features) {
    auto string = dyn_cast<StringAttr>(feature);
    if (!string || !llvm::is_contained(kKnownFeatures, string.getValue()))
      return emitError() << "unknown feature " << feature << " in profile '"
                         << name << "'";
  }
  return success();
}

int64_t ProfileAttr::getLimit(StringRef name) const {
  const Limit *limit = findLimit(name);
  if (!limit || limit->host.size() != 1)
    llvm::report_fatal_error("no such scalar limit: " + name);
  if (auto stated = getLimits().getAs<IntegerAttr>(name))
    return stated.getInt();
  return getGuaranteed(*limit, getKind()).front();
}

SmallVector<int64_t, 3> ProfileAttr::getLimit3(StringRef name) const {
  const Limit *limit = findLimit(name);
  if (!limit || limit->host.size() != 3)
    llvm::report_fatal_error("no such limit per dimension: " + name);
  if (auto stated = getLimits().getAs<DenseI64ArrayAttr>(name))
    return SmallVector<int64_t, 3>(stated.asArrayRef());
  return SmallVector<int64_t, 3>(getGuaranteed(*limit, getKind()));
}

bool ProfileAttr::hasFeature(StringRef name) const {
  return llvm::any_of(getFeatures().getAsRange<StringAttr>(),
                      [&](StringAttr f) { return f.getValue() == name; });
}

//===----------------------------------------------------------------------===//
// Presets
//===----------------------------------------------------------------------===//

SmallVector<StringRef> ProfileAttr::getPresetNames() {
  return {"host",
          "vulkan",
          "vulkan-1.1-minimum",
          "vulkan-1.3-desktop",
          "lavapipe",
          "swiftshader",
          "webgpu",
          "webgpu-subgroups",
          "webgpu-f16-subgroups",
          "metal",
          "apple6",
          "apple7"};
}

ProfileAttr ProfileAttr::getPreset(MLIRContext *context, StringRef name) {
  Builder b(context);
  auto make = [&](TargetKind kind,
                  ArrayRef<std::pair<StringRef, Attribute>> limits,
                  ArrayRef<StringRef> features) {
    SmallVector<NamedAttribute> entries;
    for (auto [key, value] : limits)
      entries.push_back(b.getNamedAttr(key, value));
    return ProfileAttr::get(context, kind, name, b.getDictionaryAttr(entries),
                            b.getStrArrayAttr(features));
  };
  auto i = [&](int64_t value) { return b.getI64IntegerAttr(value); };
  auto xyz = [&](int64_t x, int64_t y, int64_t z) {
    return b.getDenseI64ArrayAttr({x, y, z});
  };
  if (name == "host")
    return make(TargetKind::Host, {}, {"float64", "int16", "int64", "int8"});
  if (name == "vulkan-1.1-minimum")
    return make(TargetKind::Vulkan, {}, {});
  // What desktop, mobile and software drivers have in common: the minimum with
  // eight storage buffers, which all of them offer.
  if (name == "vulkan")
    return make(TargetKind::Vulkan, {{"max_storage_buffers", i(8)}}, {});
  // What drivers for desktop GPUs with Vulkan 1.3 have in common, by the
  // profiles of Khronos and LunarG (Vulkan-Profiles): storage buffers and
  // subgroups of VP_KHR_roadmap_2022, 8- and 16-bit types of
  // VP_KHR_roadmap_2024, workgroups of VP_LUNARG_desktop_baseline_2024, 64-bit
  // integers of VP_LUNARG_desktop_baseline_2026. How many lanes a subgroup has
  // differs.
  if (name == "vulkan-1.3-desktop")
    return make(TargetKind::Vulkan,
                {{"max_storage_buffers", i(30)},
                 {"max_workgroup_invocations", i(1024)},
                 {"max_workgroup_memory", i(32768)},
                 {"max_workgroup_size", xyz(1024, 1024, 64)}},
                {"float16", "int16", "int64", "int8", "storage16", "storage8",
                 "subgroup_arithmetic", "subgroup_ballot", "subgroup_shuffle"});
  // Mesa's CPU driver, 256-bit vectors. It reads storage buffers lane by lane,
  // but texels all at once.
  if (name == "lavapipe")
    return make(TargetKind::Vulkan,
                {{"max_storage_buffer_bytes", i(int64_t(1) << 27)},
                 {"max_storage_buffers", i(32)},
                 {"max_texel_buffer_elements", i(int64_t(1) << 27)},
                 {"max_texel_buffers", i(128)},
                 {"max_workgroup_invocations", i(1024)},
                 {"max_workgroup_memory", i(32768)},
                 {"max_workgroup_size", xyz(1024, 1024, 1024)},
                 {"min_storage_buffer_alignment", i(16)},
                 {"subgroup_size", i(8)}},
                {"float16", "float64", "int16", "int64", "int8",
                 "prefers_subgroup_shuffle", "prefers_texel_reads", "storage16",
                 "storage8", "subgroup_arithmetic", "subgroup_ballot",
                 "subgroup_shuffle"});
  // Chromium's CPU driver, SSE.
  if (name == "swiftshader")
    return make(TargetKind::Vulkan,
                {{"max_storage_buffers", i(30)},
                 {"max_workgroup_invocations", i(256)},
                 {"max_workgroup_size", xyz(256, 256, 64)},
                 {"subgroup_size", i(4)}},
                {"subgroup_arithmetic", "subgroup_ballot", "subgroup_shuffle"});
  // What every implementation of WebGPU guarantees.
  if (name == "webgpu")
    return make(TargetKind::WebGPU, {}, {});
  // With optional features; the size of a subgroup stays unknown.
  if (name == "webgpu-subgroups")
    return make(TargetKind::WebGPU, {},
                {"subgroup_arithmetic", "subgroup_shuffle"});
  if (name == "webgpu-f16-subgroups")
    return make(
        TargetKind::WebGPU, {},
        {"float16", "storage16", "subgroup_arithmetic", "subgroup_shuffle"});
  // Apple GPUs from family 4 (A11) on, by Metal's feature set tables; family 6
  // (A13) has permutations within a SIMD group, family 7 (A14, M1) reductions.
  SmallVector<StringRef> metal = {"float16", "int16",     "int64",
                                  "int8",    "storage16", "storage8"};
  if (name == "metal")
    return make(TargetKind::Metal, {}, metal);
  if (name == "apple6") {
    metal.push_back("subgroup_shuffle");
    return make(TargetKind::Metal, {}, metal);
  }
  if (name == "apple7") {
    metal.append({"subgroup_arithmetic", "subgroup_shuffle"});
    return make(TargetKind::Metal, {}, metal);
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// ConfigAttr and LoweringAttr
//===----------------------------------------------------------------------===//

LogicalResult ConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Strategy strategy, ArrayRef<int64_t> tile,
                                 ArrayRef<int64_t> workgroup, int64_t vector,
                                 int64_t subgroup, ArrayRef<int64_t> atLeast) {
  auto positive = [](int64_t value) { return value > 0; };
  if (tile.size() != 2 || !llvm::all_of(tile, positive))
    return emitError() << "tile must be two positive sizes, rows and columns";
  if (workgroup.size() != 3 || !llvm::all_of(workgroup, positive))
    return emitError() << "workgroup must be three positive sizes";
  if (vector < 1 || (vector & (vector - 1)))
    return emitError() << "vector must be a power of two, got " << vector;
  if (subgroup < 1 || (subgroup & (subgroup - 1)))
    return emitError() << "subgroup must be a power of two, got " << subgroup;
  if (strategy != Strategy::RowReduction && tile[1] % vector != 0)
    return emitError() << "tile has " << tile[1]
                       << " columns, not a multiple of the vector size "
                       << vector;
  if (llvm::any_of(atLeast, [](int64_t value) { return value < 0; }))
    return emitError() << "at_least must not be negative";
  return success();
}

LogicalResult LoweringAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<ConfigAttr> configs) {
  if (configs.empty())
    return emitError() << "a lowering needs at least one configuration";
  if (!configs.back().getAtLeast().empty())
    return emitError() << "the last configuration of a lowering must apply to "
                          "every size: remove its at_least";
  return success();
}

//===----------------------------------------------------------------------===//
// EntryPointAttr
//===----------------------------------------------------------------------===//

static constexpr StringRef kTexelFormats[] = {"f16", "f16x4", "f32", "f32x4",
                                              "u32", "u32x4", "u8",  "u8x4"};

bool tapml::isReadOnlyAccess(StringRef access) {
  return access == "read" || (access.consume_front("texels ") &&
                              llvm::is_contained(kTexelFormats, access));
}

LogicalResult
EntryPointAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       StringRef name, ArrayAttr access, int64_t sizes,
                       ArrayRef<int64_t> workgroup, SizeBlock sizeBlock) {
  if (name.empty())
    return emitError() << "an entry point needs a name";
  for (Attribute entry : access) {
    auto string = dyn_cast<StringAttr>(entry);
    if (!string ||
        !(isReadOnlyAccess(string.getValue()) || string.getValue() == "write" ||
          string.getValue() == "readwrite"))
      return emitError() << "access of entry point '" << name
                         << "' must be \"read\", \"write\", \"readwrite\" or "
                            "\"texels \" and a format ("
                         << llvm::join(ArrayRef(kTexelFormats), ", ")
                         << "), got " << entry;
  }
  if (sizes < 0)
    return emitError() << "entry point '" << name << "' has " << sizes
                       << " sizes; the number must not be negative";
  if (!workgroup.empty() &&
      (workgroup.size() != 3 ||
       llvm::any_of(workgroup, [](int64_t size) { return size < 1; })))
    return emitError() << "workgroup of entry point '" << name
                       << "' must be three positive sizes";
  return success();
}

//===----------------------------------------------------------------------===//
// DataAttr
//===----------------------------------------------------------------------===//

std::optional<unsigned> DataAttr::getElementBytes(Type type) {
  if (!type.isIntOrFloat())
    return std::nullopt;
  unsigned bits = type.getIntOrFloatBitWidth();
  if (bits == 1)
    return 1;
  if (bits % 8 || bits > 64)
    return std::nullopt;
  return bits / 8;
}

uint64_t DataAttr::getByteSize() const {
  return getType().getNumElements() *
         *getElementBytes(getType().getElementType());
}

LogicalResult DataAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               StringRef hash, RankedTensorType type) {
  bool isHash = hash.size() == 64 && llvm::all_of(hash, [](char c) {
                  return llvm::isDigit(c) || (c >= 'a' && c <= 'f');
                });
  if (!isHash)
    return emitError() << "data must be named by its SHA-256, 64 lower-case "
                          "hexadecimal digits, got \""
                       << hash << "\"";
  if (!type.hasStaticShape())
    return emitError() << "data must have a static shape, got " << type;
  if (!getElementBytes(type.getElementType()))
    return emitError() << "data cannot have elements of type "
                       << type.getElementType();
  return success();
}
