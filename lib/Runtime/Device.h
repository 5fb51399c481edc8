//===- Device.h - What a place runs on --------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_DEVICE_H
#define TAPML_LIB_RUNTIME_DEVICE_H

#include "Bytes.h"
#include "Manifest.h"
#include "Status.h"

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tapml::rt {

// The interface says nothing about shared memory: host data goes in with a
// submission and comes out with a wait, as it can across a connection.

/// Memory of a device. Freed with the last reference.
class DeviceBuffer {
public:
  virtual ~DeviceBuffer();
  uint64_t size() const { return byteCount; }
  /// The address in this process; only buffers of the host device have one.
  virtual void *hostPointer() { return nullptr; }

protected:
  explicit DeviceBuffer(uint64_t size) : byteCount(size) {}

private:
  uint64_t byteCount;
};

/// Compiled or loaded code with one or more entry points.
class DeviceModule {
public:
  virtual ~DeviceModule();
};

/// One entry point, ready to be launched.
class DeviceKernel {
public:
  explicit DeviceKernel(const KernelDesc &desc) : description(desc) {}
  virtual ~DeviceKernel();
  const KernelDesc &desc() const { return description; }

private:
  const KernelDesc &description;
};

/// Part of a buffer, or (when `buffer` is null) of the host memory whose
/// address is entry `external` of the table given to `Device::submit`.
struct BufferRange {
  DeviceBuffer *buffer = nullptr;
  uint32_t external = 0;
  uint64_t offset = 0;
  uint64_t size = 0;

  bool overlaps(const BufferRange &other) const {
    return buffer == other.buffer && (buffer || external == other.external) &&
           offset < other.offset + other.size && other.offset < offset + size;
  }
};

struct LaunchCommand {
  const DeviceKernel *kernel = nullptr;
  std::array<uint32_t, 3> grid = {1, 1, 1};
  std::vector<int64_t> sizes;
  /// One per buffer of the kernel, at most as long as the device can bind.
  std::vector<BufferRange> buffers;
};

/// Copies between ranges of equal size: host to device (the source is read
/// during `submit`), device to host (the destination is written by the end of
/// `wait`), or inside the device.
struct CopyCommand {
  BufferRange source;
  BufferRange target;
};

using Command = std::variant<LaunchCommand, CopyCommand>;

/// What the caller knows about a command list when recording it.
struct RecordHints {
  /// Nothing that uses the same buffers is in flight when the list is
  /// submitted.
  bool startsIdle = false;
  /// Nothing that uses the same buffers is submitted between the list and its
  /// wait.
  bool endsIdle = false;
};

/// A recorded sequence of commands. Submitted any number of times, but not
/// again before the previous submission has been waited for.
class CommandList {
public:
  virtual ~CommandList();
};

/// Names a submission; larger tickets of one device complete later.
using Ticket = uint64_t;

/// What the runtime must know before it sends work.
struct DeviceLimits {
  uint64_t maxBindingBytes = UINT64_MAX;
  uint64_t maxBufferBytes = UINT64_MAX;
  uint64_t maxBuffersPerKernel = UINT64_MAX;
  /// Of a kernel's sizes, where it does not ask for a uniform buffer.
  uint64_t maxSizeBytes = UINT64_MAX;
  std::array<uint64_t, 3> maxGrid = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
  /// Kernel sizes are passed as 32-bit integers.
  bool narrowSizes = false;
  /// A buffer that a launch writes must not be bound by it a second time, not
  /// even another part: tensors that launches write get buffers of their own.
  bool exclusiveWrites = false;
};

/// An opened device. All functions may be called from several threads; an
/// error that leaves the device unusable is reported by every later call.
class Device {
public:
  virtual ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  /// As of a place: "host", "vulkan".
  const std::string &kind() const { return kindName; }
  /// "host" or "vulkan:0 (llvmpipe ...)", for messages.
  const std::string &describe() const { return description; }
  const DeviceLimits &limits() const { return deviceLimits; }
  /// Fails with a sentence when the device lacks something that `profile` asks
  /// for.
  virtual Status checkProfile(const ProfileDesc &profile) const = 0;

  virtual Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t size) = 0;
  /// Copies `bytes` into the buffer and waits until that is done.
  Status upload(DeviceBuffer &buffer, uint64_t offset, ByteSpan bytes);
  Status download(DeviceBuffer &buffer, uint64_t offset, void *target,
                  uint64_t size);

  /// Loads code. `kernels` are what will be made from it: checks all that can
  /// be checked without compiling them, such as that the code has their entry
  /// points and that they stay inside the device's limits.
  virtual Result<std::shared_ptr<DeviceModule>>
  loadModule(ByteSpan code, const std::string &name,
             const std::vector<const KernelDesc *> &kernels) = 0;
  /// Makes one of the kernels that the module was loaded with; `desc` must
  /// outlive it. May take long (a driver compiles); may be called for several
  /// kernels at once.
  virtual Result<std::unique_ptr<DeviceKernel>>
  createKernel(std::shared_ptr<DeviceModule> module,
               const KernelDesc &desc) = 0;

  virtual Result<std::unique_ptr<CommandList>>
  record(std::vector<Command> commands, RecordHints hints) = 0;
  /// Starts the commands and returns, as a rule before they have finished.
  /// The list and all it refers to must stay alive until `wait`.
  virtual Result<Ticket> submit(CommandList &list,
                                const std::vector<void *> &externals) = 0;
  /// Waits until the submission is finished and host memory holds what it
  /// copied out, or until the deadline has passed.
  virtual Status wait(Ticket ticket, std::chrono::milliseconds deadline) = 0;

protected:
  Device(std::string kind, std::string description, DeviceLimits limits)
      : kindName(std::move(kind)), description(std::move(description)),
        deviceLimits(limits) {}
  /// `upload` and `download` of ranges that lie inside the buffer.
  virtual Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                             ByteSpan bytes) = 0;
  virtual Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                            uint64_t size) = 0;

private:
  const std::string kindName;
  const std::string description;
  const DeviceLimits deviceLimits;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_DEVICE_H
