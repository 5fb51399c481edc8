//===- WebGPUDevice.h - A WebGPU device -------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_WEBGPUDEVICE_H
#define TAPML_LIB_RUNTIME_WEBGPUDEVICE_H

#include "GpuDevice.h"
#include "WebGPULibrary.h"

#include <functional>
#include <optional>

namespace tapml::rt {

/// What all objects of one device share.
class WebGPUContext : public GpuContext,
                      public std::enable_shared_from_this<WebGPUContext> {
public:
  ~WebGPUContext() override;

  const WebGPUTable &api() const { return instance->api(); }

  std::shared_ptr<WebGPUInstance> instance;
  WGPUDevice device = nullptr;
  WGPUQueue queue = nullptr;

  /// Calls `make`, and fails with what the device has said of the calls in it:
  /// "device ... cannot <what>: ...". Only one thread at a time makes objects.
  Status make(const std::string &what, const std::function<void()> &make);
  /// Lets callbacks run until `done`; false when the deadline has passed.
  bool pollUntil(const std::function<bool()> &done,
                 std::chrono::milliseconds deadline);

  /// The layouts of kernels with these buffers, and sizes or not.
  struct Layout {
    WGPUBindGroupLayout group = nullptr;
    WGPUPipelineLayout pipeline = nullptr;
  };
  Result<Layout> layout(const std::vector<Access> &access, uint32_t numSizes);

  /// Makes errors that no scope has caught, and the loss of the device to be
  /// opened, the final error.
  void listen(WGPUDeviceDescriptor &description);

private:
  using Listener = std::weak_ptr<WebGPUContext>;
  std::unique_ptr<Listener> listener;
  std::mutex makeMutex;
  std::mutex layoutMutex;
  std::map<std::pair<std::vector<Access>, uint32_t>, Layout> layouts;
};

/// Bytes that the sizes of a kernel take in the uniform buffer.
constexpr uint64_t uniformBytes(uint32_t numSizes) {
  return alignTo(uint64_t(numSizes) * 4, 16);
}

class WebGPUBuffer : public DeviceBuffer {
public:
  static Result<std::shared_ptr<WebGPUBuffer>>
  create(const std::shared_ptr<WebGPUContext> &context, uint64_t size,
         WGPUBufferUsage usage);
  ~WebGPUBuffer() override;

  WGPUBuffer handle = nullptr;

private:
  WebGPUBuffer(std::shared_ptr<WebGPUContext> context, uint64_t size)
      : DeviceBuffer(size), context(std::move(context)) {}

  std::shared_ptr<WebGPUContext> context;
};

class WebGPUKernel : public DeviceKernel {
public:
  WebGPUKernel(const KernelDesc &desc, std::shared_ptr<WebGPUContext> context)
      : DeviceKernel(desc), context(std::move(context)) {}
  ~WebGPUKernel() override;

  WGPUComputePipeline pipeline = nullptr;
  WGPUBindGroupLayout groupLayout = nullptr;

private:
  std::shared_ptr<WebGPUContext> context;
};

class WebGPUDevice : public GpuDevice {
public:
  /// Opens adapter `index` with its limits. With a profile, only its features
  /// are turned on, as code that uses others would work here and nowhere else;
  /// without, all are.
  static Result<std::shared_ptr<WebGPUDevice>>
  open(const WebGPUOptions &options, size_t index,
       const std::optional<ProfileDesc> &profile);

  Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t size) override;
  /// Compiles the WGSL text of a section; the failure names the kernel.
  Result<std::shared_ptr<DeviceModule>>
  loadModule(ByteSpan code, const std::string &name,
             const std::vector<const KernelDesc *> &kernels) override;
  Result<std::unique_ptr<DeviceKernel>>
  createKernel(std::shared_ptr<DeviceModule> module,
               const KernelDesc &desc) override;
  Result<std::unique_ptr<CommandList>> record(std::vector<Command> commands,
                                              RecordHints hints) override;
  /// Loses the device, as a driver that crashes does.
  void lose();

private:
  WebGPUDevice(std::shared_ptr<WebGPUContext> context,
               const WGPULimits &limits);
  Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                     ByteSpan bytes) override;
  Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                    uint64_t size) override;
  Status start(GpuCommandList &list) override;
  Result<bool> finish(GpuCommandList &list,
                      std::chrono::milliseconds deadline) override;

  std::shared_ptr<WebGPUContext> context;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_WEBGPUDEVICE_H
