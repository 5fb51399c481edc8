//===- DeviceProfile.cpp - What a device can do, against what code needs --===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceProfile.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace tapml::rt;

std::string tapml::rt::toJson(const std::vector<DeviceInfo> &devices) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const DeviceInfo &info : devices) {
    nlohmann::ordered_json limits = nlohmann::ordered_json::object();
    for (const auto &[key, value] : info.limits) {
      if (value.size() == 1)
        limits[key] = value.front();
      else
        limits[key] = value;
    }
    list.push_back({{"id", info.id},
                    {"driver", info.driver},
                    {"api_version", info.apiVersion},
                    {"profile",
                     {{"kind", info.kind},
                      {"name", info.name},
                      {"limits", limits},
                      {"features", info.features}}}});
  }
  return list.dump(2, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

Status tapml::rt::checkProfileAgainst(const ProfileDesc &profile,
                                      const DeviceInfo &info) {
  auto fail = [&](const std::string &what) {
    return makeError(StatusCode::Incompatible, "device ", info.id, " (",
                     info.name, ") ", what, ", which profile '", profile.name,
                     "' needs; use another device, or compile for this one");
  };
  for (const std::string &feature : profile.features) {
    // A preference is about speed: code made for it runs everywhere.
    if (feature.compare(0, 8, "prefers_") == 0)
      continue;
    if (std::find(info.features.begin(), info.features.end(), feature) ==
        info.features.end())
      return fail("lacks the feature '" + feature + "'");
  }
  for (const auto &[key, need] : profile.limits) {
    auto it = info.limits.find(key);
    if (it == info.limits.end())
      return fail("says nothing of the limit '" + key + "'");
    const std::vector<int64_t> &have = it->second;
    if (need.size() > have.size())
      return fail(concat("has one value for limit '", key, "'"));
    for (size_t i = 0; i < have.size(); ++i) {
      int64_t needed = need.size() == 1 ? need.front() : need[i];
      bool enough = key.compare(0, 3, "max") == 0   ? have[i] >= needed
                    : key.compare(0, 3, "min") == 0 ? have[i] <= needed
                                                    : have[i] == needed;
      if (!enough)
        return fail(concat("has ", key,
                           have.size() > 1 ? concat("[", i, "]") : "", " = ",
                           have[i], ", not ", needed));
    }
  }
  return Status();
}
