//===- MetalStandInDevice.h - Runs MSL on the processor ---------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_METALSTANDINDEVICE_H
#define TAPML_LIB_RUNTIME_METALSTANDINDEVICE_H

#include "GpuDevice.h"

namespace tapml::rt {

class MetalStandInLibrary;

/// A device of kind "metal" where there is no Metal: runs the kernels of MSL
/// sections with the library that the environment variable TAPML_METAL_STAND_IN
/// names (libTapMLMetalStandIn.so), which compiles them as C++. For tests: it
/// is there only when it is asked for. A submission is complete when `submit`
/// returns, so that a deadline does not end it.
class MetalStandInDevice : public GpuDevice {
public:
  static Result<std::shared_ptr<MetalStandInDevice>>
  open(size_t index, const std::optional<ProfileDesc> &profile);
  /// Appends the device, if the library is named.
  static Status list(std::vector<DeviceInfo> &devices);

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
  MetalStandInDevice(std::shared_ptr<GpuContext> context,
                     std::shared_ptr<MetalStandInLibrary> library);
  Status launch(const LaunchCommand &command);
  Status writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                     ByteSpan bytes) override;
  Status readBuffer(DeviceBuffer &buffer, uint64_t offset, void *target,
                    uint64_t size) override;
  Status start(GpuCommandList &list) override;
  Result<bool> finish(GpuCommandList &list,
                      std::chrono::milliseconds deadline) override;

  std::shared_ptr<GpuContext> context;
  std::shared_ptr<MetalStandInLibrary> library;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_METALSTANDINDEVICE_H
