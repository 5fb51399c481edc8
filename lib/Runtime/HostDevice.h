//===- HostDevice.h - The processor as a device -----------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_HOSTDEVICE_H
#define TAPML_LIB_RUNTIME_HOSTDEVICE_H

#include "Device.h"
#include "ThreadPool.h"

namespace tapml::rt {

/// Alignment of memory that the runtime allocates for the host.
constexpr uint64_t hostAlignment = 64;

/// Alignment that host kernels may rely on for every buffer. Mapped weights and
/// the caller's tensors are used in place when they have it, else copied.
constexpr uint64_t hostKernelAlignment = 16;

struct HostDeviceOptions {
  /// 0: one per processor.
  unsigned threads = 0;
  /// Refuse to load code; see `--no-host-code`.
  bool noHostCode = false;
};

/// Runs kernels of ELF payloads on a thread pool. A submission is complete when
/// `submit` returns.
class HostDevice : public Device {
public:
  explicit HostDevice(HostDeviceOptions options);

  Status checkProfile(const ProfileDesc &profile) const override;
  Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t size) override;
  /// Loads a shared object. The caller has checked its hash.
  Result<std::shared_ptr<DeviceModule>>
  loadModule(ByteSpan code, const std::string &name,
             const std::vector<const KernelDesc *> &kernels) override;
  Result<std::unique_ptr<DeviceKernel>>
  createKernel(std::shared_ptr<DeviceModule> module,
               const KernelDesc &desc) override;
  Result<std::unique_ptr<CommandList>> record(std::vector<Command> commands,
                                              RecordHints hints) override;
  Result<Ticket> submit(CommandList &list,
                        const std::vector<void *> &externals) override;
  Status wait(Ticket ticket, std::chrono::milliseconds deadline) override;

  unsigned numThreads() const { return pool.numThreads(); }

private:
  Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                     ByteSpan bytes) override;
  Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                    uint64_t size) override;

  HostDeviceOptions options;
  ThreadPool pool;
  std::atomic<Ticket> lastTicket{0};
};

/// The triple of the machine that this library was built for, as far as it
/// matters for host code: "x86_64-linux".
std::string hostTriple();

/// Picks the first payload that this processor can run. Fails when the triple
/// is another, or every payload needs more than the processor has.
Result<const HostPayloadDesc *> selectHostPayload(const Manifest &manifest);

/// True when the processor has the feature, named as in LLVM ("avx2").
bool processorHasFeature(const std::string &feature);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_HOSTDEVICE_H
