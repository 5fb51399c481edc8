//===- Executable.cpp - Loading of executables ----------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Executable.h"
#include "MetalDevice.h"
#include "VulkanDevice.h"
#include "WebGPUDevice.h"

#include <algorithm>
#include <set>
#include <thread>

using namespace tapml::rt;

//===----------------------------------------------------------------------===//
// Kinds of devices
//===----------------------------------------------------------------------===//

namespace {
/// A kind of device that is opened by number.
struct DeviceKind {
  const char *name;
  Result<std::shared_ptr<Device>> (*open)(
      const DriverOptions &options, size_t index,
      const std::optional<ProfileDesc> &profile);
  /// Appends the devices of this kind. Not found: none can be here.
  Status (*list)(const DriverOptions &options,
                 std::vector<DeviceInfo> &devices);
};
} // namespace

template <typename T>
static Result<std::shared_ptr<Device>>
asDevice(Result<std::shared_ptr<T>> opened) {
  if (!opened.ok())
    return opened.status();
  return std::shared_ptr<Device>(std::move(*opened));
}

static Status listVulkan(const DriverOptions &options,
                         std::vector<DeviceInfo> &devices) {
  TAPML_ASSIGN_OR_RETURN(auto instance, VulkanInstance::create(options.vulkan));
  for (size_t i = 0; i < instance->devices().size(); ++i)
    devices.push_back(queryVulkanDevice(*instance, i));
  if (instance->devices().empty())
    return makeError(StatusCode::NotFound,
                     "no Vulkan device of version 1.1 or newer is here");
  return Status();
}

static Status listWebGPU(const DriverOptions &options,
                         std::vector<DeviceInfo> &devices) {
  TAPML_ASSIGN_OR_RETURN(auto instance, WebGPUInstance::create(options.webgpu));
  for (size_t i = 0; i < instance->adapters().size(); ++i)
    devices.push_back(queryWebGPUDevice(*instance, i));
  if (instance->adapters().empty())
    return makeError(StatusCode::NotFound,
                     "no device that WebGPU can use is here");
  return Status();
}

static constexpr DeviceKind deviceKinds[] = {
    {"vulkan",
     [](const DriverOptions &options, size_t index,
        const std::optional<ProfileDesc> &profile) {
       return asDevice(VulkanDevice::open(options.vulkan, index, profile));
     },
     listVulkan},
    {"webgpu",
     [](const DriverOptions &options, size_t index,
        const std::optional<ProfileDesc> &profile) {
       return asDevice(WebGPUDevice::open(options.webgpu, index, profile));
     },
     listWebGPU},
    {"metal",
     [](const DriverOptions &, size_t index,
        const std::optional<ProfileDesc> &profile) {
       return openMetalDevice(index, profile);
     },
     [](const DriverOptions &, std::vector<DeviceInfo> &devices) {
       return listMetalDevices(devices);
     }}};

/// "'vulkan', 'webgpu' and 'metal'".
static std::string listKinds(const char *suffix) {
  std::string out;
  const DeviceKind *last = std::end(deviceKinds) - 1;
  for (const DeviceKind &kind : deviceKinds)
    out += concat(out.empty()     ? "'"
                  : &kind == last ? " and '"
                                  : ", '",
                  kind.name, suffix, "'");
  return out;
}

/// Reads N of "KIND:N"; the kind alone is its first device.
static std::optional<size_t> parseDeviceSpec(const std::string &spec,
                                             const std::string &kind) {
  if (spec.compare(0, kind.size(), kind) != 0)
    return std::nullopt;
  std::string rest = spec.substr(kind.size());
  if (rest.empty())
    return 0;
  if (rest.size() < 2 || rest.size() > 5 || rest[0] != ':' ||
      rest.find_first_not_of("0123456789", 1) != std::string::npos)
    return std::nullopt;
  return std::stoul(rest.substr(1));
}

Result<std::shared_ptr<Device>>
tapml::rt::openDevice(const std::string &spec, const DriverOptions &options,
                      const std::optional<ProfileDesc> &profile) {
  for (const DeviceKind &kind : deviceKinds)
    if (std::optional<size_t> index = parseDeviceSpec(spec, kind.name))
      return kind.open(options, *index, profile);
  return makeError(StatusCode::InvalidArgument, "device '", spec,
                   "' is unknown; 'host', ", listKinds(":N"),
                   " are devices, 'tapml devices' lists them");
}

Result<std::vector<DeviceInfo>>
tapml::rt::listDevices(const DriverOptions &options, std::string &note) {
  std::vector<DeviceInfo> devices(1);
  devices[0].id = devices[0].kind = "host";
  devices[0].name = hostTriple();
  static const char *const hostFeatures[] = {
      "sse4.2", "avx",     "avx2",     "fma",        "bmi",
      "bmi2",   "f16c",    "avx512f",  "avx512bw",   "avx512vl",
      "neon",   "dotprod", "fullfp16", "avx512vnni", "sve"};
  for (const char *feature : hostFeatures)
    if (processorHasFeature(feature))
      devices[0].features.push_back(feature);
  for (const DeviceKind &kind : deviceKinds) {
    Status status = kind.list(options, devices);
    if (status.ok())
      continue;
    if (status.code() != StatusCode::NotFound)
      return status;
    note += concat(note.empty() ? "" : "; ", status.message());
  }
  return devices;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<Executable>>
Executable::load(std::shared_ptr<TapxFile> file, const LoadOptions &options) {
  std::shared_ptr<Executable> result(new Executable());
  result->options = options;
  result->file = std::move(file);
  const std::string &path = result->file->path();
  result->text =
      std::string(result->file->find(tapxManifestSection)->data.text());
  Result<Manifest> manifest = Manifest::parse(result->text);
  if (!manifest.ok())
    return manifest.status().withContext("executable '" + path + "'");
  result->description = std::move(*manifest);
  Status status = [&]() -> Status {
    TAPML_RETURN_IF_ERROR(result->openPlaces());
    TAPML_RETURN_IF_ERROR(result->loadModules());
    TAPML_RETURN_IF_ERROR(result->openWeights());
    TAPML_RETURN_IF_ERROR(result->placeWeights());
    for (size_t i = 0; i < result->description.main.steps.size(); ++i)
      TAPML_RETURN_IF_ERROR(result->prepareStep(i));
    return Status();
  }();
  if (!status.ok())
    return status.withContext("executable '" + path + "'");
  return result;
}

Result<std::shared_ptr<Executable>>
Executable::load(const std::string &path, const LoadOptions &options) {
  TAPML_ASSIGN_OR_RETURN(auto file, TapxFile::open(path));
  return load(std::move(file), options);
}

Status Executable::openPlaces() {
  const Manifest &m = description;
  for (const auto &binding : options.bindings)
    if (std::none_of(m.places.begin(), m.places.end(), [&](const PlaceDesc &p) {
          return p.name == binding.first;
        }))
      return makeError(StatusCode::InvalidArgument, "it has no place '",
                       binding.first, "' to bind to '", binding.second, "'");
  std::vector<bool> used(m.places.size());
  for (const ValueDesc &value : m.main.values)
    used[value.place] = true;
  for (const StepDesc &step : m.main.steps)
    if (step.op == StepDesc::Op::Dispatch)
      used[m.executables[step.executable].variants[step.variant].place] = true;
  hostDevice = std::make_shared<HostDevice>(
      HostDeviceOptions{options.threads, options.noHostCode});
  places.resize(m.places.size());
  for (uint32_t i = 0; i < m.places.size(); ++i) {
    const PlaceDesc &place = m.places[i];
    if (i == m.hostPlace) {
      places[i] = hostDevice;
      continue;
    }
    if (!used[i])
      continue;
    std::string where = "place '" + place.name + "'";
    auto wrongKind = [&](const std::string &what, const std::string &kind) {
      return makeError(StatusCode::InvalidArgument, where,
                       " needs a device of kind '", place.kind, "', ", what,
                       " is of kind '", kind, "'");
    };
    if (std::none_of(
            std::begin(deviceKinds), std::end(deviceKinds),
            [&](const DeviceKind &kind) { return kind.name == place.kind; }))
      return makeError(StatusCode::Incompatible, where, " needs a device of ",
                       "kind '", place.kind, "', this runtime has 'host', ",
                       listKinds(""));
    auto open = options.devices.find(place.name);
    if (open != options.devices.end()) {
      places[i] = open->second;
      if (places[i]->kind() != place.kind)
        return wrongKind(places[i]->describe(), places[i]->kind());
      Status status = places[i]->checkProfile(place.profile);
      if (!status.ok())
        return status.withContext(where);
      continue;
    }
    auto binding = options.bindings.find(place.name);
    std::string spec =
        binding == options.bindings.end() ? place.kind : binding->second;
    for (const DeviceKind &kind : deviceKinds)
      if (kind.name != place.kind && parseDeviceSpec(spec, kind.name))
        return wrongKind("'" + spec + "'", kind.name);
    Result<std::shared_ptr<Device>> device =
        openDevice(spec, options.drivers, place.profile);
    if (!device.ok())
      return device.status().withContext(where);
    places[i] = std::move(*device);
  }
  return Status();
}

/// Kernels that the steps of `main` can launch.
static std::vector<bool> findReachableKernels(const Manifest &m) {
  std::vector<bool> reachable(m.kernels.size());
  for (const StepDesc &step : m.main.steps) {
    if (step.op != StepDesc::Op::Dispatch)
      continue;
    const VariantDesc &variant =
        m.executables[step.executable].variants[step.variant];
    for (const auto *launches : {&variant.init, &variant.steps})
      for (const LaunchDesc &launch : *launches)
        for (const LaunchCase &alternative : launch.cases)
          reachable[alternative.kernel] = true;
  }
  return reachable;
}

Status Executable::loadModules() {
  const Manifest &m = description;
  std::vector<bool> reachable = findReachableKernels(m);
  kernelModules.resize(m.kernels.size());
  loadedKernels.resize(m.kernels.size());
  // Kernels by place and section.
  std::map<std::pair<uint32_t, std::string>, std::vector<size_t>> sections;
  for (size_t i = 0; i < m.kernels.size(); ++i) {
    const KernelDesc &kernel = m.kernels[i];
    if (!reachable[i])
      continue;
    std::string section = kernel.section;
    if (kernel.place == m.hostPlace) {
      TAPML_ASSIGN_OR_RETURN(const HostPayloadDesc *payload,
                             selectHostPayload(m));
      section = payload->section;
    }
    sections[{kernel.place, section}].push_back(i);
  }
  for (const auto &[where, indices] : sections) {
    const auto &[place, section] = where;
    const TapxFile::Section *code = file->find(section);
    if (!code)
      return makeError(StatusCode::Damaged, "kernel '",
                       m.kernels[indices.front()].name, "' is in section '",
                       section, "', which the file does not have");
    std::vector<const KernelDesc *> kernels;
    for (size_t index : indices)
      kernels.push_back(&m.kernels[index]);
    // Compiling waits until a size needs the kernel; errors do not.
    TAPML_ASSIGN_OR_RETURN(
        auto module, places[place]->loadModule(code->data, section, kernels));
    for (size_t index : indices)
      kernelModules[index] = module;
  }
  return Status();
}

Status Executable::ensureKernels(const std::vector<uint32_t> &indices) {
  std::lock_guard<std::mutex> lock(kernelMutex);
  std::vector<uint32_t> missing;
  for (uint32_t index : indices)
    if (!loadedKernels[index] &&
        std::find(missing.begin(), missing.end(), index) == missing.end())
      missing.push_back(index);
  // Drivers take up to tenths of a second per kernel; several at a time helps.
  std::vector<Status> statuses(missing.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < missing.size(); i = next++) {
      const KernelDesc &desc = description.kernels[missing[i]];
      auto kernel =
          places[desc.place]->createKernel(kernelModules[missing[i]], desc);
      if (kernel.ok())
        loadedKernels[missing[i]] = std::move(*kernel);
      else
        statuses[i] = kernel.status();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1;
       i < std::min<size_t>(missing.size(), hostDevice->numThreads()); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
  for (const Status &status : statuses)
    TAPML_RETURN_IF_ERROR(status);
  return Status();
}
