//===- DeviceProfile.h - What a device can do, against what code needs --*- C++
//-*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_DEVICEPROFILE_H
#define TAPML_LIB_RUNTIME_DEVICEPROFILE_H

#include "Manifest.h"

#include <map>
#include <string>
#include <vector>

namespace tapml::rt {

/// The properties of a device as they go into a profile. Names are those of
/// `#tapml.profile` ("max_workgroup_invocations", "int64").
struct DeviceInfo {
  /// "vulkan:0"; what the caller opens it by.
  std::string id;
  std::string kind;
  std::string name;
  std::string driver;
  std::string apiVersion;
  std::map<std::string, std::vector<int64_t>> limits;
  std::vector<std::string> features;
};

/// One entry of `tapml devices --json`: the profile with what identifies the
/// device beside it. The text is JSON.
std::string toJson(const std::vector<DeviceInfo> &devices);

/// Checks that the device has every feature and satisfies every limit. Limits
/// named max* must be at least, min* at most, and others exactly what the
/// profile says. The failure names the limit, the need and what there is.
Status checkProfileAgainst(const ProfileDesc &profile, const DeviceInfo &info);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_DEVICEPROFILE_H
