//===- VulkanCommands.cpp - Recording and submission of Vulkan commands ---===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanDevice.h"

#include <algorithm>
#include <map>

using namespace tapml::rt;

namespace {
/// A command buffer with all it refers to, and the host side of its copies.
class VulkanCommandList : public GpuCommandList {
public:
  explicit VulkanCommandList(std::shared_ptr<VulkanContext> context)
      : context(std::move(context)) {}
  ~VulkanCommandList() override;

  /// Bytes between host memory and memory that the host can see.
  struct HostCopy {
    uint32_t external;
    uint64_t externalOffset;
    uint8_t *mapped;
    uint64_t size;
  };

  std::shared_ptr<VulkanContext> context;
  VkCommandPool commandPool = VK_NULL_HANDLE;
  VkDescriptorPool descriptorPool = VK_NULL_HANDLE;
  VkCommandBuffer buffer = VK_NULL_HANDLE;
  VkFence fence = VK_NULL_HANDLE;
  std::shared_ptr<VulkanBuffer> staging;
  /// The sizes of launches that push constants cannot hold.
  std::shared_ptr<VulkanBuffer> uniforms;
  std::vector<VkBufferView> views;
  std::vector<HostCopy> writes, reads;
};
} // namespace

static uint64_t nanoseconds(std::chrono::milliseconds time) {
  return uint64_t(std::chrono::nanoseconds(time).count());
}

VulkanCommandList::~VulkanCommandList() {
  if (inFlight && !context->abandoned &&
      context->vk.WaitForFences(context->device, 1, &fence, VK_TRUE,
                                nanoseconds(abandonDeadline)) == VK_TIMEOUT)
    context->abandoned = true;
  if (context->abandoned)
    return;
  const VulkanDeviceTable &vk = context->vk;
  if (fence)
    vk.DestroyFence(context->device, fence, nullptr);
  for (VkBufferView view : views)
    vk.DestroyBufferView(context->device, view, nullptr);
  if (descriptorPool)
    vk.DestroyDescriptorPool(context->device, descriptorPool, nullptr);
  if (commandPool)
    vk.DestroyCommandPool(context->device, commandPool, nullptr);
}

namespace {
/// Ranges that commands have touched since the last barrier.
class HazardTracker {
public:
  /// True when accessing `range` has to wait for an earlier command.
  bool conflicts(const BufferRange &range, Access access) const {
    for (const Entry &entry : entries)
      if ((writes(access) || writes(entry.access)) &&
          entry.range.overlaps(range))
        return true;
    return false;
  }
  void add(const BufferRange &range, Access access) {
    entries.push_back({range, access});
  }
  void clear() { entries.clear(); }

private:
  struct Entry {
    BufferRange range;
    Access access;
  };
  std::vector<Entry> entries;
};

/// Writes one command buffer.
class Recorder {
public:
  Recorder(VulkanCommandList &list, const std::vector<Command> &commands,
           RecordHints hints)
      : list(list), context(*list.context), vk(context.vk), commands(commands),
        hints(hints) {}

  Status run() {
    TAPML_RETURN_IF_ERROR(prepare());
    // Order after everything that was submitted before.
    barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
                VK_PIPELINE_STAGE_TRANSFER_BIT,
            VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
    for (size_t i = 0; i < commands.size(); ++i) {
      if (const auto *launch = std::get_if<LaunchCommand>(&commands[i]))
        TAPML_RETURN_IF_ERROR(recordLaunch(*launch));
      else
        recordCopy(std::get<CopyCommand>(commands[i]), i);
    }
    if (!list.reads.empty())
      barrier(VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
    return context.check(vk.EndCommandBuffer(list.buffer), "record commands");
  }

private:
  static constexpr uint64_t stagingAlignment = 16;
  /// The largest that a device may ask for (minUniformBufferOffsetAlignment).
  static constexpr uint64_t uniformAlignment = 256;

  static uint64_t uniformBytes(const LaunchCommand &launch) {
    return alignTo(launch.sizes.size() * sizeof(int32_t), uniformAlignment);
  }

  /// True when command `at` may touch the mapped memory from the host, because
  /// no other command of the list comes between.
  bool isDirect(const CopyCommand &copy, size_t at) const {
    const BufferRange &range = copiesFromHost(copy) ? copy.target : copy.source;
    if (!static_cast<VulkanBuffer *>(range.buffer)->mapped)
      return false;
    if (copiesFromHost(copy) ? !hints.startsIdle : !hints.endsIdle)
      return false;
    size_t begin = copiesFromHost(copy) ? 0 : at + 1;
    size_t end = copiesFromHost(copy) ? at : commands.size();
    bool free = true;
    for (size_t i = begin; i < end; ++i)
      forEachAccess(commands[i], [&](const BufferRange &other, Access access) {
        if (other.overlaps(range) && (copiesFromHost(copy) || writes(access)))
          free = false;
      });
    return free;
  }

  /// Creates the pools, the staging memory and the command buffer.
  Status prepare() {
    uint32_t numSets = 0, numBuffers = 0, numViews = 0, numUniforms = 0;
    uint64_t stagingSize = 0, uniformSize = 0;
    direct.resize(commands.size());
    for (size_t i = 0; i < commands.size(); ++i) {
      if (const auto *launch = std::get_if<LaunchCommand>(&commands[i])) {
        ++numSets;
        const KernelDesc &desc = launch->kernel->desc();
        for (size_t b = 0; b < launch->buffers.size(); ++b)
          ++(desc.getTexels(b) == TexelFormat::None ? numBuffers : numViews);
        if (desc.uniformSizes) {
          ++numUniforms;
          uniformSize += uniformBytes(*launch);
        }
        continue;
      }
      const auto &copy = std::get<CopyCommand>(commands[i]);
      if (!copiesFromHost(copy) && !copiesToHost(copy))
        continue;
      direct[i] = isDirect(copy, i);
      if (!direct[i])
        stagingSize += alignTo(copy.source.size, stagingAlignment);
    }
    if (stagingSize) {
      TAPML_ASSIGN_OR_RETURN(list.staging,
                             VulkanBuffer::create(list.context, stagingSize,
                                                  VulkanBuffer::Use::Staging));
    }
    if (uniformSize) {
      TAPML_ASSIGN_OR_RETURN(list.uniforms,
                             VulkanBuffer::create(list.context, uniformSize,
                                                  VulkanBuffer::Use::Uniform));
    }
    if (numSets) {
      VkDescriptorPoolSize sizes[] = {
          {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, numBuffers},
          {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, numViews},
          {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, numUniforms}};
      // Types without descriptors are not named; a pool needs one at least.
      auto *end = std::remove_if(std::begin(sizes), std::end(sizes),
                                 [](const VkDescriptorPoolSize &size) {
                                   return !size.descriptorCount;
                                 });
      if (end == std::begin(sizes))
        (end++)->descriptorCount = 1;
      VkDescriptorPoolCreateInfo info = {
          VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
      info.maxSets = numSets;
      info.poolSizeCount = uint32_t(end - std::begin(sizes));
      info.pPoolSizes = sizes;
      TAPML_RETURN_IF_ERROR(
          context.check(vk.CreateDescriptorPool(context.device, &info, nullptr,
                                                &list.descriptorPool),
                        "allocate descriptors"));
    }
    VkFenceCreateInfo fenceInfo = {VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    TAPML_RETURN_IF_ERROR(context.check(
        vk.CreateFence(context.device, &fenceInfo, nullptr, &list.fence),
        "make a fence"));
    VkCommandPoolCreateInfo poolInfo = {
        VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    poolInfo.queueFamilyIndex = context.queueFamily;
    TAPML_RETURN_IF_ERROR(
        context.check(vk.CreateCommandPool(context.device, &poolInfo, nullptr,
                                           &list.commandPool),
                      "record commands"));
    VkCommandBufferAllocateInfo allocation = {
        VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    allocation.commandPool = list.commandPool;
    allocation.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocation.commandBufferCount = 1;
    TAPML_RETURN_IF_ERROR(context.check(
        vk.AllocateCommandBuffers(context.device, &allocation, &list.buffer),
        "record commands"));
    VkCommandBufferBeginInfo begin = {
        VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    return context.check(vk.BeginCommandBuffer(list.buffer, &begin),
                         "record commands");
  }

  void barrier(VkPipelineStageFlags stage, VkAccessFlags access) {
    VkMemoryBarrier memory = {VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    memory.srcAccessMask =
        VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    memory.dstAccessMask = access;
    vk.CmdPipelineBarrier(list.buffer,
                          VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
                              VK_PIPELINE_STAGE_TRANSFER_BIT,
                          stage, 0, 1, &memory, 0, nullptr, 0, nullptr);
    hazards.clear();
  }

  /// Puts a barrier before `command` if it depends on an earlier one.
  void synchronize(const Command &command) {
    bool conflict = false;
    forEachAccess(command, [&](const BufferRange &range, Access access) {
      conflict |= range.buffer && hazards.conflicts(range, access);
    });
    if (conflict)
      barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
                  VK_PIPELINE_STAGE_TRANSFER_BIT,
              VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                  VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
    forEachAccess(command, [&](const BufferRange &range, Access access) {
      if (range.buffer)
        hazards.add(range, access);
    });
  }

  /// Fills `set` with the buffers of a launch.
  Status bindBuffers(const LaunchCommand &launch, VkDescriptorSet set) {
    const KernelDesc &desc = launch.kernel->desc();
    size_t count = launch.buffers.size();
    std::vector<VkDescriptorBufferInfo> infos(count);
    std::vector<VkBufferView> views(count, VK_NULL_HANDLE);
    std::vector<VkWriteDescriptorSet> writes(
        count, {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET});
    for (size_t i = 0; i < count; ++i) {
      const BufferRange &range = launch.buffers[i];
      VkBuffer buffer = static_cast<VulkanBuffer *>(range.buffer)->handle;
      writes[i].dstSet = set;
      writes[i].dstBinding = uint32_t(i);
      writes[i].descriptorCount = 1;
      if (desc.getTexels(i) == TexelFormat::None) {
        infos[i] = {buffer, range.offset, range.size};
        writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        writes[i].pBufferInfo = &infos[i];
        continue;
      }
      TAPML_ASSIGN_OR_RETURN(views[i],
                             createView(buffer, range, desc.getTexels(i)));
      writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
      writes[i].pTexelBufferView = &views[i];
    }
    vk.UpdateDescriptorSets(context.device, uint32_t(count), writes.data(), 0,
                            nullptr);
    return Status();
  }

  /// Makes a view of texels that lives as long as the list.
  Result<VkBufferView> createView(VkBuffer buffer, const BufferRange &range,
                                  TexelFormat texels) {
    static const std::map<TexelFormat, VkFormat> formats = {
        {TexelFormat::F16, VK_FORMAT_R16_SFLOAT},
        {TexelFormat::F16x4, VK_FORMAT_R16G16B16A16_SFLOAT},
        {TexelFormat::F32, VK_FORMAT_R32_SFLOAT},
        {TexelFormat::F32x4, VK_FORMAT_R32G32B32A32_SFLOAT},
        {TexelFormat::U32, VK_FORMAT_R32_UINT},
        {TexelFormat::U32x4, VK_FORMAT_R32G32B32A32_UINT},
        {TexelFormat::U8, VK_FORMAT_R8_UINT},
        {TexelFormat::U8x4, VK_FORMAT_R8G8B8A8_UINT}};
    VkBufferViewCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO};
    info.buffer = buffer;
    info.format = formats.at(texels);
    info.offset = range.offset;
    // Buffers are padded to whole texels.
    info.range = alignTo(range.size, getTexelBytes(texels));
    uint64_t count = info.range / getTexelBytes(texels);
    uint64_t most =
        uint64_t(context.info.limits.at("max_texel_buffer_elements")[0]);
    if (count > most)
      return makeError(StatusCode::ResourceExhausted, "device ",
                       context.info.id, " (", context.info.name,
                       ") has views of at most ", most, " texels, not ", count,
                       "; use smaller inputs, or compile for this device");
    VkBufferView view;
    TAPML_RETURN_IF_ERROR(context.check(
        vk.CreateBufferView(context.device, &info, nullptr, &view),
        "view a buffer as texels"));
    list.views.push_back(view);
    return view;
  }

  /// Puts the sizes of a launch into the uniform buffer behind its buffers.
  void bindUniforms(const LaunchCommand &launch,
                    const std::vector<int32_t> &sizes, VkDescriptorSet set) {
    uint64_t bytes = sizes.size() * sizeof(int32_t);
    std::memcpy(list.uniforms->mapped + uniformsUsed, sizes.data(), bytes);
    VkDescriptorBufferInfo info = {list.uniforms->handle, uniformsUsed, bytes};
    uniformsUsed += uniformBytes(launch);
    VkWriteDescriptorSet write = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
    write.dstSet = set;
    write.dstBinding = uint32_t(launch.buffers.size());
    write.descriptorCount = 1;
    write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
    write.pBufferInfo = &info;
    vk.UpdateDescriptorSets(context.device, 1, &write, 0, nullptr);
  }

  Status recordLaunch(const LaunchCommand &launch) {
    synchronize(launch);
    const auto &kernel = static_cast<const VulkanKernel &>(*launch.kernel);
    VkDescriptorSetAllocateInfo allocation = {
        VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    allocation.descriptorPool = list.descriptorPool;
    allocation.descriptorSetCount = 1;
    allocation.pSetLayouts = &kernel.setLayout;
    VkDescriptorSet set;
    TAPML_RETURN_IF_ERROR(context.check(
        vk.AllocateDescriptorSets(context.device, &allocation, &set),
        "bind buffers"));
    TAPML_RETURN_IF_ERROR(bindBuffers(launch, set));
    std::vector<int32_t> sizes(launch.sizes.begin(), launch.sizes.end());
    if (kernel.desc().uniformSizes)
      bindUniforms(launch, sizes, set);
    if (kernel.pipeline != boundPipeline)
      vk.CmdBindPipeline(list.buffer, VK_PIPELINE_BIND_POINT_COMPUTE,
                         kernel.pipeline);
    boundPipeline = kernel.pipeline;
    vk.CmdBindDescriptorSets(list.buffer, VK_PIPELINE_BIND_POINT_COMPUTE,
                             kernel.layout, 0, 1, &set, 0, nullptr);
    if (!sizes.empty() && !kernel.desc().uniformSizes)
      vk.CmdPushConstants(
          list.buffer, kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
          uint32_t(sizes.size() * sizeof(int32_t)), sizes.data());
    vk.CmdDispatch(list.buffer, launch.grid[0], launch.grid[1], launch.grid[2]);
    return Status();
  }

  void recordCopy(const CopyCommand &copy, size_t at) {
    if (copy.source.size == 0)
      return;
    bool fromHost = copiesFromHost(copy), toHost = copiesToHost(copy);
    if (!fromHost && !toHost) {
      synchronize(copy);
      copyRange(copy.source.buffer, copy.source.offset, copy.target.buffer,
                copy.target.offset, copy.source.size);
      return;
    }
    const BufferRange &device = fromHost ? copy.target : copy.source;
    const BufferRange &host = fromHost ? copy.source : copy.target;
    std::vector<VulkanCommandList::HostCopy> &copies =
        fromHost ? list.writes : list.reads;
    if (direct[at]) {
      uint8_t *mapped = static_cast<VulkanBuffer *>(device.buffer)->mapped;
      copies.push_back(
          {host.external, host.offset, mapped + device.offset, device.size});
      return;
    }
    synchronize(copy);
    copies.push_back({host.external, host.offset,
                      list.staging->mapped + stagingUsed, device.size});
    if (fromHost)
      copyRange(list.staging.get(), stagingUsed, device.buffer, device.offset,
                device.size);
    else
      copyRange(device.buffer, device.offset, list.staging.get(), stagingUsed,
                device.size);
    stagingUsed += alignTo(device.size, stagingAlignment);
  }

  void copyRange(DeviceBuffer *source, uint64_t sourceOffset,
                 DeviceBuffer *target, uint64_t targetOffset, uint64_t size) {
    VkBufferCopy region = {sourceOffset, targetOffset, size};
    vk.CmdCopyBuffer(list.buffer, static_cast<VulkanBuffer *>(source)->handle,
                     static_cast<VulkanBuffer *>(target)->handle, 1, &region);
  }

  VulkanCommandList &list;
  VulkanContext &context;
  const VulkanDeviceTable &vk;
  const std::vector<Command> &commands;
  RecordHints hints;
  HazardTracker hazards;
  std::vector<bool> direct;
  uint64_t stagingUsed = 0, uniformsUsed = 0;
  VkPipeline boundPipeline = VK_NULL_HANDLE;
};
} // namespace

Result<std::unique_ptr<CommandList>>
VulkanDevice::record(std::vector<Command> commands, RecordHints hints) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  auto list = std::make_unique<VulkanCommandList>(context);
  TAPML_RETURN_IF_ERROR(Recorder(*list, commands, hints).run());
  return std::unique_ptr<CommandList>(std::move(list));
}

Status VulkanDevice::start(GpuCommandList &commands) {
  auto &list = static_cast<VulkanCommandList &>(commands);
  for (const VulkanCommandList::HostCopy &copy : list.writes)
    std::memcpy(copy.mapped, list.external(copy.external, copy.externalOffset),
                copy.size);
  VkSubmitInfo info = {VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.commandBufferCount = 1;
  info.pCommandBuffers = &list.buffer;
  std::lock_guard<std::mutex> lock(context->queueMutex);
  VkResult result =
      context->vk.QueueSubmit(context->queue, 1, &info, list.fence);
  list.inFlight = result == VK_SUCCESS;
  return context->check(result, "accept work");
}

Result<bool> VulkanDevice::finish(GpuCommandList &commands,
                                  std::chrono::milliseconds deadline) {
  auto &list = static_cast<VulkanCommandList &>(commands);
  VkResult result = context->vk.WaitForFences(context->device, 1, &list.fence,
                                              VK_TRUE, nanoseconds(deadline));
  if (result == VK_TIMEOUT)
    return false;
  list.inFlight = false;
  TAPML_RETURN_IF_ERROR(context->check(result, "finish its work"));
  for (const VulkanCommandList::HostCopy &copy : list.reads)
    std::memcpy(list.external(copy.external, copy.externalOffset), copy.mapped,
                copy.size);
  TAPML_RETURN_IF_ERROR(context->check(
      context->vk.ResetFences(context->device, 1, &list.fence), "go on"));
  return true;
}
