//===- VulkanDevice.h - A Vulkan device -------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_VULKANDEVICE_H
#define TAPML_LIB_RUNTIME_VULKANDEVICE_H

#include "GpuDevice.h"
#include "VulkanApi.h"

#include <optional>

namespace tapml::rt {

/// What all objects of one logical device share.
class VulkanContext : public GpuContext {
public:
  ~VulkanContext() override;

  std::shared_ptr<VulkanInstance> instance;
  VkDevice device = VK_NULL_HANDLE;
  VulkanDeviceTable vk;
  VkPhysicalDeviceMemoryProperties memory = {};
  uint32_t queueFamily = 0;
  VkQueue queue = VK_NULL_HANDLE;
  std::mutex queueMutex;

  /// Turns a Vulkan result into a status; remembers the ones that are final.
  Status check(VkResult result, const std::string &what);

  /// The types of a kernel's bindings, in order.
  using Bindings = std::vector<VkDescriptorType>;
  /// Layouts are shared by kernels of the same interface.
  Result<VkDescriptorSetLayout> setLayout(const Bindings &bindings);
  Result<VkPipelineLayout> pipelineLayout(const Bindings &bindings,
                                          uint32_t numConstants);

private:
  std::mutex layoutMutex;
  std::map<Bindings, VkDescriptorSetLayout> setLayouts;
  std::map<std::pair<Bindings, uint32_t>, VkPipelineLayout> pipelineLayouts;
};

/// A buffer with memory of its own; mapped for its whole life if possible.
class VulkanBuffer : public DeviceBuffer {
public:
  enum class Use { Device, Staging, Uniform };
  static Result<std::shared_ptr<VulkanBuffer>>
  create(const std::shared_ptr<VulkanContext> &context, uint64_t size, Use use);
  ~VulkanBuffer() override;

  VkBuffer handle = VK_NULL_HANDLE;
  /// Null when the memory is not visible to the host.
  uint8_t *mapped = nullptr;

private:
  VulkanBuffer(std::shared_ptr<VulkanContext> context, uint64_t size)
      : DeviceBuffer(size), context(std::move(context)) {}

  std::shared_ptr<VulkanContext> context;
  VkDeviceMemory memory = VK_NULL_HANDLE;
};

class VulkanKernel : public DeviceKernel {
public:
  VulkanKernel(const KernelDesc &desc, std::shared_ptr<VulkanContext> context)
      : DeviceKernel(desc), context(std::move(context)) {}
  ~VulkanKernel() override;

  VkPipeline pipeline = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSetLayout setLayout = VK_NULL_HANDLE;

private:
  std::shared_ptr<VulkanContext> context;
};

class VulkanDevice : public GpuDevice {
public:
  /// Opens device `index`. With a profile, only its features are turned on, as
  /// code that uses others would work here and nowhere else; without, all are.
  static Result<std::shared_ptr<VulkanDevice>>
  open(const VulkanOptions &options, size_t index,
       const std::optional<ProfileDesc> &profile);

  Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t size) override;
  Result<std::shared_ptr<DeviceModule>>
  loadModule(ByteSpan code, const std::string &name,
             const std::vector<const KernelDesc *> &kernels) override;
  Result<std::unique_ptr<DeviceKernel>>
  createKernel(std::shared_ptr<DeviceModule> module,
               const KernelDesc &desc) override;
  Result<std::unique_ptr<CommandList>> record(std::vector<Command> commands,
                                              RecordHints hints) override;

private:
  explicit VulkanDevice(std::shared_ptr<VulkanContext> context);
  Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                     ByteSpan bytes) override;
  Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                    uint64_t size) override;
  Status start(GpuCommandList &list) override;
  Result<bool> finish(GpuCommandList &list,
                      std::chrono::milliseconds deadline) override;
  Status checkKernel(DeviceModule &module, const KernelDesc &desc) const;

  std::shared_ptr<VulkanContext> context;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_VULKANDEVICE_H
