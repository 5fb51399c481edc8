//===- FaultLayer.cpp - A Vulkan layer that plants faults of drivers ------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands between the runtime and the driver and does one thing wrong:
//
//   TAPML_FAULT         which one, each is commented below
//   TAPML_FAULT_KERNEL  the name of the kernels that get it;
//                       all if it is not set
//   TAPML_FAULT_SEED    for what happens at random
//   TAPML_FAULT_LIMIT   the limit of a fault that has one
//
// For tests; never installed.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

namespace {

/// What a pipeline of a kernel that gets the fault is known by.
struct Kernel {
  std::string name;
  /// The sizes of its first launch.
  std::vector<char> sizes;
};

/// A launch whose grid is read when it runs.
struct IndirectLaunch {
  VkDispatchIndirectCommand grid;
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkDispatchIndirectCommand *mapped;
};

/// What has been written to a command buffer.
struct Commands {
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
  std::vector<char> sizes;
  bool hasKernel = false;
  std::vector<IndirectLaunch> indirect;
  /// A launch that is held back until the next one has been written.
  struct Held {
    VkPipeline pipeline;
    VkPipelineLayout layout;
    VkDescriptorSet set;
    std::vector<char> sizes;
    VkDispatchIndirectCommand grid;
  };
  std::vector<Held> held;
};

/// A device, and what comes after the layer.
struct Device {
  PFN_vkGetDeviceProcAddr next = nullptr;
  VkDevice handle = VK_NULL_HANDLE;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
};

/// All that the layer knows.
struct Layer {
  std::mutex mutex;
  PFN_vkGetInstanceProcAddr nextInstance = nullptr;
  /// Found while the instance is made: later the loader's answers would be this
  /// layer's own functions.
  PFN_vkGetPhysicalDeviceProperties getPhysicalDeviceProperties = nullptr;
  PFN_vkGetPhysicalDeviceProperties2 getPhysicalDeviceProperties2 = nullptr;
  PFN_vkGetPhysicalDeviceMemoryProperties getPhysicalDeviceMemoryProperties =
      nullptr;
  PFN_vkCreateDevice createDevice = nullptr;
  /// By what all dispatchable handles of a device begin with.
  std::map<void *, Device> devices;
  std::mutex devicesMutex;
  std::map<VkPipeline, Kernel *> pipelines;
  std::map<std::string, Kernel> kernels;
  std::map<VkCommandBuffer, Commands> commands;
  /// What each set has as its first buffer.
  std::map<VkDescriptorSet, VkDescriptorBufferInfo> firstBuffers;
  uint64_t draws = 0;
  bool lost = false;
};

} // namespace

static Layer layer;

static std::string_view getSetting(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

static bool isFault(std::string_view name) {
  return getSetting("TAPML_FAULT") == name;
}

static uint32_t getLimit() {
  return uint32_t(std::strtoul(
      std::string(getSetting("TAPML_FAULT_LIMIT")).c_str(), nullptr, 10));
}

/// The device that a queue, a command buffer or the device itself belongs to.
template <typename Handle> static Device &getDevice(Handle handle) {
  std::lock_guard<std::mutex> lock(layer.devicesMutex);
  return layer.devices[*reinterpret_cast<void **>(handle)];
}

/// The next function of that name in the chain.
template <typename Function, typename Handle>
static Function next(Handle handle, const char *name) {
  Device &device = getDevice(handle);
  return reinterpret_cast<Function>(device.next(device.handle, name));
}
#define NEXT(handle, name) next<PFN_##name>(handle, #name)

static Kernel *findKernel(VkPipeline pipeline) {
  auto it = layer.pipelines.find(pipeline);
  return it == layer.pipelines.end() ? nullptr : it->second;
}

/// One time in ten, in an order that the seed decides.
static bool isUnlucky() {
  uint64_t state =
      ++layer.draws +
      1000003 *
          std::strtoull(std::string(getSetting("TAPML_FAULT_SEED")).c_str(),
                        nullptr, 10);
  // SplitMix64.
  state *= 0x9E3779B97F4A7C15;
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return (state ^ (state >> 31)) % 10 == 0;
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

/// binding-128M: a device with a smaller limit than the author's.
static void lowerLimits(VkPhysicalDeviceLimits &limits) {
  if (isFault("binding-limit"))
    limits.maxStorageBufferRange = getLimit();
}

static VKAPI_ATTR void VKAPI_CALL GetPhysicalDeviceProperties(
    VkPhysicalDevice device, VkPhysicalDeviceProperties *properties) {
  layer.getPhysicalDeviceProperties(device, properties);
  lowerLimits(properties->limits);
}

static VKAPI_ATTR void VKAPI_CALL GetPhysicalDeviceProperties2(
    VkPhysicalDevice device, VkPhysicalDeviceProperties2 *properties) {
  layer.getPhysicalDeviceProperties2(device, properties);
  lowerLimits(properties->properties.limits);
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

static VKAPI_ATTR VkResult VKAPI_CALL CreateComputePipelines(
    VkDevice device, VkPipelineCache cache, uint32_t count,
    const VkComputePipelineCreateInfo *infos,
    const VkAllocationCallbacks *allocator, VkPipeline *pipelines) {
  VkResult result = NEXT(device, vkCreateComputePipelines)(
      device, cache, count, infos, allocator, pipelines);
  std::lock_guard<std::mutex> lock(layer.mutex);
  for (uint32_t i = 0; result == VK_SUCCESS && i < count; ++i) {
    std::string name = infos[i].stage.pName;
    // Handles are used again.
    layer.pipelines.erase(pipelines[i]);
    if (std::string_view kernel = getSetting("TAPML_FAULT_KERNEL");
        !kernel.empty() && kernel != name)
      continue;
    Kernel &kernel = layer.kernels[name];
    kernel.name = name;
    kernel.sizes.clear();
    layer.pipelines[pipelines[i]] = &kernel;
  }
  return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL BeginCommandBuffer(
    VkCommandBuffer buffer, const VkCommandBufferBeginInfo *info) {
  {
    std::lock_guard<std::mutex> lock(layer.mutex);
    layer.commands[buffer] = {};
  }
  return NEXT(buffer, vkBeginCommandBuffer)(buffer, info);
}

static VKAPI_ATTR void VKAPI_CALL CmdBindPipeline(VkCommandBuffer buffer,
                                                  VkPipelineBindPoint point,
                                                  VkPipeline pipeline) {
  std::lock_guard<std::mutex> lock(layer.mutex);
  layer.commands[buffer].pipeline = pipeline;
  NEXT(buffer, vkCmdBindPipeline)(buffer, point, pipeline);
}

static VKAPI_ATTR void VKAPI_CALL CmdBindDescriptorSets(
    VkCommandBuffer buffer, VkPipelineBindPoint point, VkPipelineLayout layout,
    uint32_t first, uint32_t count, const VkDescriptorSet *sets,
    uint32_t numOffsets, const uint32_t *offsets) {
  std::lock_guard<std::mutex> lock(layer.mutex);
  Commands &commands = layer.commands[buffer];
  commands.layout = layout;
  commands.set = sets[0];
  commands.sizes.clear();
  NEXT(buffer, vkCmdBindDescriptorSets)(buffer, point, layout, first, count,
                                        sets, numOffsets, offsets);
}

static VKAPI_ATTR void VKAPI_CALL CmdPushConstants(
    VkCommandBuffer buffer, VkPipelineLayout layout, VkShaderStageFlags stages,
    uint32_t offset, uint32_t size, const void *values) {
  std::lock_guard<std::mutex> lock(layer.mutex);
  Commands &commands = layer.commands[buffer];
  const char *bytes = static_cast<const char *>(values);
  commands.sizes.assign(bytes, bytes + size);
  // Stale uniform: the sizes of the first launch stay.
  Kernel *kernel = findKernel(commands.pipeline);
  if (isFault("stale-sizes") && kernel) {
    if (kernel->sizes.empty())
      kernel->sizes = commands.sizes;
    values = kernel->sizes.data();
  }
  NEXT(buffer, vkCmdPushConstants)(buffer, layout, stages, offset, size,
                                   values);
}

/// Makes a launch whose grid the layer can change before each submission.
static bool makeIndirect(const Device &device, VkDispatchIndirectCommand grid,
                         IndirectLaunch &launch) {
  launch = {grid, VK_NULL_HANDLE, VK_NULL_HANDLE, nullptr};
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = sizeof(grid);
  info.usage = VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;
  if (NEXT(device.handle, vkCreateBuffer)(device.handle, &info, nullptr,
                                          &launch.buffer))
    return false;
  VkMemoryRequirements needs;
  NEXT(device.handle, vkGetBufferMemoryRequirements)(device.handle,
                                                     launch.buffer, &needs);
  VkPhysicalDeviceMemoryProperties memory;
  layer.getPhysicalDeviceMemoryProperties(device.physical, &memory);
  constexpr VkMemoryPropertyFlags visible =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  VkMemoryAllocateInfo allocation = {};
  allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocation.allocationSize = needs.size;
  while (allocation.memoryTypeIndex < memory.memoryTypeCount &&
         (!(needs.memoryTypeBits >> allocation.memoryTypeIndex & 1) ||
          (memory.memoryTypes[allocation.memoryTypeIndex].propertyFlags &
           visible) != visible))
    ++allocation.memoryTypeIndex;
  void *mapped = nullptr;
  if (NEXT(device.handle, vkAllocateMemory)(device.handle, &allocation, nullptr,
                                            &launch.memory) ||
      NEXT(device.handle, vkBindBufferMemory)(device.handle, launch.buffer,
                                              launch.memory, 0) ||
      NEXT(device.handle, vkMapMemory)(device.handle, launch.memory, 0,
                                       VK_WHOLE_SIZE, 0, &mapped))
    return false;
  launch.mapped = static_cast<VkDispatchIndirectCommand *>(mapped);
  return true;
}

static VKAPI_ATTR void VKAPI_CALL UpdateDescriptorSets(
    VkDevice device, uint32_t count, const VkWriteDescriptorSet *writes,
    uint32_t numCopies, const VkCopyDescriptorSet *copies) {
  NEXT(device, vkUpdateDescriptorSets)(device, count, writes, numCopies,
                                       copies);
  std::lock_guard<std::mutex> lock(layer.mutex);
  for (uint32_t i = 0; i < count; ++i)
    if (writes[i].dstBinding == 0 && writes[i].pBufferInfo)
      layer.firstBuffers[writes[i].dstSet] = writes[i].pBufferInfo[0];
}

/// Writes over the beginning of a buffer when all before it has run.
static void overwrite(VkCommandBuffer buffer,
                      const VkDescriptorBufferInfo &place) {
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = barrier.dstAccessMask =
      VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  auto wait = [&] {
    NEXT(buffer, vkCmdPipelineBarrier)(buffer,
                                       VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                       VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1,
                                       &barrier, 0, nullptr, 0, nullptr);
  };
  wait();
  NEXT(buffer, vkCmdFillBuffer)(buffer, place.buffer, place.offset, 4, 0);
  wait();
}

static VKAPI_ATTR void VKAPI_CALL CmdDispatch(VkCommandBuffer buffer,
                                              uint32_t x, uint32_t y,
                                              uint32_t z) {
  std::lock_guard<std::mutex> lock(layer.mutex);
  Commands &commands = layer.commands[buffer];
  auto dispatch = NEXT(buffer, vkCmdDispatch);
  bool gets = findKernel(commands.pipeline);
  commands.hasKernel |= gets;
  if (gets && isFault("barrier-missing")) {
    commands.held.push_back({commands.pipeline,
                             commands.layout,
                             commands.set,
                             commands.sizes,
                             {x, y, z}});
    return;
  }
  // grid-65535: what is above the limit is cut off.
  if (gets && isFault("grid-limit"))
    x = x < getLimit() ? x : getLimit();
  IndirectLaunch launch;
  if (gets && isFault("dropped-launch") &&
      makeIndirect(getDevice(buffer), {x, y, z}, launch)) {
    NEXT(buffer, vkCmdDispatchIndirect)(buffer, launch.buffer, 0);
    commands.indirect.push_back(launch);
    return;
  }
  dispatch(buffer, x, y, z);
  // Overlap of live buffers: what the kernel has read is written over.
  auto place = layer.firstBuffers.find(commands.set);
  if (gets && isFault("input-overwritten") && place != layer.firstBuffers.end())
    overwrite(buffer, place->second);
}

/// Writes the launches that were held back. What was bound since is not bound
/// any more, so this comes before something is bound, or last.
static void release(VkCommandBuffer buffer, Commands &commands) {
  for (const Commands::Held &held : commands.held) {
    NEXT(buffer, vkCmdBindPipeline)(buffer, VK_PIPELINE_BIND_POINT_COMPUTE,
                                    held.pipeline);
    NEXT(buffer,
         vkCmdBindDescriptorSets)(buffer, VK_PIPELINE_BIND_POINT_COMPUTE,
                                  held.layout, 0, 1, &held.set, 0, nullptr);
    if (!held.sizes.empty())
      NEXT(buffer, vkCmdPushConstants)(
          buffer, held.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
          uint32_t(held.sizes.size()), held.sizes.data());
    NEXT(buffer, vkCmdDispatch)(buffer, held.grid.x, held.grid.y, held.grid.z);
  }
  commands.held.clear();
}

static VKAPI_ATTR VkResult VKAPI_CALL EndCommandBuffer(VkCommandBuffer buffer) {
  {
    // Missing barrier: what has to come first comes last.
    std::lock_guard<std::mutex> lock(layer.mutex);
    release(buffer, layer.commands[buffer]);
  }
  return NEXT(buffer, vkEndCommandBuffer)(buffer);
}

//===----------------------------------------------------------------------===//
// Submissions
//===----------------------------------------------------------------------===//

static VKAPI_ATTR VkResult VKAPI_CALL QueueSubmit(VkQueue queue, uint32_t count,
                                                  const VkSubmitInfo *infos,
                                                  VkFence fence) {
  std::lock_guard<std::mutex> lock(layer.mutex);
  bool gets = false;
  for (uint32_t i = 0; i < count; ++i)
    for (uint32_t j = 0; j < infos[i].commandBufferCount; ++j) {
      Commands &commands = layer.commands[infos[i].pCommandBuffers[j]];
      gets |= commands.hasKernel;
      for (IndirectLaunch &launch : commands.indirect)
        *launch.mapped =
            isUnlucky() ? VkDispatchIndirectCommand{0, 0, 0} : launch.grid;
    }
  // A device lost half-way.
  layer.lost |= gets && isFault("device-lost");
  if (layer.lost)
    return VK_ERROR_DEVICE_LOST;
  // A fence that is never signalled.
  if (gets && isFault("silent-fence"))
    return VK_SUCCESS;
  return NEXT(queue, vkQueueSubmit)(queue, count, infos, fence);
}

//===----------------------------------------------------------------------===//
// The chain
//===----------------------------------------------------------------------===//

/// Finds the loader's link to the next layer in what is created.
template <typename Link, typename Info>
static Link *findLink(const Info *info, VkStructureType type) {
  auto *at = const_cast<VkBaseOutStructure *>(
      static_cast<const VkBaseOutStructure *>(info->pNext));
  for (; at; at = at->pNext)
    if (at->sType == type &&
        reinterpret_cast<Link *>(at)->function == VK_LAYER_LINK_INFO)
      return reinterpret_cast<Link *>(at);
  return nullptr;
}

static VKAPI_ATTR VkResult VKAPI_CALL
CreateInstance(const VkInstanceCreateInfo *info,
               const VkAllocationCallbacks *allocator, VkInstance *instance) {
  auto *link = findLink<VkLayerInstanceCreateInfo>(
      info, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  if (!link)
    return VK_ERROR_INITIALIZATION_FAILED;
  layer.nextInstance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  auto create = reinterpret_cast<PFN_vkCreateInstance>(
      layer.nextInstance(VK_NULL_HANDLE, "vkCreateInstance"));
  VkResult result = create(info, allocator, instance);
  if (result != VK_SUCCESS)
    return result;
  auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(
        layer.nextInstance(*instance, name));
  };
  find(layer.getPhysicalDeviceProperties, "vkGetPhysicalDeviceProperties");
  find(layer.getPhysicalDeviceProperties2, "vkGetPhysicalDeviceProperties2");
  find(layer.getPhysicalDeviceMemoryProperties,
       "vkGetPhysicalDeviceMemoryProperties");
  find(layer.createDevice, "vkCreateDevice");
  return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL
CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
             const VkAllocationCallbacks *allocator, VkDevice *device) {
  auto *link = findLink<VkLayerDeviceCreateInfo>(
      info, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  if (!link)
    return VK_ERROR_INITIALIZATION_FAILED;
  PFN_vkGetDeviceProcAddr next = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  VkResult result = layer.createDevice(physical, info, allocator, device);
  if (result != VK_SUCCESS)
    return result;
  getDevice(*device) = {next, *device, physical};
  return result;
}

static PFN_vkVoidFunction find(const char *name);

extern "C" VK_LAYER_EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
tapmlFaultGetDeviceProcAddr(VkDevice device, const char *name) {
  PFN_vkVoidFunction own = find(name);
  return own ? own : getDevice(device).next(device, name);
}

extern "C" VK_LAYER_EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
tapmlFaultGetInstanceProcAddr(VkInstance instance, const char *name) {
  PFN_vkVoidFunction own = find(name);
  // The loader asks before there is a next one.
  if (own || !layer.nextInstance)
    return own;
  return layer.nextInstance(instance, name);
}

static PFN_vkVoidFunction find(const char *name) {
  struct Entry {
    const char *name;
    PFN_vkVoidFunction function;
  };
#define ENTRY(name)                                                            \
  {                                                                            \
    "vk" #name, reinterpret_cast<PFN_vkVoidFunction>(name)                     \
  }
  static const Entry entries[] = {
      ENTRY(CreateInstance),
      ENTRY(CreateDevice),
      ENTRY(GetPhysicalDeviceProperties),
      ENTRY(GetPhysicalDeviceProperties2),
      ENTRY(CreateComputePipelines),
      ENTRY(BeginCommandBuffer),
      ENTRY(EndCommandBuffer),
      ENTRY(CmdBindPipeline),
      ENTRY(CmdBindDescriptorSets),
      ENTRY(CmdPushConstants),
      ENTRY(CmdDispatch),
      ENTRY(UpdateDescriptorSets),
      ENTRY(QueueSubmit),
      {"vkGetDeviceProcAddr",
       reinterpret_cast<PFN_vkVoidFunction>(tapmlFaultGetDeviceProcAddr)},
      {"vkGetInstanceProcAddr",
       reinterpret_cast<PFN_vkVoidFunction>(tapmlFaultGetInstanceProcAddr)}};
#undef ENTRY
  for (const Entry &entry : entries)
    if (!std::strcmp(entry.name, name))
      return entry.function;
  return nullptr;
}
