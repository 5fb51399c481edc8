//===- VulkanApi.h - The Vulkan loader, found at run time -------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_VULKANAPI_H
#define TAPML_LIB_RUNTIME_VULKANAPI_H

#include "DeviceProfile.h"
#include "Status.h"

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tapml::rt {

#define TAPML_VULKAN_GLOBAL_FUNCTIONS(X)                                       \
  X(CreateInstance)                                                            \
  X(EnumerateInstanceLayerProperties)                                          \
  X(EnumerateInstanceExtensionProperties)

#define TAPML_VULKAN_INSTANCE_FUNCTIONS(X)                                     \
  X(DestroyInstance)                                                           \
  X(EnumeratePhysicalDevices)                                                  \
  X(EnumerateDeviceExtensionProperties)                                        \
  X(GetPhysicalDeviceProperties)                                               \
  X(GetPhysicalDeviceProperties2)                                              \
  X(GetPhysicalDeviceFeatures2)                                                \
  X(GetPhysicalDeviceMemoryProperties)                                         \
  X(GetPhysicalDeviceQueueFamilyProperties)                                    \
  X(CreateDevice)                                                              \
  X(GetDeviceProcAddr)

#define TAPML_VULKAN_DEVICE_FUNCTIONS(X)                                       \
  X(DestroyDevice)                                                             \
  X(DeviceWaitIdle)                                                            \
  X(GetDeviceQueue)                                                            \
  X(QueueSubmit)                                                               \
  X(CreateBuffer)                                                              \
  X(DestroyBuffer)                                                             \
  X(GetBufferMemoryRequirements)                                               \
  X(AllocateMemory)                                                            \
  X(FreeMemory)                                                                \
  X(BindBufferMemory)                                                          \
  X(MapMemory)                                                                 \
  X(CreateShaderModule)                                                        \
  X(DestroyShaderModule)                                                       \
  X(CreateDescriptorSetLayout)                                                 \
  X(DestroyDescriptorSetLayout)                                                \
  X(CreateBufferView)                                                          \
  X(DestroyBufferView)                                                         \
  X(CreatePipelineLayout)                                                      \
  X(DestroyPipelineLayout)                                                     \
  X(CreateComputePipelines)                                                    \
  X(DestroyPipeline)                                                           \
  X(CreateDescriptorPool)                                                      \
  X(DestroyDescriptorPool)                                                     \
  X(AllocateDescriptorSets)                                                    \
  X(UpdateDescriptorSets)                                                      \
  X(CreateCommandPool)                                                         \
  X(DestroyCommandPool)                                                        \
  X(AllocateCommandBuffers)                                                    \
  X(BeginCommandBuffer)                                                        \
  X(EndCommandBuffer)                                                          \
  X(CmdBindPipeline)                                                           \
  X(CmdBindDescriptorSets)                                                     \
  X(CmdPushConstants)                                                          \
  X(CmdDispatch)                                                               \
  X(CmdCopyBuffer)                                                             \
  X(CmdPipelineBarrier)                                                        \
  X(CreateFence)                                                               \
  X(DestroyFence)                                                              \
  X(ResetFences)                                                               \
  X(WaitForFences)

struct VulkanInstanceTable {
#define X(name) PFN_vk##name name = nullptr;
  TAPML_VULKAN_GLOBAL_FUNCTIONS(X)
  TAPML_VULKAN_INSTANCE_FUNCTIONS(X)
#undef X
};

struct VulkanDeviceTable {
#define X(name) PFN_vk##name name = nullptr;
  TAPML_VULKAN_DEVICE_FUNCTIONS(X)
#undef X
};

struct VulkanOptions {
  /// Turn the validation layer on; its errors become errors of the calls.
  bool validation = false;
  /// Keep buffers out of host-visible memory, as on a device without any.
  bool forceStaging = false;
  /// The loader library.
  std::string loader = "libvulkan.so.1";
};

/// "VK_ERROR_DEVICE_LOST" and the like.
std::string describeResult(VkResult result);

/// A Vulkan instance with its devices in the order of enumeration.
class VulkanInstance {
public:
  static Result<std::shared_ptr<VulkanInstance>>
  create(const VulkanOptions &options);
  ~VulkanInstance();
  VulkanInstance(const VulkanInstance &) = delete;
  VulkanInstance &operator=(const VulkanInstance &) = delete;

  const VulkanInstanceTable &api() const { return table; }
  const std::vector<VkPhysicalDevice> &devices() const { return physical; }
  /// The highest version that the application asked the instance for.
  uint32_t version() const { return apiVersion; }
  const VulkanOptions &options() const { return settings; }

  /// Reports what the validation layer has complained about since the last
  /// call.
  Status takeValidationErrors();

private:
  VulkanInstance() = default;
  Status load();
  Status createInstance(PFN_vkGetInstanceProcAddr getProcAddr);
  static VKAPI_ATTR VkBool32 VKAPI_CALL
  onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
            VkDebugUtilsMessageTypeFlagsEXT types,
            const VkDebugUtilsMessengerCallbackDataEXT *data, void *user);

  VulkanOptions settings;
  void *library = nullptr;
  VkInstance handle = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
  PFN_vkDestroyDebugUtilsMessengerEXT destroyMessenger = nullptr;
  uint32_t apiVersion = 0;
  VulkanInstanceTable table;
  std::vector<VkPhysicalDevice> physical;
  std::mutex messageMutex;
  std::string messages;
};

/// The optional features that TapML knows, as one chain for queries and for
/// device creation. Not movable once linked.
class VulkanFeatures {
public:
  /// Reads what `device` supports.
  VulkanFeatures(const VulkanInstance &instance, VkPhysicalDevice device);
  VulkanFeatures(const VulkanFeatures &) = delete;
  VulkanFeatures &operator=(const VulkanFeatures &) = delete;

  /// Names of the features that are on.
  std::vector<std::string> names() const;
  /// Turns all features off that are not named.
  void restrictTo(const std::vector<std::string> &keep);

  const VkPhysicalDeviceFeatures2 *chain() const { return &core; }
  /// Extensions that the linked structures need.
  const std::vector<const char *> &extensions() const { return needed; }

private:
  struct Entry {
    const char *name;
    VkBool32 *flag;
  };
  std::vector<Entry> entries;
  std::vector<const char *> needed;
  VkPhysicalDeviceFeatures2 core = {};
  VkPhysicalDevice16BitStorageFeatures storage16 = {};
  VkPhysicalDevice8BitStorageFeatures storage8 = {};
  VkPhysicalDeviceShaderFloat16Int8Features float16Int8 = {};
};

/// Limits, features and names of device `index`.
DeviceInfo queryVulkanDevice(const VulkanInstance &instance, size_t index);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_VULKANAPI_H
