//===- MetalStandInDevice.cpp - Runs MSL on the processor -----------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetalStandInDevice.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <thread>

using namespace tapml::rt;

static constexpr char libraryVariable[] = "TAPML_METAL_STAND_IN";

//===----------------------------------------------------------------------===//
// The library
//===----------------------------------------------------------------------===//

namespace tapml::rt {
/// The functions of lib/MetalStandIn/CAPI.cpp. Stays loaded to the end of the
/// process.
class MetalStandInLibrary {
public:
  static Result<std::shared_ptr<MetalStandInLibrary>> open();

  using Compile = void *(const char *text, char **error);
  using HasKernel = int(void *shader, const char *name);
  using Launch = int(void *shader, const char *name, void *const *buffers,
                     size_t count, const uint32_t groups[3],
                     const uint32_t groupSize[3], unsigned numThreads,
                     char **error);
  using Release = void(void *shader);
  using Free = void(char *error);

  Compile *compile = nullptr;
  HasKernel *hasKernel = nullptr;
  Launch *launch = nullptr;
  Release *release = nullptr;

  /// Calls `fn(error)`; null or zero is a failure, whose message `error` gets.
  template <typename Fn> auto call(Fn fn, std::string &error) const {
    char *message = nullptr;
    auto result = fn(&message);
    if (message) {
      error = message;
      free(message);
    }
    return result;
  }

private:
  Free *free = nullptr;
};
} // namespace tapml::rt

Result<std::shared_ptr<MetalStandInLibrary>> MetalStandInLibrary::open() {
  const char *path = std::getenv(libraryVariable);
  if (!path || !*path)
    return makeError(StatusCode::NotFound,
                     "there is no Metal here; for tests, a stand-in runs MSL "
                     "on the processor where the environment variable ",
                     libraryVariable, " names libTapMLMetalStandIn.so");
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char *reason = dlerror();
    return makeError(StatusCode::NotFound, "the stand-in for Metal ", path,
                     " cannot be loaded (", reason ? reason : "unknown error",
                     "); name libTapMLMetalStandIn.so in ", libraryVariable);
  }
  auto library = std::make_shared<MetalStandInLibrary>();
  bool complete = true;
  auto find = [&](auto &function, const char *name) {
    function =
        reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(handle, name));
    complete &= function != nullptr;
  };
  find(library->compile, "tapml_metal_compile");
  find(library->hasKernel, "tapml_metal_has_kernel");
  find(library->launch, "tapml_metal_launch");
  find(library->release, "tapml_metal_release");
  find(library->free, "tapml_metal_free");
  if (!complete)
    return makeError(StatusCode::Incompatible, path, " is not the stand-in ",
                     "for Metal of this runtime; name its "
                     "libTapMLMetalStandIn.so in ",
                     libraryVariable);
  return library;
}

/// What the stand-in can do: an Apple GPU of family 7, as far as it is the
/// shader's matter.
static DeviceInfo getInfo() {
  DeviceInfo info;
  info.id = "metal:0";
  info.kind = "metal";
  info.name = "stand-in for Metal";
  info.driver = "MSL as C++ on the processor";
  info.apiVersion = "3.0";
  info.limits = {{"max_workgroup_size", {1024, 1024, 1024}},
                 {"max_workgroup_invocations", {1024}},
                 {"max_workgroup_count", {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
                 {"max_workgroup_memory", {32768}},
                 {"max_storage_buffers", {31}},
                 {"max_storage_buffer_bytes", {int64_t(1) << 28}},
                 {"max_allocation_bytes", {int64_t(1) << 30}},
                 {"max_push_constant_bytes", {4096}},
                 {"max_uniform_buffer_bytes", {65536}},
                 {"min_storage_buffer_alignment", {16}},
                 {"subgroup_size", {32}}};
  info.features = {"float16",
                   "int16",
                   "int64",
                   "int8",
                   "storage16",
                   "storage8",
                   "subgroup_arithmetic",
                   "subgroup_shuffle"};
  return info;
}

Status MetalStandInDevice::list(std::vector<DeviceInfo> &devices) {
  if (!std::getenv(libraryVariable))
    return Status();
  TAPML_RETURN_IF_ERROR(MetalStandInLibrary::open().status());
  devices.push_back(getInfo());
  return Status();
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

namespace {
class StandInBuffer : public DeviceBuffer {
public:
  StandInBuffer(uint8_t *data, uint64_t size)
      : DeviceBuffer(size), data(data) {}
  ~StandInBuffer() override { std::free(data); }

  /// Not for the host: a program may not count on shared memory.
  uint8_t *const data;
};

class StandInModule : public DeviceModule {
public:
  StandInModule(std::shared_ptr<MetalStandInLibrary> library, void *shader)
      : shader(shader), library(std::move(library)) {}
  ~StandInModule() override { library->release(shader); }

  void *const shader;

private:
  std::shared_ptr<MetalStandInLibrary> library;
};

class StandInKernel : public DeviceKernel {
public:
  StandInKernel(const KernelDesc &desc, std::shared_ptr<StandInModule> module)
      : DeviceKernel(desc), module(std::move(module)) {}
  const std::shared_ptr<StandInModule> module;
};

class StandInCommandList : public GpuCommandList {
public:
  std::vector<Command> commands;
};
} // namespace

MetalStandInDevice::MetalStandInDevice(
    std::shared_ptr<GpuContext> shared,
    std::shared_ptr<MetalStandInLibrary> library)
    : GpuDevice(shared,
                [&] {
                  DeviceLimits limits = limitsOf(shared->info);
                  // The sizes have one of the buffers' places.
                  limits.maxBuffersPerKernel -= 1;
                  limits.maxSizeBytes =
                      shared->info.limits["max_push_constant_bytes"].front();
                  return limits;
                }()),
      context(std::move(shared)), library(std::move(library)) {}

Result<std::shared_ptr<MetalStandInDevice>>
MetalStandInDevice::open(size_t index,
                         const std::optional<ProfileDesc> &profile) {
  TAPML_ASSIGN_OR_RETURN(auto library, MetalStandInLibrary::open());
  if (index != 0)
    return makeError(StatusCode::NotFound, "there is no device metal:", index,
                     "; 'tapml devices' lists those that are here");
  auto context = std::make_shared<GpuContext>();
  context->info = getInfo();
  if (profile)
    TAPML_RETURN_IF_ERROR(checkProfileAgainst(*profile, context->info));
  return std::shared_ptr<MetalStandInDevice>(
      new MetalStandInDevice(std::move(context), std::move(library)));
}

Result<std::shared_ptr<DeviceBuffer>>
MetalStandInDevice::allocate(uint64_t size) {
  TAPML_RETURN_IF_ERROR(checkAllocation(size));
  uint64_t bytes = alignTo(std::max<uint64_t>(size, 1), bufferGranularity);
  void *data = nullptr;
  if (posix_memalign(&data, 256, bytes))
    return makeError(StatusCode::ResourceExhausted, "device ", describe(),
                     " has no memory for ", size, " bytes");
  std::memset(data, 0, bytes);
  return std::shared_ptr<DeviceBuffer>(
      std::make_shared<StandInBuffer>(static_cast<uint8_t *>(data), size));
}

Status MetalStandInDevice::writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                                       ByteSpan bytes) {
  std::memcpy(static_cast<StandInBuffer &>(buffer).data + offset, bytes.data,
              bytes.size);
  return Status();
}

Status MetalStandInDevice::readBuffer(DeviceBuffer &buffer, uint64_t offset,
                                      void *target, uint64_t size) {
  std::memcpy(target, static_cast<StandInBuffer &>(buffer).data + offset, size);
  return Status();
}

Result<std::shared_ptr<DeviceModule>>
MetalStandInDevice::loadModule(ByteSpan code, const std::string &name,
                               const std::vector<const KernelDesc *> &kernels) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  std::string users;
  for (const KernelDesc *kernel : kernels) {
    TAPML_RETURN_IF_ERROR(checkKernelLimits(*kernel));
    users += concat(users.empty() ? "" : ", ", kernel->describe());
  }
  std::string text(code.text()), error;
  void *shader = library->call(
      [&](char **message) { return library->compile(text.c_str(), message); },
      error);
  if (!shader)
    return makeError(StatusCode::DeviceError, users, ": device ", describe(),
                     " cannot compile section '", name, "': ", error);
  auto module = std::make_shared<StandInModule>(library, shader);
  for (const KernelDesc *kernel : kernels)
    if (!library->hasKernel(shader, kernel->entry.c_str()))
      return makeError(StatusCode::Damaged, "section '", name,
                       "' has no entry point '", kernel->entry,
                       "' for kernel '", kernel->name, "'");
  return std::shared_ptr<DeviceModule>(std::move(module));
}

Result<std::unique_ptr<DeviceKernel>>
MetalStandInDevice::createKernel(std::shared_ptr<DeviceModule> module,
                                 const KernelDesc &desc) {
  return std::unique_ptr<DeviceKernel>(std::make_unique<StandInKernel>(
      desc, std::static_pointer_cast<StandInModule>(module)));
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

Result<std::unique_ptr<CommandList>>
MetalStandInDevice::record(std::vector<Command> commands, RecordHints) {
  auto list = std::make_unique<StandInCommandList>();
  list->commands = std::move(commands);
  return std::unique_ptr<CommandList>(std::move(list));
}

static uint8_t *resolve(const BufferRange &range, const GpuCommandList &list) {
  return range.buffer
             ? static_cast<StandInBuffer *>(range.buffer)->data + range.offset
             : list.external(range.external, range.offset);
}

Status MetalStandInDevice::launch(const LaunchCommand &command) {
  const auto &kernel = static_cast<const StandInKernel &>(*command.kernel);
  const KernelDesc &desc = kernel.desc();
  std::vector<void *> buffers;
  for (const BufferRange &range : command.buffers)
    buffers.push_back(static_cast<StandInBuffer *>(range.buffer)->data +
                      range.offset);
  std::vector<uint32_t> sizes(command.sizes.begin(), command.sizes.end());
  if (!sizes.empty())
    buffers.push_back(sizes.data());
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::string error;
  if (library->call(
          [&](char **message) {
            return library->launch(kernel.module->shader, desc.entry.c_str(),
                                   buffers.data(), buffers.size(),
                                   command.grid.data(), desc.workgroup.data(),
                                   threads, message);
          },
          error))
    return Status();
  return makeError(StatusCode::DeviceError, desc.describe(), ": device ",
                   describe(), " cannot run it: ", error);
}

Status MetalStandInDevice::start(GpuCommandList &commands) {
  auto &list = static_cast<StandInCommandList &>(commands);
  for (const Command &command : list.commands) {
    if (const auto *call = std::get_if<LaunchCommand>(&command)) {
      if (Status status = launch(*call); !status.ok())
        return context->setSticky(status);
      continue;
    }
    const auto &copy = std::get<CopyCommand>(command);
    if (copy.source.size)
      std::memmove(resolve(copy.target, list), resolve(copy.source, list),
                   copy.source.size);
  }
  list.inFlight = true;
  return Status();
}

Result<bool> MetalStandInDevice::finish(GpuCommandList &list,
                                        std::chrono::milliseconds) {
  list.inFlight = false;
  return true;
}
