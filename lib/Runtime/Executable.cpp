//===- Executable.cpp - Loading of executables ----------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Executable.h"
#include "VulkanDevice.h"

#include <algorithm>
#include <set>
#include <thread>

using namespace tapml::rt;

/// Reads N of "vulkan:N"; "vulkan" alone is the first device.
static std::optional<size_t> parseVulkanSpec(const std::string &spec) {
  static const std::string prefix = "vulkan";
  if (spec.compare(0, prefix.size(), prefix) != 0)
    return std::nullopt;
  std::string rest = spec.substr(prefix.size());
  if (rest.empty())
    return 0;
  if (rest.size() < 2 || rest.size() > 5 || rest[0] != ':' ||
      rest.find_first_not_of("0123456789", 1) != std::string::npos)
    return std::nullopt;
  return std::stoul(rest.substr(1));
}

Result<std::shared_ptr<Device>>
tapml::rt::openDevice(const std::string &spec, const LoadOptions &options,
                      const std::optional<ProfileDesc> &profile) {
  std::optional<size_t> index = parseVulkanSpec(spec);
  if (!index)
    return makeError(StatusCode::InvalidArgument, "device '", spec,
                     "' is unknown; 'host' and 'vulkan:N' are devices, 'tapml "
                     "devices' lists them");
  TAPML_ASSIGN_OR_RETURN(auto device,
                         VulkanDevice::open(options.vulkan, *index, profile));
  return std::shared_ptr<Device>(std::move(device));
}

Result<std::vector<DeviceInfo>>
tapml::rt::listDevices(const VulkanOptions &options, std::string &note) {
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
  auto instance = VulkanInstance::create(options);
  if (!instance.ok()) {
    if (instance.status().code() != StatusCode::NotFound || options.validation)
      return instance.status();
    note = instance.status().message();
    return devices;
  }
  for (size_t i = 0; i < (*instance)->devices().size(); ++i)
    devices.push_back(queryVulkanDevice(**instance, i));
  if (devices.size() == 1)
    note = "no Vulkan device of version 1.1 or newer is here";
  return devices;
}

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
  for (const auto &[name, spec] : options.bindings)
    if (std::none_of(m.places.begin(), m.places.end(),
                     [&](const PlaceDesc &p) { return p.name == name; }))
      return makeError(StatusCode::InvalidArgument, "it has no place '", name,
                       "' to bind to '", spec, "'");
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
    if (place.kind != "vulkan")
      return makeError(StatusCode::Incompatible, where, " needs a device of ",
                       "kind '", place.kind,
                       "', this runtime has host and vulkan");
    auto open = options.devices.find(place.name);
    if (open != options.devices.end()) {
      places[i] = open->second;
      Status status = places[i]->checkProfile(place.profile);
      if (!status.ok())
        return status.withContext(where);
      continue;
    }
    auto binding = options.bindings.find(place.name);
    std::string spec =
        binding == options.bindings.end() ? place.kind : binding->second;
    Result<std::shared_ptr<Device>> device =
        openDevice(spec, options, place.profile);
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
  std::map<std::pair<uint32_t, std::string>, std::shared_ptr<DeviceModule>>
      modules;
  std::string hostSection;
  for (size_t i = 0; i < m.kernels.size(); ++i) {
    const KernelDesc &kernel = m.kernels[i];
    if (!reachable[i])
      continue;
    std::string section = kernel.section;
    if (kernel.place == m.hostPlace) {
      if (hostSection.empty()) {
        TAPML_ASSIGN_OR_RETURN(const HostPayloadDesc *payload,
                               selectHostPayload(m));
        hostSection = payload->section;
      }
      section = hostSection;
    }
    std::shared_ptr<DeviceModule> &module = modules[{kernel.place, section}];
    if (!module) {
      const TapxFile::Section *code = file->find(section);
      if (!code)
        return makeError(StatusCode::Damaged, "kernel '", kernel.name,
                         "' is in section '", section,
                         "', which the file does not have");
      TAPML_ASSIGN_OR_RETURN(
          module, places[kernel.place]->loadModule(code->data, section));
    }
    kernelModules[i] = module;
    // Compiling waits until a size needs the kernel; errors do not.
    TAPML_RETURN_IF_ERROR(places[kernel.place]->checkKernel(*module, kernel));
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
