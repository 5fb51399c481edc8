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
  entries = {{"shaderFloat64", &core.features.shaderFloat64},
             {"shaderInt64", &core.features.shaderInt64},
             {"shaderInt16", &core.features.shaderInt16}};
  if (link(storage16, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
           VK_API_VERSION_1_1, nullptr)) {
    entries.push_back(
        {"storageBuffer16BitAccess", &storage16.storageBuffer16BitAccess});
    entries.push_back({"uniformAndStorageBuffer16BitAccess",
                       &storage16.uniformAndStorageBuffer16BitAccess});
    entries.push_back(
        {"storagePushConstant16", &storage16.storagePushConstant16});
  }
  if (link(pointers,
           VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VARIABLE_POINTERS_FEATURES,
           VK_API_VERSION_1_1, nullptr)) {
    entries.push_back({"variablePointersStorageBuffer",
                       &pointers.variablePointersStorageBuffer});
    entries.push_back({"variablePointers", &pointers.variablePointers});
  }
  if (link(storage8, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
           VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME)) {
    entries.push_back(
        {"storageBuffer8BitAccess", &storage8.storageBuffer8BitAccess});
    entries.push_back({"uniformAndStorageBuffer8BitAccess",
                       &storage8.uniformAndStorageBuffer8BitAccess});
    entries.push_back({"storagePushConstant8", &storage8.storagePushConstant8});
  }
  if (link(float16Int8,
           VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
           VK_API_VERSION_1_2, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME)) {
    entries.push_back({"shaderFloat16", &float16Int8.shaderFloat16});
    entries.push_back({"shaderInt8", &float16Int8.shaderInt8});
  }
  if (link(
          dotProduct,
          VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
          VK_API_VERSION_1_3, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME))
    entries.push_back(
        {"shaderIntegerDotProduct", &dotProduct.shaderIntegerDotProduct});
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
  // These two imply another.
  if (pointers.variablePointers)
    pointers.variablePointersStorageBuffer = VK_TRUE;
}

/// Properties that kernels may rely on and that nobody has to turn on.
static void
addPropertyFeatures(const VkPhysicalDeviceSubgroupProperties &subgroup,
                    const VkPhysicalDeviceFloatControlsProperties *controls,
                    std::vector<std::string> &features) {
  struct {
    VkSubgroupFeatureFlagBits bit;
    const char *name;
  } operations[] = {
      {VK_SUBGROUP_FEATURE_BASIC_BIT, "subgroupBasic"},
      {VK_SUBGROUP_FEATURE_VOTE_BIT, "subgroupVote"},
      {VK_SUBGROUP_FEATURE_ARITHMETIC_BIT, "subgroupArithmetic"},
      {VK_SUBGROUP_FEATURE_BALLOT_BIT, "subgroupBallot"},
      {VK_SUBGROUP_FEATURE_SHUFFLE_BIT, "subgroupShuffle"},
      {VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT, "subgroupShuffleRelative"},
      {VK_SUBGROUP_FEATURE_CLUSTERED_BIT, "subgroupClustered"},
      {VK_SUBGROUP_FEATURE_QUAD_BIT, "subgroupQuad"}};
  if (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT)
    for (const auto &operation : operations)
      if (subgroup.supportedOperations & operation.bit)
        features.push_back(operation.name);
  if (!controls)
    return;
  if (controls->shaderSignedZeroInfNanPreserveFloat32)
    features.push_back("shaderSignedZeroInfNanPreserveFloat32");
  if (controls->shaderDenormPreserveFloat32)
    features.push_back("shaderDenormPreserveFloat32");
  if (controls->shaderDenormFlushToZeroFloat32)
    features.push_back("shaderDenormFlushToZeroFloat32");
  if (controls->shaderRoundingModeRTEFloat32)
    features.push_back("shaderRoundingModeRTEFloat32");
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
  VkPhysicalDeviceFloatControlsProperties controls = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES,
      &maintenance};
  VkPhysicalDeviceDriverProperties driver = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, &controls};
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
  info.limits["maxComputeWorkGroupInvocations"] = {
      limits.maxComputeWorkGroupInvocations};
  info.limits["maxComputeWorkGroupSize"] =
      three(limits.maxComputeWorkGroupSize);
  info.limits["maxComputeWorkGroupCount"] =
      three(limits.maxComputeWorkGroupCount);
  info.limits["maxComputeSharedMemorySize"] = {
      limits.maxComputeSharedMemorySize};
  info.limits["maxStorageBufferRange"] = {limits.maxStorageBufferRange};
  info.limits["maxPushConstantsSize"] = {limits.maxPushConstantsSize};
  info.limits["maxPerStageDescriptorStorageBuffers"] = {
      limits.maxPerStageDescriptorStorageBuffers};
  info.limits["minStorageBufferOffsetAlignment"] = {
      clampLimit(limits.minStorageBufferOffsetAlignment)};
  info.limits["maxMemoryAllocationSize"] = {
      clampLimit(maintenance.maxMemoryAllocationSize)};
  info.limits["subgroupSize"] = {subgroup.subgroupSize};
  info.features = VulkanFeatures(instance, device).names();
  addPropertyFeatures(subgroup, has12 ? &controls : nullptr, info.features);
  return info;
}
