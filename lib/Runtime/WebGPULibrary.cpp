//===- WebGPULibrary.cpp - The WebGPU library, found at run time ----------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WebGPULibrary.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>

using namespace tapml::rt;

static constexpr char defaultLibrary[] = "libwgpu_native.so";
static constexpr char libraryVariable[] = "TAPML_WEBGPU_LIBRARY";

Result<std::shared_ptr<WebGPUInstance>>
WebGPUInstance::create(const WebGPUOptions &options) {
  std::shared_ptr<WebGPUInstance> result(new WebGPUInstance());
  TAPML_RETURN_IF_ERROR(result->load(options));
  TAPML_RETURN_IF_ERROR(result->enumerate());
  return result;
}

WebGPUInstance::~WebGPUInstance() {
  for (WGPUAdapter adapter : found)
    table.AdapterRelease(adapter);
  if (handle)
    table.InstanceRelease(handle);
}

Status WebGPUInstance::load(const WebGPUOptions &options) {
  std::string path = options.library;
  bool isNamed = !path.empty();
  if (const char *variable = std::getenv(libraryVariable);
      !isNamed && variable && *variable) {
    path = variable;
    isNamed = true;
  }
  if (!isNamed)
    path = defaultLibrary;
  // The library has threads of its own, and must not go away under them.
  constexpr int mode = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
  void *library = dlopen(path.c_str(), mode);
  if (!library && !isNamed && !options.fallback.empty()) {
    path = options.fallback;
    library = dlopen(path.c_str(), mode);
  }
  if (!library) {
    const char *reason = dlerror();
    return makeError(StatusCode::NotFound, "the WebGPU library ", path,
                     " cannot be loaded (", reason ? reason : "unknown error",
                     "); install wgpu-native ", wgpuNativeMajor,
                     " (Python: pip install wgpu) and name its library in ",
                     libraryVariable);
  }
#define X(name, result, parameters)                                            \
  table.name =                                                                 \
      reinterpret_cast<result(*) parameters>(dlsym(library, "wgpu" #name));    \
  if (!table.name)                                                             \
    return makeError(StatusCode::Incompatible, path,                           \
                     " is not wgpu-native: it has no function wgpu" #name);
  TAPML_WEBGPU_FUNCTIONS(X)
#undef X
  uint32_t version = table.GetVersion();
  versionText = concat(version >> 24, ".", version >> 16 & 0xff, ".",
                       version >> 8 & 0xff, ".", version & 0xff);
  if (version >> 24 != wgpuNativeMajor)
    return makeError(StatusCode::Incompatible, path, " is wgpu-native ",
                     versionText, ", this runtime speaks that of version ",
                     wgpuNativeMajor, "; install that one");
  return Status();
}

Status WebGPUInstance::enumerate() {
  // OpenGL is no full WebGPU; drivers of the others list what this machine has.
  WGPUInstanceExtras extras = {};
  extras.chain.sType = WGPUSType_InstanceExtras;
  extras.backends = WGPUInstanceBackend_Primary;
  WGPUInstanceDescriptor description = {};
  description.nextInChain = &extras.chain;
  handle = table.CreateInstance(&description);
  if (!handle)
    return makeError(StatusCode::DeviceError, "cannot start WebGPU");
  WGPUInstanceEnumerateAdapterOptions options = {};
  options.backends = WGPUInstanceBackend_Primary;
  found.resize(table.InstanceEnumerateAdapters(handle, &options, nullptr));
  size_t count =
      table.InstanceEnumerateAdapters(handle, &options, found.data());
  found.resize(std::min(count, found.size()));
  return Status();
}

//===----------------------------------------------------------------------===//
// Features and limits
//===----------------------------------------------------------------------===//

std::vector<WebGPUFeature>
tapml::rt::webGPUFeatures(const WebGPUInstance &instance, WGPUAdapter adapter) {
  const std::vector<std::string> subgroups = {"subgroup_arithmetic",
                                              "subgroup_shuffle"};
  std::vector<WebGPUFeature> features = {
      {WGPUFeatureName_ShaderF16, {"float16", "storage16"}},
      {WGPUFeatureName_Subgroups, subgroups},
      {WGPUNativeFeature_Subgroup, subgroups}};
  features.erase(std::remove_if(features.begin(), features.end(),
                                [&](const WebGPUFeature &feature) {
                                  return !instance.api().AdapterHasFeature(
                                      adapter, feature.name);
                                }),
                 features.end());
  return features;
}

static const char *nameOf(WGPUBackendType backend) {
  switch (backend) {
  case WGPUBackendType_D3D12:
    return "Direct3D 12";
  case WGPUBackendType_Metal:
    return "Metal";
  case WGPUBackendType_Vulkan:
    return "Vulkan";
  }
  return "another API";
}

DeviceInfo tapml::rt::queryWebGPUDevice(const WebGPUInstance &instance,
                                        size_t index) {
  const WebGPUTable &api = instance.api();
  WGPUAdapter adapter = instance.adapters()[index];
  DeviceInfo info;
  info.id = concat("webgpu:", index);
  info.kind = "webgpu";
  info.apiVersion = instance.version();
  WGPUAdapterInfo description = {};
  if (api.AdapterGetInfo(adapter, &description) == WGPUStatus_Success) {
    info.name = toString(description.device);
    info.driver = concat("wgpu-native ", instance.version(), " over ",
                         nameOf(description.backendType));
    std::string driver = toString(description.description);
    if (!driver.empty())
      info.driver += ", " + driver;
    // A range of sizes is none that code could rely on.
    if (description.subgroupMinSize &&
        description.subgroupMinSize == description.subgroupMaxSize)
      info.limits["subgroup_size"] = {description.subgroupMinSize};
    api.AdapterInfoFreeMembers(description);
  }
  WGPULimits limits = {};
  api.AdapterGetLimits(adapter, &limits);
  info.limits["max_workgroup_invocations"] = {
      limits.maxComputeInvocationsPerWorkgroup};
  info.limits["max_workgroup_size"] = {limits.maxComputeWorkgroupSizeX,
                                       limits.maxComputeWorkgroupSizeY,
                                       limits.maxComputeWorkgroupSizeZ};
  int64_t groups = limits.maxComputeWorkgroupsPerDimension;
  info.limits["max_workgroup_count"] = {groups, groups, groups};
  info.limits["max_workgroup_memory"] = {limits.maxComputeWorkgroupStorageSize};
  auto clamp = [](uint64_t value) {
    return int64_t(std::min<uint64_t>(value, INT64_MAX));
  };
  info.limits["max_storage_buffer_bytes"] = {
      clamp(limits.maxStorageBufferBindingSize)};
  info.limits["max_storage_buffers"] = {limits.maxStorageBuffersPerShaderStage};
  info.limits["min_storage_buffer_alignment"] = {
      limits.minStorageBufferOffsetAlignment};
  info.limits["max_allocation_bytes"] = {clamp(limits.maxBufferSize)};
  // Sizes are in a uniform buffer.
  info.limits["max_push_constant_bytes"] = {0};
  info.limits["max_uniform_buffer_bytes"] = {
      clamp(limits.maxUniformBufferBindingSize)};
  for (const WebGPUFeature &feature : webGPUFeatures(instance, adapter))
    info.features.insert(info.features.end(), feature.provides.begin(),
                         feature.provides.end());
  std::sort(info.features.begin(), info.features.end());
  info.features.erase(std::unique(info.features.begin(), info.features.end()),
                      info.features.end());
  return info;
}
