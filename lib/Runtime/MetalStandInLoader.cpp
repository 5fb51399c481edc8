//===- MetalStandInLoader.cpp - Metal where there is none -----------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetalDevice.h"

#include "tapml/Runtime/runtime.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace tapml::rt;

static constexpr char libraryVariable[] = "TAPML_METAL_STAND_IN";

/// Loads the stand-in, which stays to the end of the process.
static Result<const MetalStandInInterface *> loadStandIn() {
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
  const auto *found = static_cast<const MetalStandInInterface *>(
      dlsym(handle, metalStandInSymbol));
  if (!found || std::string(found->version) != tapml_runtime_version())
    return makeError(StatusCode::Incompatible, path, " is not the stand-in ",
                     "for Metal of this runtime; name its "
                     "libTapMLMetalStandIn.so in ",
                     libraryVariable);
  return found;
}

Result<std::shared_ptr<Device>>
tapml::rt::openMetalDevice(size_t index,
                           const std::optional<ProfileDesc> &profile) {
  TAPML_ASSIGN_OR_RETURN(const MetalStandInInterface *standIn, loadStandIn());
  return standIn->open(index, profile);
}

Status tapml::rt::listMetalDevices(std::vector<DeviceInfo> &devices) {
  if (!std::getenv(libraryVariable))
    return Status();
  TAPML_ASSIGN_OR_RETURN(const MetalStandInInterface *standIn, loadStandIn());
  return standIn->list(devices);
}
