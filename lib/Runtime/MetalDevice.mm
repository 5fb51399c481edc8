//===- MetalDevice.mm - Runs kernels with Metal ---------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetalDevice.h"
#include "GpuDevice.h"
#include "ObjCOwned.h"

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

#include <algorithm>
#include <cstring>

using namespace tapml::rt;

/// What `setBytes` takes at most.
static constexpr uint64_t maxInlineBytes = 4096;
/// Offsets of copies in staging memory.
static constexpr uint64_t stagingAlignment = 16;
/// How often a wait looks whether the commands have failed, which signals
/// nothing.
static constexpr std::chrono::milliseconds pollInterval{50};

static std::string toString(NSString *text) {
  return text ? [text UTF8String] : "unknown error";
}
static std::string describe(NSError *error) {
  return toString([error localizedDescription]);
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

/// The devices that profiles of kind "metal" are about.
static std::vector<Owned<id<MTLDevice>>> findDevices() {
  std::vector<Owned<id<MTLDevice>>> devices;
  auto add = [&](Owned<id<MTLDevice>> device) {
    if (device && [device.get() supportsFamily:MTLGPUFamilyApple4])
      devices.push_back(std::move(device));
  };
#if TARGET_OS_IPHONE
  add(Owned<id<MTLDevice>>::adopt(MTLCreateSystemDefaultDevice()));
#else
  auto all = Owned<NSArray<id<MTLDevice>> *>::adopt(MTLCopyAllDevices());
  for (NSUInteger i = 0; i < [all.get() count]; ++i)
    add(Owned<id<MTLDevice>>::retain([all.get() objectAtIndex:i]));
#endif
  return devices;
}

/// Limits and features, by Apple's tables of feature sets.
static DeviceInfo getInfo(id<MTLDevice> device, size_t index) {
  DeviceInfo info;
  info.id = concat("metal:", index);
  info.kind = "metal";
  info.name = toString([device name]);
  info.driver =
      toString([[NSProcessInfo processInfo] operatingSystemVersionString]);
  info.apiVersion = [device supportsFamily:MTLGPUFamilyMetal3] ? "3.0" : "2.0";
  MTLSize threads = [device maxThreadsPerThreadgroup];
  auto bytes = int64_t([device maxBufferLength]);
  info.limits = {
      {"max_workgroup_size",
       {int64_t(threads.width), int64_t(threads.height),
        int64_t(threads.depth)}},
      {"max_workgroup_invocations", {int64_t(threads.width)}},
      {"max_workgroup_count", {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
      {"max_workgroup_memory", {int64_t([device maxThreadgroupMemoryLength])}},
      {"max_storage_buffers", {31}},
      // Kernels index with 32 bits.
      {"max_storage_buffer_bytes", {std::min(bytes, int64_t(1) << 31)}},
      {"max_allocation_bytes", {bytes}},
      {"max_push_constant_bytes", {int64_t(maxInlineBytes)}},
      {"max_uniform_buffer_bytes", {65536}},
      {"min_storage_buffer_alignment", {16}},
      {"subgroup_size", {32}}};
  info.features = {"float16", "int16",     "int64",
                   "int8",    "storage16", "storage8"};
  if ([device supportsFamily:MTLGPUFamilyApple7])
    info.features.push_back("subgroup_arithmetic");
  if ([device supportsFamily:MTLGPUFamilyApple6])
    info.features.push_back("subgroup_shuffle");
  return info;
}

Status tapml::rt::listMetalDevices(std::vector<DeviceInfo> &devices) {
  @autoreleasepool {
    size_t index = 0;
    for (const Owned<id<MTLDevice>> &device : findDevices())
      devices.push_back(getInfo(device.get(), index++));
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

namespace {
struct MetalContext : GpuContext {
  Owned<id<MTLDevice>> device;
  Owned<id<MTLCommandQueue>> queue;
  /// Reaches `submissions` when the last one is complete.
  Owned<id<MTLSharedEvent>> event;
  std::mutex queueMutex;
  uint64_t submissions = 0;
};

/// Memory that processor and GPU share. What runs keeps it alive by itself.
class MetalBuffer : public DeviceBuffer {
public:
  MetalBuffer(Owned<id<MTLBuffer>> handle, uint64_t size)
      : DeviceBuffer(size), handle(std::move(handle)) {}

  uint8_t *contents() const {
    return static_cast<uint8_t *>([handle.get() contents]);
  }
  const Owned<id<MTLBuffer>> handle;
};

class MetalModule : public DeviceModule {
public:
  explicit MetalModule(Owned<id<MTLLibrary>> library)
      : library(std::move(library)) {}
  const Owned<id<MTLLibrary>> library;
};

class MetalKernel : public DeviceKernel {
public:
  MetalKernel(const KernelDesc &desc,
              Owned<id<MTLComputePipelineState>> pipeline)
      : DeviceKernel(desc), pipeline(std::move(pipeline)) {}
  const Owned<id<MTLComputePipelineState>> pipeline;
};

/// A command buffer of Metal runs once, so that it is encoded when it starts.
class MetalCommandList : public GpuCommandList {
public:
  std::vector<Command> commands;
  /// What goes to and comes from the host's memory; null for nothing.
  std::shared_ptr<MetalBuffer> staging;
  /// The submission in flight, and the event's value at its end.
  Owned<id<MTLCommandBuffer>> running;
  uint64_t value = 0;

  /// Calls `fn(copy, offset)` for the copies from the host's memory, or those
  /// to it, with the offset in `staging`. Returns how much `staging` holds.
  template <typename Fn> uint64_t forEachHostCopy(bool fromHost, Fn fn) const {
    uint64_t used = 0;
    for (const Command &command : commands) {
      const auto *copy = std::get_if<CopyCommand>(&command);
      if (!copy || !(copiesFromHost(*copy) || copiesToHost(*copy)))
        continue;
      if (copiesFromHost(*copy) == fromHost)
        fn(*copy, used);
      used += alignTo(copy->source.size, stagingAlignment);
    }
    return used;
  }
};

class MetalDevice : public GpuDevice {
public:
  explicit MetalDevice(std::shared_ptr<MetalContext> context);

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
  Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                     ByteSpan bytes) override;
  Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                    uint64_t size) override;
  Status start(GpuCommandList &list) override;
  Result<bool> finish(GpuCommandList &list,
                      std::chrono::milliseconds deadline) override;
  /// Why a submission failed.
  Status getFailure(const MetalCommandList &list);

  std::shared_ptr<MetalContext> context;
};
} // namespace

static DeviceLimits getLimits(const DeviceInfo &info) {
  DeviceLimits limits = limitsOf(info);
  // The sizes have one of the buffers' places.
  limits.maxBuffersPerKernel -= 1;
  limits.maxSizeBytes = maxInlineBytes;
  return limits;
}

MetalDevice::MetalDevice(std::shared_ptr<MetalContext> shared)
    : GpuDevice(shared, getLimits(shared->info)), context(std::move(shared)) {}

Result<std::shared_ptr<Device>>
tapml::rt::openMetalDevice(size_t index,
                           const std::optional<ProfileDesc> &profile) {
  @autoreleasepool {
    std::vector<Owned<id<MTLDevice>>> devices = findDevices();
    if (index >= devices.size())
      return makeError(StatusCode::NotFound, "there is no device metal:", index,
                       "; 'tapml devices' lists those that are here");
    auto context = std::make_shared<MetalContext>();
    context->device = devices[index];
    context->info = getInfo(devices[index].get(), index);
    if (profile)
      TAPML_RETURN_IF_ERROR(checkProfileAgainst(*profile, context->info));
    context->queue = Owned<id<MTLCommandQueue>>::adopt(
        [context->device.get() newCommandQueue]);
    context->event = Owned<id<MTLSharedEvent>>::adopt(
        [context->device.get() newSharedEvent]);
    if (!context->queue || !context->event)
      return makeError(StatusCode::DeviceError, "device ", context->describe(),
                       " cannot be opened");
    return std::shared_ptr<Device>(
        std::make_shared<MetalDevice>(std::move(context)));
  }
}

Result<std::shared_ptr<DeviceBuffer>> MetalDevice::allocate(uint64_t size) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  TAPML_RETURN_IF_ERROR(checkAllocation(size));
  uint64_t bytes = alignTo(std::max<uint64_t>(size, 1), bufferGranularity);
  auto handle = Owned<id<MTLBuffer>>::adopt([context->device.get()
      newBufferWithLength:bytes
                  options:MTLResourceStorageModeShared]);
  if (!handle)
    return makeError(StatusCode::ResourceExhausted, "device ", describe(),
                     " has no memory for ", size, " bytes");
  return std::shared_ptr<DeviceBuffer>(
      std::make_shared<MetalBuffer>(std::move(handle), bytes));
}

Status MetalDevice::writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                                ByteSpan bytes) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  std::memcpy(static_cast<MetalBuffer &>(buffer).contents() + offset,
              bytes.data, bytes.size);
  return Status();
}

Status MetalDevice::readBuffer(DeviceBuffer &buffer, uint64_t offset,
                               void *target, uint64_t size) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  std::memcpy(target, static_cast<MetalBuffer &>(buffer).contents() + offset,
              size);
  return Status();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static Owned<id<MTLFunction>> findFunction(const MetalModule &module,
                                           const KernelDesc &desc) {
  NSString *name = [NSString stringWithUTF8String:desc.entry.c_str()];
  return Owned<id<MTLFunction>>::adopt(
      [module.library.get() newFunctionWithName:name]);
}

Result<std::shared_ptr<DeviceModule>>
MetalDevice::loadModule(ByteSpan code, const std::string &name,
                        const std::vector<const KernelDesc *> &kernels) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  std::string users;
  for (const KernelDesc *kernel : kernels) {
    TAPML_RETURN_IF_ERROR(checkKernelLimits(*kernel));
    users += concat(users.empty() ? "" : ", ", kernel->describe());
  }
  @autoreleasepool {
    auto text = Owned<NSString *>::adopt([[NSString alloc]
        initWithBytes:code.data
               length:code.size
             encoding:NSUTF8StringEncoding]);
    if (!text)
      return makeError(StatusCode::Damaged, "section '", name,
                       "' is not MSL: it is no UTF-8 text");
    auto options =
        Owned<MTLCompileOptions *>::adopt([[MTLCompileOptions alloc] init]);
    [options.get() setFastMathEnabled:NO];
    NSError *error = nil;
    auto library = Owned<id<MTLLibrary>>::adopt([context->device.get()
        newLibraryWithSource:text.get()
                     options:options.get()
                       error:&error]);
    if (!library)
      return makeError(StatusCode::DeviceError, users, ": device ", describe(),
                       " cannot compile section '", name,
                       "': ", ::describe(error));
    auto module = std::make_shared<MetalModule>(std::move(library));
    for (const KernelDesc *kernel : kernels)
      if (!findFunction(*module, *kernel))
        return makeError(StatusCode::Damaged, "section '", name,
                         "' has no entry point '", kernel->entry,
                         "' for kernel '", kernel->name, "'");
    return std::shared_ptr<DeviceModule>(std::move(module));
  }
}

Result<std::unique_ptr<DeviceKernel>>
MetalDevice::createKernel(std::shared_ptr<DeviceModule> module,
                          const KernelDesc &desc) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  @autoreleasepool {
    auto function = findFunction(static_cast<MetalModule &>(*module), desc);
    NSError *error = nil;
    auto pipeline =
        Owned<id<MTLComputePipelineState>>::adopt([context->device.get()
            newComputePipelineStateWithFunction:function.get()
                                          error:&error]);
    if (!pipeline)
      return makeError(StatusCode::DeviceError, "device ", describe(),
                       " cannot compile ", desc.describe(), ": ",
                       ::describe(error));
    // What registers leave of the device's limit.
    uint64_t invocations = 1;
    for (uint32_t size : desc.workgroup)
      invocations *= size;
    uint64_t most = [pipeline.get() maxTotalThreadsPerThreadgroup];
    if (invocations > most)
      return makeError(StatusCode::ResourceExhausted, desc.describe(), " has ",
                       invocations, " invocations in a workgroup, device ",
                       describe(), " runs it with at most ", most,
                       "; lower with smaller workgroups");
    return std::unique_ptr<DeviceKernel>(
        std::make_unique<MetalKernel>(desc, std::move(pipeline)));
  }
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

namespace {
/// Writes commands into a command buffer. Within an encoder, and from one to
/// the next, they run in order.
class Encoder {
public:
  Encoder(id<MTLDevice> device, id<MTLCommandBuffer> buffer)
      : device(device), buffer(buffer) {}

  Status launch(const LaunchCommand &command) {
    const auto &kernel = static_cast<const MetalKernel &>(*command.kernel);
    for (uint32_t count : command.grid)
      if (count == 0)
        return Status();
    if (!compute) {
      end();
      compute = [buffer computeCommandEncoder];
    }
    [compute setComputePipelineState:kernel.pipeline.get()];
    NSUInteger index = 0;
    for (const BufferRange &range : command.buffers)
      [compute setBuffer:static_cast<MetalBuffer *>(range.buffer)->handle.get()
                  offset:range.offset
                 atIndex:index++];
    TAPML_RETURN_IF_ERROR(setSizes(command, index));
    const std::array<uint32_t, 3> &group = kernel.desc().workgroup;
    [compute dispatchThreadgroups:MTLSizeMake(command.grid[0], command.grid[1],
                                              command.grid[2])
            threadsPerThreadgroup:MTLSizeMake(group[0], group[1], group[2])];
    return Status();
  }

  void copy(id<MTLBuffer> source, uint64_t sourceOffset, id<MTLBuffer> target,
            uint64_t targetOffset, uint64_t size) {
    if (!blit) {
      end();
      blit = [buffer blitCommandEncoder];
    }
    [blit copyFromBuffer:source
             sourceOffset:sourceOffset
                 toBuffer:target
        destinationOffset:targetOffset
                     size:size];
  }

  void end() {
    [compute endEncoding];
    [blit endEncoding];
    compute = nil;
    blit = nil;
  }

private:
  Status setSizes(const LaunchCommand &command, NSUInteger index) {
    std::vector<int32_t> sizes(command.sizes.begin(), command.sizes.end());
    uint64_t bytes = sizes.size() * sizeof(int32_t);
    if (bytes == 0)
      return Status();
    if (bytes <= maxInlineBytes) {
      [compute setBytes:sizes.data() length:bytes atIndex:index];
      return Status();
    }
    auto block = Owned<id<MTLBuffer>>::adopt([device
        newBufferWithBytes:sizes.data()
                    length:bytes
                   options:MTLResourceStorageModeShared]);
    if (!block)
      return makeError(
          StatusCode::ResourceExhausted, command.kernel->desc().describe(),
          ": the device has no memory for ", bytes, " bytes of sizes");
    [compute setBuffer:block.get() offset:0 atIndex:index];
    return Status();
  }

  id<MTLDevice> device;
  id<MTLCommandBuffer> buffer;
  // Of the pool around the encoding; one at a time.
  id<MTLComputeCommandEncoder> compute = nil;
  id<MTLBlitCommandEncoder> blit = nil;
};
} // namespace

Result<std::unique_ptr<CommandList>>
MetalDevice::record(std::vector<Command> commands, RecordHints) {
  auto list = std::make_unique<MetalCommandList>();
  list->commands = std::move(commands);
  uint64_t bytes = list->forEachHostCopy(true, [](auto &, uint64_t) {});
  if (bytes) {
    TAPML_ASSIGN_OR_RETURN(auto staging, allocate(bytes));
    list->staging = std::static_pointer_cast<MetalBuffer>(std::move(staging));
  }
  return std::unique_ptr<CommandList>(std::move(list));
}

Status MetalDevice::start(GpuCommandList &commands) {
  auto &list = static_cast<MetalCommandList &>(commands);
  list.forEachHostCopy(true, [&](const CopyCommand &copy, uint64_t at) {
    std::memcpy(list.staging->contents() + at,
                list.external(copy.source.external, copy.source.offset),
                copy.source.size);
  });
  @autoreleasepool {
    std::lock_guard<std::mutex> lock(context->queueMutex);
    id<MTLCommandBuffer> buffer = [context->queue.get() commandBuffer];
    if (!buffer)
      return context->setLost("accept work");
    Encoder encoder(context->device.get(), buffer);
    uint64_t used = 0;
    for (const Command &command : list.commands) {
      if (const auto *launch = std::get_if<LaunchCommand>(&command)) {
        if (Status status = encoder.launch(*launch); !status.ok()) {
          // Metal wants every encoder ended, also of what never runs.
          encoder.end();
          return status;
        }
        continue;
      }
      const auto &copy = std::get<CopyCommand>(command);
      uint64_t size = copy.source.size;
      if (size == 0)
        continue;
      auto handleOf = [&](const BufferRange &range) {
        return range.buffer
                   ? static_cast<MetalBuffer *>(range.buffer)->handle.get()
                   : list.staging->handle.get();
      };
      encoder.copy(handleOf(copy.source),
                   copiesFromHost(copy) ? used : copy.source.offset,
                   handleOf(copy.target),
                   copiesToHost(copy) ? used : copy.target.offset, size);
      if (copiesFromHost(copy) || copiesToHost(copy))
        used += alignTo(size, stagingAlignment);
    }
    encoder.end();
    list.value = ++context->submissions;
    [buffer encodeSignalEvent:context->event.get() value:list.value];
    [buffer commit];
    list.running = Owned<id<MTLCommandBuffer>>::retain(buffer);
  }
  list.inFlight = true;
  return Status();
}

Status MetalDevice::getFailure(const MetalCommandList &list) {
  NSError *error = [list.running.get() error];
  NSInteger code = [error code];
  if (code == MTLCommandBufferErrorDeviceRemoved ||
      code == MTLCommandBufferErrorAccessRevoked)
    return context->setLost("finish its work");
  std::string kernels;
  size_t count = 0;
  for (const Command &command : list.commands)
    if (const auto *launch = std::get_if<LaunchCommand>(&command))
      if (++count <= 3)
        kernels +=
            concat(count > 1 ? ", " : "", launch->kernel->desc().describe());
  if (count > 3)
    kernels += concat(" and ", count - 3, " more");
  return context->setSticky(makeError(
      code == MTLCommandBufferErrorOutOfMemory ? StatusCode::ResourceExhausted
                                               : StatusCode::DeviceError,
      kernels, kernels.empty() ? "" : ": ", "device ", describe(),
      " failed: ", ::describe(error)));
}

Result<bool> MetalDevice::finish(GpuCommandList &commands,
                                 std::chrono::milliseconds deadline) {
  auto &list = static_cast<MetalCommandList &>(commands);
  using Clock = std::chrono::steady_clock;
  Clock::time_point end = Clock::now() + deadline;
  @autoreleasepool {
    id<MTLCommandBuffer> buffer = list.running.get();
    auto isOver = [&] {
      return [buffer status] >= MTLCommandBufferStatusCompleted;
    };
    for (bool signaled = false; !signaled && !isOver();) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - Clock::now());
      if (left.count() <= 0)
        return false;
      signaled = [context->event.get()
          waitUntilSignaledValue:list.value
                       timeoutMS:uint64_t(
                                     std::min(left, pollInterval).count())];
    }
    [buffer waitUntilCompleted];
    list.inFlight = false;
    if ([buffer status] == MTLCommandBufferStatusError)
      return getFailure(list);
    list.running = {};
  }
  list.forEachHostCopy(false, [&](const CopyCommand &copy, uint64_t at) {
    std::memcpy(list.external(copy.target.external, copy.target.offset),
                list.staging->contents() + at, copy.source.size);
  });
  return true;
}
