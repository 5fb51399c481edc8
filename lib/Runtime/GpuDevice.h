//===- GpuDevice.h - What the devices behind GPU APIs share -----*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_GPUDEVICE_H
#define TAPML_LIB_RUNTIME_GPUDEVICE_H

#include "Device.h"
#include "DeviceProfile.h"

#include <atomic>
#include <map>
#include <mutex>

namespace tapml::rt {

/// Buffers are rounded up to this, as the planner counts on.
constexpr uint64_t bufferGranularity = 16;

/// How long an upload or download may take.
constexpr std::chrono::milliseconds copyDeadline{60'000};

/// How long the destructor of a list waits for a submission nobody waited for.
constexpr std::chrono::milliseconds abandonDeadline{5'000};

/// What the objects of one opened device share, whatever its API. They keep it
/// alive.
class GpuContext {
public:
  virtual ~GpuContext();

  DeviceInfo info;
  /// Set when the device hangs. Destroying what it may still use would wait
  /// for it, so everything is left to the end of the process.
  std::atomic<bool> abandoned{false};

  /// "vulkan:0 (llvmpipe ...)".
  std::string describe() const { return info.id + " (" + info.name + ")"; }

  /// The final error, if there was one.
  Status sticky();
  /// Makes `status` the final error unless there is one; returns what is.
  Status setSticky(Status status);
  /// The device was lost while it had to `what`.
  Status setLost(const std::string &what);
  /// Gives the device up: it did not finish in time.
  Status abandon(std::chrono::milliseconds deadline);

private:
  std::mutex stateMutex;
  Status finalError;
};

/// True when the command copies from the host's memory, or to it.
inline bool copiesFromHost(const CopyCommand &copy) {
  return !copy.source.buffer;
}
inline bool copiesToHost(const CopyCommand &copy) {
  return !copy.target.buffer;
}

/// Calls `fn(range, access)` for every range that `command` touches.
template <typename Fn> void forEachAccess(const Command &command, Fn fn) {
  if (const auto *launch = std::get_if<LaunchCommand>(&command)) {
    for (size_t i = 0; i < launch->buffers.size(); ++i)
      fn(launch->buffers[i], launch->kernel->desc().access[i]);
    return;
  }
  const auto &copy = std::get<CopyCommand>(command);
  fn(copy.source, Access::Read);
  fn(copy.target, Access::Write);
}

/// A recorded program that knows when it runs.
class GpuCommandList : public CommandList {
public:
  /// Host addresses of the submission in flight.
  std::vector<void *> externals;
  bool inFlight = false;

  uint8_t *external(uint32_t index, uint64_t offset) const {
    return static_cast<uint8_t *>(externals[index]) + offset;
  }
};

/// A device behind a GPU API: profile, limits, the final error, tickets.
class GpuDevice : public Device {
public:
  const DeviceInfo &info() const { return context->info; }

  Status checkProfile(const ProfileDesc &profile) const override;
  Result<Ticket> submit(CommandList &list,
                        const std::vector<void *> &externals) final;
  Status wait(Ticket ticket, std::chrono::milliseconds deadline) final;

protected:
  GpuDevice(std::shared_ptr<GpuContext> shared, DeviceLimits limits);

  /// Starts a list whose `externals` are set; it is `inFlight` then.
  virtual Status start(GpuCommandList &list) = 0;
  /// Waits for a list and copies to the host what it has read; false when the
  /// deadline has passed, else the list is no longer `inFlight`.
  virtual Result<bool> finish(GpuCommandList &list,
                              std::chrono::milliseconds deadline) = 0;

  /// Fails when the device cannot allocate as much at once.
  Status checkAllocation(uint64_t size) const;
  /// Compares what the kernel needs with what the device allows.
  Status checkKernelLimits(const KernelDesc &desc) const;
  /// Copies between a buffer and host memory by a recorded program.
  Status copyByList(DeviceBuffer &buffer, uint64_t offset,
                    const uint8_t *source, uint8_t *target, uint64_t size);

private:
  std::shared_ptr<GpuContext> context;
  std::mutex pendingMutex;
  std::map<Ticket, GpuCommandList *> pending;
  Ticket lastTicket = 0;
};

/// The limits of a GPU that follow from its profile; the size of a kernel's
/// sizes is the API's matter.
DeviceLimits limitsOf(const DeviceInfo &info);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_GPUDEVICE_H
