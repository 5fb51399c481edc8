//===- Executable.h - A loaded executable -----------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_EXECUTABLE_H
#define TAPML_LIB_RUNTIME_EXECUTABLE_H

#include "Device.h"
#include "HostDevice.h"
#include "Manifest.h"
#include "Safetensors.h"
#include "TapxFile.h"
#include "VariantPlan.h"
#include "VulkanApi.h"
#include "WebGPULibrary.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tapml::rt {

/// How the libraries behind devices are found and used.
struct DriverOptions {
  VulkanOptions vulkan;
  WebGPUOptions webgpu;
};

struct LoadOptions {
  /// Replaces the weights file that the manifest names.
  std::string weightsPath;
  /// Fail rather than run code for the host; see `--no-host-code`.
  bool noHostCode = false;
  DriverOptions drivers;
  /// Threads for host kernels; 0 takes one per processor.
  unsigned threads = 0;
  /// How long the runtime waits for a device.
  std::chrono::milliseconds deadline{60'000};
  /// Place name to device ("vulkan:1").
  std::map<std::string, std::string> bindings;
  /// Place name to a device that is open already.
  std::map<std::string, std::shared_ptr<Device>> devices;
};

/// Opens "vulkan:N" or "webgpu:N". With a profile, the device must satisfy it.
Result<std::shared_ptr<Device>>
openDevice(const std::string &spec, const DriverOptions &options,
           const std::optional<ProfileDesc> &profile);

/// The devices of this machine, "host" first. A library or driver that is
/// missing is no error; `note` says so.
Result<std::vector<DeviceInfo>> listDevices(const DriverOptions &options,
                                            std::string &note);

/// Buffers made once from weights; shared by dispatches of one variant that
/// have the same weights.
struct PreparedSet {
  std::vector<std::shared_ptr<DeviceBuffer>> buffers;
  std::vector<BufferRange> ranges;
};

/// An executable with its devices open and its weights in place. Immutable
/// after loading but for kernels, which are made when first needed; used by any
/// number of sessions from any thread.
class Executable {
public:
  static Result<std::shared_ptr<Executable>>
  load(std::shared_ptr<TapxFile> file, const LoadOptions &options);
  static Result<std::shared_ptr<Executable>> load(const std::string &path,
                                                  const LoadOptions &options);

  const Manifest &manifest() const { return description; }
  const std::string &manifestText() const { return text; }
  const std::string &path() const { return file->path(); }
  std::chrono::milliseconds deadline() const { return options.deadline; }

  /// Null for a place that nothing uses.
  Device *device(uint32_t place) const { return places[place].get(); }
  HostDevice &host() const { return *hostDevice; }

  /// Makes those kernels that are not there yet.
  Status ensureKernels(const std::vector<uint32_t> &indices);
  const std::vector<std::unique_ptr<DeviceKernel>> &kernels() const {
    return loadedKernels;
  }

  /// Where weight `index` is at `place`. At the host that is an entry of
  /// `hostWeights`, whose number is the weight's.
  BufferRange weight(uint32_t index, uint32_t place) const;
  const std::vector<void *> &hostWeights() const { return hostPointers; }
  /// The prepared tensors of main step `step`; null if it has none.
  const PreparedSet *prepared(size_t step) const {
    return stepPrepared[step].get();
  }
  /// Fails when the weights file has been cut since it was mapped.
  Status checkWeightsFile() const;

  /// Bytes sent to devices while loading.
  uint64_t uploadedBytes() const { return uploaded; }

private:
  Executable() = default;
  Status openPlaces();
  Status loadModules();
  Status openWeights();
  Status placeWeights();
  Status prepareStep(size_t step);
  Status runInit(const StepDesc &step, const VariantDesc &variant,
                 PreparedSet &set);
  /// Copies a weight to a device in pieces and lets go of the file's pages.
  Status uploadWeight(uint32_t index, Device &device, DeviceBuffer &buffer,
                      uint64_t offset);
  Result<BufferRange> hostWeight(uint32_t index);
  ByteSpan weightBytes(uint32_t index) const;

  LoadOptions options;
  std::shared_ptr<TapxFile> file;
  std::string text;
  Manifest description;
  std::shared_ptr<HostDevice> hostDevice;
  std::vector<std::shared_ptr<Device>> places;
  /// Reachable kernels and the code they come from.
  std::vector<std::shared_ptr<DeviceModule>> kernelModules;
  std::mutex kernelMutex;
  std::vector<std::unique_ptr<DeviceKernel>> loadedKernels;

  std::shared_ptr<SafetensorsFile> weightsFile;
  std::vector<const SafetensorsEntry *> weightEntries;
  std::vector<std::shared_ptr<DeviceBuffer>> weightBuffers;
  std::map<std::pair<uint32_t, uint32_t>, BufferRange> weightRanges;
  std::vector<void *> hostPointers;
  bool usesMappedWeights = false;
  using PreparedKey = std::tuple<uint32_t, uint32_t, std::vector<uint32_t>>;
  std::map<PreparedKey, std::shared_ptr<PreparedSet>> preparedSets;
  std::vector<std::shared_ptr<PreparedSet>> stepPrepared;
  uint64_t uploaded = 0;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_EXECUTABLE_H
