//===- VulkanDevice.cpp - Opening of Vulkan devices and their memory ------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanDevice.h"

#include <algorithm>
#include <new>

using namespace tapml::rt;

VulkanContext::~VulkanContext() {
  if (abandoned) {
    // Threads of the driver may still run, and its code must not go away.
    new (std::nothrow) std::shared_ptr<VulkanInstance>(std::move(instance));
    return;
  }
  if (!device)
    return;
  vk.DeviceWaitIdle(device);
  for (auto &[key, layout] : pipelineLayouts)
    vk.DestroyPipelineLayout(device, layout, nullptr);
  for (auto &[key, layout] : setLayouts)
    vk.DestroyDescriptorSetLayout(device, layout, nullptr);
  vk.DestroyDevice(device, nullptr);
}

Status VulkanContext::check(VkResult result, const std::string &what) {
  if (result == VK_SUCCESS)
    return instance->takeValidationErrors();
  if (result == VK_ERROR_DEVICE_LOST)
    return setLost(what);
  bool memoryError = result == VK_ERROR_OUT_OF_DEVICE_MEMORY ||
                     result == VK_ERROR_OUT_OF_HOST_MEMORY ||
                     result == VK_ERROR_TOO_MANY_OBJECTS;
  return makeError(
      memoryError ? StatusCode::ResourceExhausted : StatusCode::DeviceError,
      "device ", describe(), " cannot ", what, ": ", describeResult(result),
      memoryError ? "; use smaller inputs or another device" : "");
}

Result<VkDescriptorSetLayout> VulkanContext::setLayout(const Bindings &types) {
  std::lock_guard<std::mutex> lock(layoutMutex);
  auto it = setLayouts.find(types);
  if (it != setLayouts.end())
    return it->second;
  std::vector<VkDescriptorSetLayoutBinding> bindings(types.size());
  for (uint32_t i = 0; i < types.size(); ++i) {
    bindings[i] = {};
    bindings[i].binding = i;
    bindings[i].descriptorType = types[i];
    bindings[i].descriptorCount = 1;
    bindings[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo layoutInfo = {
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  layoutInfo.bindingCount = uint32_t(bindings.size());
  layoutInfo.pBindings = bindings.data();
  VkDescriptorSetLayout layout;
  TAPML_RETURN_IF_ERROR(
      check(vk.CreateDescriptorSetLayout(device, &layoutInfo, nullptr, &layout),
            "describe a kernel's buffers"));
  setLayouts.emplace(types, layout);
  return layout;
}

Result<VkPipelineLayout> VulkanContext::pipelineLayout(const Bindings &types,
                                                       uint32_t numConstants) {
  TAPML_ASSIGN_OR_RETURN(VkDescriptorSetLayout set, setLayout(types));
  std::lock_guard<std::mutex> lock(layoutMutex);
  auto it = pipelineLayouts.find({types, numConstants});
  if (it != pipelineLayouts.end())
    return it->second;
  VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               numConstants * 4};
  VkPipelineLayoutCreateInfo layoutInfo = {
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  layoutInfo.setLayoutCount = 1;
  layoutInfo.pSetLayouts = &set;
  layoutInfo.pushConstantRangeCount = numConstants ? 1 : 0;
  layoutInfo.pPushConstantRanges = &range;
  VkPipelineLayout layout;
  TAPML_RETURN_IF_ERROR(
      check(vk.CreatePipelineLayout(device, &layoutInfo, nullptr, &layout),
            "describe a kernel's interface"));
  pipelineLayouts.emplace(std::make_pair(types, numConstants), layout);
  return layout;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Picks a memory type among `allowed`.
static std::optional<uint32_t> pickMemoryType(const VulkanContext &context,
                                              uint32_t allowed,
                                              VulkanBuffer::Use use) {
  const VkPhysicalDeviceMemoryProperties &memory = context.memory;
  uint64_t largestLocalHeap = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      largestLocalHeap = std::max(largestLocalHeap, memory.memoryHeaps[i].size);
  auto find = [&](VkMemoryPropertyFlags wanted,
                  bool largestHeap) -> std::optional<uint32_t> {
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
      const VkMemoryType &type = memory.memoryTypes[i];
      if ((allowed >> i & 1) && (type.propertyFlags & wanted) == wanted &&
          (!largestHeap ||
           memory.memoryHeaps[type.heapIndex].size >= largestLocalHeap))
        return i;
    }
    return std::nullopt;
  };
  constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  constexpr VkMemoryPropertyFlags visible =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  if (use != VulkanBuffer::Use::Device) {
    if (auto type = find(visible | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, false))
      return type;
    return find(visible, false);
  }
  // A small window into device memory (a PCI BAR) is not for whole models.
  if (auto type = find(local | visible, true))
    return type;
  if (auto type = find(local, false))
    return type;
  return find(0, false);
}

Result<std::shared_ptr<VulkanBuffer>>
VulkanBuffer::create(const std::shared_ptr<VulkanContext> &context,
                     uint64_t size, Use use) {
  const VulkanDeviceTable &vk = context->vk;
  uint64_t bytes = alignTo(std::max<uint64_t>(size, 1), bufferGranularity);
  std::string what = concat("allocate ", bytes, " bytes");
  std::shared_ptr<VulkanBuffer> buffer(new VulkanBuffer(context, bytes));
  VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = bytes;
  info.usage =
      VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (use == Use::Device)
    info.usage |= VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                  VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;
  if (use == Use::Uniform)
    info.usage |= VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  TAPML_RETURN_IF_ERROR(context->check(
      vk.CreateBuffer(context->device, &info, nullptr, &buffer->handle), what));
  VkMemoryRequirements requirements;
  vk.GetBufferMemoryRequirements(context->device, buffer->handle,
                                 &requirements);
  std::optional<uint32_t> type =
      pickMemoryType(*context, requirements.memoryTypeBits, use);
  if (!type)
    return makeError(StatusCode::DeviceError, "device ", context->info.id,
                     " has no memory for buffers");
  VkMemoryAllocateInfo allocation = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  allocation.allocationSize = requirements.size;
  allocation.memoryTypeIndex = *type;
  TAPML_RETURN_IF_ERROR(context->check(
      vk.AllocateMemory(context->device, &allocation, nullptr, &buffer->memory),
      what));
  TAPML_RETURN_IF_ERROR(context->check(
      vk.BindBufferMemory(context->device, buffer->handle, buffer->memory, 0),
      what));
  constexpr VkMemoryPropertyFlags mappable =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  bool canMap =
      (context->memory.memoryTypes[*type].propertyFlags & mappable) == mappable;
  if (canMap &&
      !(use == Use::Device && context->instance->options().forceStaging)) {
    void *address = nullptr;
    TAPML_RETURN_IF_ERROR(
        context->check(vk.MapMemory(context->device, buffer->memory, 0,
                                    VK_WHOLE_SIZE, 0, &address),
                       concat("map ", bytes, " bytes")));
    buffer->mapped = static_cast<uint8_t *>(address);
  } else if (use != Use::Device) {
    return makeError(StatusCode::DeviceError, "device ", context->info.id,
                     " has no memory that the host can see");
  }
  return buffer;
}

VulkanBuffer::~VulkanBuffer() {
  if (context->abandoned)
    return;
  if (handle)
    context->vk.DestroyBuffer(context->device, handle, nullptr);
  if (memory)
    context->vk.FreeMemory(context->device, memory, nullptr);
}

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

/// Creates the logical device of an otherwise complete context.
static Status createLogicalDevice(VulkanContext &context,
                                  VkPhysicalDevice physical,
                                  const VulkanFeatures &features) {
  const VulkanInstanceTable &vk = context.instance->api();
  uint32_t count = 0;
  vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families.data());
  uint32_t family = 0;
  while (family < count &&
         !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT))
    ++family;
  if (family == count)
    return makeError(StatusCode::Incompatible, "device ", context.describe(),
                     " has no compute queue");
  context.queueFamily = family;
  float priority = 1.0f;
  VkDeviceQueueCreateInfo queueInfo = {
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queueInfo.queueFamilyIndex = family;
  queueInfo.queueCount = 1;
  queueInfo.pQueuePriorities = &priority;
  VkDeviceCreateInfo info = {VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  info.pNext = features.chain();
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queueInfo;
  info.enabledExtensionCount = uint32_t(features.extensions().size());
  info.ppEnabledExtensionNames = features.extensions().data();
  VkDevice device = VK_NULL_HANDLE;
  VkResult result = vk.CreateDevice(physical, &info, nullptr, &device);
  TAPML_RETURN_IF_ERROR(context.check(result, "be opened"));
  // The context destroys the device with a function of the table.
#define X(name)                                                                \
  context.vk.name = reinterpret_cast<PFN_vk##name>(                            \
      vk.GetDeviceProcAddr(device, "vk" #name));                               \
  if (!context.vk.name)                                                        \
    return makeError(StatusCode::Incompatible, "device ", context.info.id,     \
                     " has no function vk" #name);
  TAPML_VULKAN_DEVICE_FUNCTIONS(X)
#undef X
  context.device = device;
  context.vk.GetDeviceQueue(device, family, 0, &context.queue);
  return Status();
}

Result<std::shared_ptr<VulkanDevice>>
VulkanDevice::open(const VulkanOptions &options, size_t index,
                   const std::optional<ProfileDesc> &profile) {
  auto context = std::make_shared<VulkanContext>();
  TAPML_ASSIGN_OR_RETURN(context->instance, VulkanInstance::create(options));
  const VulkanInstance &instance = *context->instance;
  if (index >= instance.devices().size())
    return makeError(StatusCode::NotFound, "there is no device vulkan:", index,
                     "; ", instance.devices().size(),
                     " Vulkan devices are here, 'tapml devices' lists them");
  context->info = queryVulkanDevice(instance, index);
  VkPhysicalDevice physical = instance.devices()[index];
  VulkanFeatures features(instance, physical);
  if (profile) {
    TAPML_RETURN_IF_ERROR(checkProfileAgainst(*profile, context->info));
    std::vector<std::string> supported = features.names();
    features.restrictTo(profile->features);
    std::vector<std::string> enabled = features.names();
    auto switchedOff = [&](const std::string &name) {
      auto in = [&](const std::vector<std::string> &list) {
        return std::find(list.begin(), list.end(), name) != list.end();
      };
      return in(supported) && !in(enabled);
    };
    std::vector<std::string> &all = context->info.features;
    all.erase(std::remove_if(all.begin(), all.end(), switchedOff), all.end());
  }
  instance.api().GetPhysicalDeviceMemoryProperties(physical, &context->memory);
  TAPML_RETURN_IF_ERROR(createLogicalDevice(*context, physical, features));
  return std::shared_ptr<VulkanDevice>(new VulkanDevice(std::move(context)));
}

static DeviceLimits vulkanLimits(const DeviceInfo &info) {
  DeviceLimits limits = limitsOf(info);
  limits.maxSizeBytes =
      uint64_t(info.limits.at("max_push_constant_bytes").front());
  return limits;
}

VulkanDevice::VulkanDevice(std::shared_ptr<VulkanContext> shared)
    : GpuDevice(shared, vulkanLimits(shared->info)),
      context(std::move(shared)) {}

Result<std::shared_ptr<DeviceBuffer>> VulkanDevice::allocate(uint64_t size) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  TAPML_RETURN_IF_ERROR(checkAllocation(size));
  TAPML_ASSIGN_OR_RETURN(
      auto buffer,
      VulkanBuffer::create(context, size, VulkanBuffer::Use::Device));
  return std::shared_ptr<DeviceBuffer>(std::move(buffer));
}

Status VulkanDevice::writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                                 ByteSpan bytes) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  uint8_t *mapped = static_cast<VulkanBuffer &>(buffer).mapped;
  if (!mapped)
    return copyByList(buffer, offset, bytes.data, nullptr, bytes.size);
  std::memcpy(mapped + offset, bytes.data, bytes.size);
  return Status();
}

Status VulkanDevice::readBuffer(DeviceBuffer &buffer, uint64_t offset,
                                void *target, uint64_t size) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  uint8_t *mapped = static_cast<VulkanBuffer &>(buffer).mapped;
  if (!mapped)
    return copyByList(buffer, offset, nullptr, static_cast<uint8_t *>(target),
                      size);
  std::memcpy(target, mapped + offset, size);
  return Status();
}
