//===- VulkanDevice.h - A Vulkan device -------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_VULKANDEVICE_H
#define TAPML_LIB_RUNTIME_VULKANDEVICE_H

#include "Device.h"
#include "VulkanApi.h"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

namespace tapml::rt {

/// What all objects of one logical device share. Objects keep it alive.
struct VulkanContext {
  ~VulkanContext();

  std::shared_ptr<VulkanInstance> instance;
  VkDevice device = VK_NULL_HANDLE;
  VulkanDeviceTable vk;
  DeviceInfo info;
  VkPhysicalDeviceMemoryProperties memory = {};
  uint32_t queueFamily = 0;
  VkQueue queue = VK_NULL_HANDLE;
  std::mutex queueMutex;
  /// Set when the device hangs. Destroying what it may still use would wait
  /// for it, so everything is left to the end of the process.
  std::atomic<bool> abandoned{false};

  /// Turns a Vulkan result into a status; remembers the ones that are final.
  Status check(VkResult result, const std::string &what);
  /// The final error, if there was one.
  Status sticky();
  void setSticky(Status status);

  /// The types of a kernel's bindings, in order.
  using Bindings = std::vector<VkDescriptorType>;
  /// Layouts are shared by kernels of the same interface.
  Result<VkDescriptorSetLayout> setLayout(const Bindings &bindings);
  Result<VkPipelineLayout> pipelineLayout(const Bindings &bindings,
                                          uint32_t numSizes);

private:
  std::mutex stateMutex;
  Status finalError;
  std::mutex layoutMutex;
  std::map<Bindings, VkDescriptorSetLayout> setLayouts;
  std::map<std::pair<Bindings, uint32_t>, VkPipelineLayout> pipelineLayouts;
};

/// A buffer with memory of its own; mapped for its whole life if possible.
class VulkanBuffer : public DeviceBuffer {
public:
  enum class Use { Device, Staging };
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

class VulkanCommandList;

class VulkanDevice : public Device {
public:
  /// Opens device `index`. With `features`, only these are turned on, as code
  /// that uses others would work here and nowhere else; without, all are.
  static Result<std::shared_ptr<VulkanDevice>>
  open(const VulkanOptions &options, size_t index,
       const std::optional<ProfileDesc> &profile);
  ~VulkanDevice() override;

  std::string describe() const override;
  const DeviceLimits &limits() const override { return deviceLimits; }
  Status checkProfile(const ProfileDesc &profile) const override;
  Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t size) override;
  Status upload(DeviceBuffer &buffer, uint64_t offset, ByteSpan bytes) override;
  Status download(DeviceBuffer &buffer, uint64_t offset, void *target,
                  uint64_t size) override;
  Result<std::shared_ptr<DeviceModule>>
  loadModule(ByteSpan code, const std::string &name) override;
  Status checkKernel(DeviceModule &module, const KernelDesc &desc) override;
  Result<std::unique_ptr<DeviceKernel>>
  createKernel(std::shared_ptr<DeviceModule> module,
               const KernelDesc &desc) override;
  Result<std::unique_ptr<CommandList>> record(std::vector<Command> commands,
                                              RecordHints hints) override;
  Result<Ticket> submit(CommandList &list,
                        const std::vector<void *> &externals) override;
  Status wait(Ticket ticket, std::chrono::milliseconds deadline) override;

  const DeviceInfo &info() const { return context->info; }

private:
  explicit VulkanDevice(std::shared_ptr<VulkanContext> context);
  /// Copies between a buffer that the host cannot see and host memory.
  Status copyThroughStaging(DeviceBuffer &buffer, uint64_t offset,
                            const uint8_t *source, uint8_t *target,
                            uint64_t size);

  std::shared_ptr<VulkanContext> context;
  DeviceLimits deviceLimits;
  std::mutex pendingMutex;
  std::map<Ticket, VulkanCommandList *> pending;
  Ticket lastTicket = 0;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_VULKANDEVICE_H
