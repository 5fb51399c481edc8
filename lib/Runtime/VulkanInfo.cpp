//===- VulkanInfo.cpp - Features and limits of Vulkan devices -------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanApi.h"

#include <algorithm>
#include <cstring>

using namespace tapml::rt;

static bool hasExtension(const std::vector<VkExtensionProperties> &extensions,
                         const char *name) {
  for (const VkExtensionProperties &extension : extensions)
    if (std::strcmp(extension.extensionName, name) == 0)
      return true;
  return false;
}

static uint32_t usableVersion(const VulkanInstance &instance,
                              VkPhysicalDevice device) {
  VkPhysicalDeviceProperties properties;
  instance.api().GetPhysicalDeviceProperties(device, &properties);
  return std::min(properties.apiVersion, instance.version());
}

VulkanFeatures::VulkanFeatures(const VulkanInstance &instance,
                               VkPhysicalDevice device) {
  const VulkanInstanceTable &vk = instance.api();
  uint32_t version = usableVersion(instance, device);
  uint32_t count = 0;
  vk.EnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vk.EnumerateDeviceExtensionProperties(device, nullptr, &count,
                                        extensions.data());
  extensions.resize(count);

  core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  void **tail = &core.pNext;
  // Links a structure that is core since `since` or comes with `extension`.
  auto link = [&](auto &structure, VkStructureType type, uint32_t since,
                  const char *extension) {
    structure.sType = type;
    if (version < since) {
      if (!extension || !hasExtension(extensions, extension))
        return false;
      needed.push_back(extension);
    }
    *tail = &structure;
    tail = &structure.pNext;
    return true;
  };
  entries = {{"float64", &core.features.shaderFloat64},
             {"int64", &core.features.shaderInt64},
             {"int16", &core.features.shaderInt16}};
  if (link(storage16, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
           VK_API_VERSION_1_1, nullptr)) {
    entries.push_back({"storage16", &storage16.storageBuffer16BitAccess});
  }
  if (link(storage8, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
           VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME)) {
    entries.push_back({"storage8", &storage8.storageBuffer8BitAccess});
  }
  if (link(float16Int8,
           VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
           VK_API_VERSION_1_2, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME)) {
    entries.push_back({"float16", &float16Int8.shaderFloat16});
    entries.push_back({"int8", &float16Int8.shaderInt8});
  }
  vk.GetPhysicalDeviceFeatures2(device, &core);
  // Keep only what is listed above: robust access, for one, costs time.
  VkPhysicalDeviceFeatures2 supported = core;
  std::memset(&core.features, 0, sizeof(core.features));
  core.features.shaderFloat64 = supported.features.shaderFloat64;
  core.features.shaderInt64 = supported.features.shaderInt64;
  core.features.shaderInt16 = supported.features.shaderInt16;
}

std::vector<std::string> VulkanFeatures::names() const {
  std::vector<std::string> out;
  for (const Entry &entry : entries)
    if (*entry.flag)
      out.push_back(entry.name);
  return out;
}

void VulkanFeatures::restrictTo(const std::vector<std::string> &keep) {
  for (Entry &entry : entries)
    if (std::find(keep.begin(), keep.end(), entry.name) == keep.end())
      *entry.flag = VK_FALSE;
}

/// Properties that kernels may rely on and that nobody has to turn on.
static void
addPropertyFeatures(const VkPhysicalDeviceSubgroupProperties &subgroup,
                    std::vector<std::string> &features) {
  if (!(subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT))
    return;
  if (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT)
    features.push_back("subgroup_arithmetic");
  if (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_BALLOT_BIT)
    features.push_back("subgroup_ballot");
  if (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT)
    features.push_back("subgroup_shuffle");
}

/// What is known to be fast on a driver, where kernels have a choice.
static void addPreferences(VkDriverId driver,
                           std::vector<std::string> &features) {
  // It reads storage buffers lane by lane, and broadcasts through memory.
  if (driver == VK_DRIVER_ID_MESA_LLVMPIPE)
    features.insert(features.end(),
                    {"prefers_subgroup_shuffle", "prefers_texel_reads"});
}

/// The largest unsigned value that a profile can say.
static int64_t clampLimit(uint64_t value) {
  return int64_t(std::min<uint64_t>(value, INT64_MAX));
}

DeviceInfo tapml::rt::queryVulkanDevice(const VulkanInstance &instance,
                                        size_t index) {
  VkPhysicalDevice device = instance.devices()[index];
  uint32_t version = usableVersion(instance, device);
  VkPhysicalDeviceSubgroupProperties subgroup = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceMaintenance3Properties maintenance = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES, &subgroup};
  VkPhysicalDeviceDriverProperties driver = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, &maintenance};
  bool has12 = version >= VK_API_VERSION_1_2;
  VkPhysicalDeviceProperties2 properties = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
      has12 ? static_cast<void *>(&driver) : &maintenance};
  instance.api().GetPhysicalDeviceProperties2(device, &properties);
  const VkPhysicalDeviceLimits &limits = properties.properties.limits;

  DeviceInfo info;
  info.id = concat("vulkan:", index);
  info.kind = "vulkan";
  info.name = properties.properties.deviceName;
  if (has12)
    info.driver = concat(driver.driverName, " ", driver.driverInfo);
  uint32_t api = properties.properties.apiVersion;
  info.apiVersion =
      concat(VK_API_VERSION_MAJOR(api), ".", VK_API_VERSION_MINOR(api), ".",
             VK_API_VERSION_PATCH(api));
  auto three = [](const uint32_t *values) {
    return std::vector<int64_t>(values, values + 3);
  };
  info.limits["max_workgroup_invocations"] = {
      limits.maxComputeWorkGroupInvocations};
  info.limits["max_workgroup_size"] = three(limits.maxComputeWorkGroupSize);
  info.limits["max_workgroup_count"] = three(limits.maxComputeWorkGroupCount);
  info.limits["max_workgroup_memory"] = {limits.maxComputeSharedMemorySize};
  info.limits["max_storage_buffer_bytes"] = {limits.maxStorageBufferRange};
  info.limits["max_push_constant_bytes"] = {limits.maxPushConstantsSize};
  info.limits["max_uniform_buffer_bytes"] = {limits.maxUniformBufferRange};
  info.limits["max_storage_buffers"] = {
      limits.maxPerStageDescriptorStorageBuffers};
  info.limits["max_texel_buffer_elements"] = {limits.maxTexelBufferElements};
  info.limits["max_texel_buffers"] = {
      std::min(limits.maxPerStageDescriptorSampledImages,
               limits.maxDescriptorSetSampledImages)};
  info.limits["min_storage_buffer_alignment"] = {
      clampLimit(std::max(limits.minStorageBufferOffsetAlignment,
                          limits.minTexelBufferOffsetAlignment))};
  info.limits["max_allocation_bytes"] = {
      clampLimit(maintenance.maxMemoryAllocationSize)};
  info.limits["subgroup_size"] = {subgroup.subgroupSize};
  info.features = VulkanFeatures(instance, device).names();
  addPropertyFeatures(subgroup, info.features);
  if (has12)
    addPreferences(driver.driverID, info.features);
  std::sort(info.features.begin(), info.features.end());
  return info;
}
