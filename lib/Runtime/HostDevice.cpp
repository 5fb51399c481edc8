//===- HostDevice.cpp - The processor as a device -------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostDevice.h"

#include <cstdlib>
#include <dlfcn.h>
#include <elf.h>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

using namespace tapml::rt;

namespace {
/// The binary interface of host kernels.
using HostEntry = void (*)(void *const *buffers, const int64_t *sizes,
                           int64_t begin, int64_t end);

class HostBuffer : public DeviceBuffer {
public:
  HostBuffer(void *data, uint64_t size) : DeviceBuffer(size), data(data) {}
  ~HostBuffer() override { std::free(data); }
  void *hostPointer() override { return data; }

private:
  void *data;
};

class HostModule : public DeviceModule {
public:
  HostModule(void *library, int descriptor)
      : library(library), descriptor(descriptor) {}
  ~HostModule() override {
    dlclose(library);
    close(descriptor);
  }
  void *find(const char *symbol) const { return dlsym(library, symbol); }

private:
  void *library;
  /// Stays open while the library is loaded: the loader knows the library by
  /// the name that contains this number, and would hand it out again for
  /// another file that got the same number.
  int descriptor;
};

class HostKernel : public DeviceKernel {
public:
  HostKernel(const KernelDesc &desc, std::shared_ptr<DeviceModule> module,
             HostEntry entry)
      : DeviceKernel(desc), entry(entry), module(std::move(module)) {}
  HostEntry entry;

private:
  std::shared_ptr<DeviceModule> module;
};

class HostCommandList : public CommandList {
public:
  std::vector<Command> commands;
};
} // namespace

HostDevice::HostDevice(HostDeviceOptions options)
    : Device("host", "host", DeviceLimits()), options(options),
      pool(options.threads) {}

Status HostDevice::checkProfile(const ProfileDesc &profile) const {
  for (const std::string &feature : profile.features)
    if (!processorHasFeature(feature))
      return makeError(StatusCode::Incompatible,
                       "this processor lacks the feature '", feature,
                       "'; compile for another host processor");
  return Status();
}

Result<std::shared_ptr<DeviceBuffer>> HostDevice::allocate(uint64_t size) {
  void *data = nullptr;
  if (size > uint64_t(PTRDIFF_MAX) ||
      posix_memalign(&data, hostAlignment,
                     alignTo(std::max<uint64_t>(size, 1), hostAlignment)))
    return makeError(StatusCode::ResourceExhausted,
                     "the host has no memory for ", size, " bytes");
  return std::shared_ptr<DeviceBuffer>(
      std::make_shared<HostBuffer>(data, size));
}

Status HostDevice::writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                               ByteSpan bytes) {
  std::memcpy(static_cast<uint8_t *>(buffer.hostPointer()) + offset, bytes.data,
              bytes.size);
  return Status();
}

Status HostDevice::readBuffer(DeviceBuffer &buffer, uint64_t offset,
                              void *target, uint64_t size) {
  std::memcpy(target, static_cast<uint8_t *>(buffer.hostPointer()) + offset,
              size);
  return Status();
}

/// Checks that `code` is a shared object for this machine, so that the system's
/// loader meets no surprise.
static Status checkElf(ByteSpan code, const std::string &name) {
  auto fail = [&](const char *what) {
    return makeError(StatusCode::Damaged, "host code '", name, "' ", what);
  };
  Elf64_Ehdr header;
  if (code.size < sizeof(header) ||
      std::memcmp(code.data, ELFMAG, SELFMAG) != 0)
    return fail("is not an ELF file");
  std::memcpy(&header, code.data, sizeof(header));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
    return fail("is not a 64-bit little-endian shared object");
#if defined(__x86_64__)
  constexpr uint16_t machine = EM_X86_64;
#elif defined(__aarch64__)
  constexpr uint16_t machine = EM_AARCH64;
#elif defined(__riscv)
  constexpr uint16_t machine = EM_RISCV;
#else
  constexpr uint16_t machine = EM_NONE;
#endif
  if (header.e_machine != machine)
    return fail("is for another processor");
  if (header.e_phentsize != sizeof(Elf64_Phdr) ||
      !code.contains(header.e_phoff,
                     uint64_t(header.e_phnum) * sizeof(Elf64_Phdr)))
    return fail("has a damaged program header");
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, code.data + header.e_phoff + i * sizeof(segment),
                sizeof(segment));
    if (segment.p_type == PT_LOAD &&
        (!code.contains(segment.p_offset, segment.p_filesz) ||
         segment.p_filesz > segment.p_memsz))
      return fail("has a segment outside of the file");
  }
  return Status();
}

static Result<HostEntry> findEntry(const HostModule &module,
                                   const KernelDesc &desc) {
  if (void *symbol = module.find(desc.entry.c_str()))
    return reinterpret_cast<HostEntry>(symbol);
  return makeError(StatusCode::Damaged, "the host code has no function '",
                   desc.entry, "' for kernel '", desc.name, "'");
}

Result<std::shared_ptr<DeviceModule>>
HostDevice::loadModule(ByteSpan code, const std::string &name,
                       const std::vector<const KernelDesc *> &kernels) {
  if (options.noHostCode)
    return makeError(StatusCode::InvalidArgument, "host code '", name,
                     "' is needed but host code is switched off "
                     "(--no-host-code); allow it if you trust the file, or "
                     "use one whose operators are all on a device");
  TAPML_RETURN_IF_ERROR(checkElf(code, name));
  // Kernels that forbid executable anonymous files by default want to be asked;
  // older ones do not know the question.
  int fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_EXEC);
  if (fd < 0)
    fd = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (fd < 0)
    return makeError(StatusCode::Io, "cannot make a file in memory for host ",
                     "code '", name, "'");
  for (uint64_t done = 0; done < code.size;) {
    ssize_t count = write(fd, code.data + done, code.size - done);
    if (count <= 0) {
      close(fd);
      return makeError(StatusCode::ResourceExhausted,
                       "no memory for host code '", name, "'");
    }
    done += uint64_t(count);
  }
  std::string path = concat("/proc/self/fd/", fd);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    Status status =
        makeError(StatusCode::Incompatible, "host code '", name,
                  "' cannot be loaded: ", reason ? reason : "unknown error");
    close(fd);
    return status;
  }
  auto module = std::make_shared<HostModule>(library, fd);
  for (const KernelDesc *kernel : kernels)
    TAPML_RETURN_IF_ERROR(findEntry(*module, *kernel).status());
  return std::shared_ptr<DeviceModule>(std::move(module));
}

Result<std::unique_ptr<DeviceKernel>>
HostDevice::createKernel(std::shared_ptr<DeviceModule> module,
                         const KernelDesc &desc) {
  TAPML_ASSIGN_OR_RETURN(HostEntry entry,
                         findEntry(static_cast<HostModule &>(*module), desc));
  return std::unique_ptr<DeviceKernel>(
      std::make_unique<HostKernel>(desc, std::move(module), entry));
}

Result<std::unique_ptr<CommandList>>
HostDevice::record(std::vector<Command> commands, RecordHints) {
  auto list = std::make_unique<HostCommandList>();
  list->commands = std::move(commands);
  return std::unique_ptr<CommandList>(std::move(list));
}

static uint8_t *resolve(const BufferRange &range,
                        const std::vector<void *> &externals) {
  void *base =
      range.buffer ? range.buffer->hostPointer() : externals[range.external];
  return static_cast<uint8_t *>(base) + range.offset;
}

Result<Ticket> HostDevice::submit(CommandList &list,
                                  const std::vector<void *> &externals) {
  std::vector<void *> buffers;
  for (const Command &command : static_cast<HostCommandList &>(list).commands) {
    if (const auto *copy = std::get_if<CopyCommand>(&command)) {
      if (copy->source.size)
        std::memmove(resolve(copy->target, externals),
                     resolve(copy->source, externals), copy->source.size);
      continue;
    }
    const auto &launch = std::get<LaunchCommand>(command);
    buffers.clear();
    for (const BufferRange &range : launch.buffers)
      buffers.push_back(resolve(range, externals));
    HostEntry entry = static_cast<const HostKernel *>(launch.kernel)->entry;
    int64_t count = int64_t(launch.grid[0]);
    pool.parallelFor(count, [&](int64_t begin, int64_t end) {
      entry(buffers.data(), launch.sizes.data(), begin, end);
    });
  }
  return ++lastTicket;
}

Status HostDevice::wait(Ticket, std::chrono::milliseconds) { return Status(); }
