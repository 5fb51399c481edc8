//===- MetalDevice.h - Runs kernels with Metal ------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The device itself is Objective-C++ (MetalDevice.mm). On Apple systems it is
// part of the runtime. Elsewhere it is part of the stand-in for Metal, which
// the runtime loads where the environment variable TAPML_METAL_STAND_IN names
// it (MetalStandInLoader.cpp): the same code, on another implementation of
// Metal's interface.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_METALDEVICE_H
#define TAPML_LIB_RUNTIME_METALDEVICE_H

#include "Device.h"
#include "DeviceProfile.h"

#include <optional>

namespace tapml::rt {

/// Opens a device of kind "metal".
Result<std::shared_ptr<Device>>
openMetalDevice(size_t index, const std::optional<ProfileDesc> &profile);

/// Appends the devices of kind "metal".
Status listMetalDevices(std::vector<DeviceInfo> &devices);

/// What the stand-in exports, by this name, and the runtime calls. Both are of
/// one build: what goes in and out are C++ objects.
struct MetalStandInInterface {
  /// Differs where the two are not of one version.
  const char *version;
  decltype(openMetalDevice) *open;
  decltype(listMetalDevices) *list;
};
inline constexpr char metalStandInSymbol[] = "tapml_metal_stand_in";

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_METALDEVICE_H
