//===- WebGPULibrary.h - The WebGPU library, found at run time --*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_WEBGPULIBRARY_H
#define TAPML_LIB_RUNTIME_WEBGPULIBRARY_H

#include "DeviceProfile.h"
#include "Status.h"
#include "WebGPUApi.h"

#include <memory>
#include <string>
#include <vector>

namespace tapml::rt {

struct WebGPUOptions {
  /// The library. Empty: what the environment variable TAPML_WEBGPU_LIBRARY
  /// names; without it `libwgpu_native.so` where the loader finds it, else
  /// `fallback` if there is one.
  std::string library;
  std::string fallback;
};

inline std::string toString(WGPUStringView text) {
  if (!text.data)
    return "";
  return text.length == wgpuZeroTerminated
             ? std::string(text.data)
             : std::string(text.data, text.length);
}

/// The view must not outlive the text.
inline WGPUStringView toView(std::string_view text) {
  return WGPUStringView{text.data(), text.size()};
}

/// A reference to `state` for a callback, which takes it with `takeState`:
/// whoever waits for the callback may have given up before it comes.
template <typename T> void *lendState(const std::shared_ptr<T> &state) {
  return new std::shared_ptr<T>(state);
}
template <typename T> std::shared_ptr<T> takeState(void *user) {
  std::unique_ptr<std::shared_ptr<T>> owner(
      static_cast<std::shared_ptr<T> *>(user));
  return std::move(*owner);
}

/// A WebGPU instance with its adapters in the order of enumeration. The library
/// stays loaded to the end of the process: it has threads of its own.
class WebGPUInstance {
public:
  static Result<std::shared_ptr<WebGPUInstance>>
  create(const WebGPUOptions &options);
  ~WebGPUInstance();
  WebGPUInstance(const WebGPUInstance &) = delete;
  WebGPUInstance &operator=(const WebGPUInstance &) = delete;

  const WebGPUTable &api() const { return table; }
  WGPUInstance get() const { return handle; }
  const std::vector<WGPUAdapter> &adapters() const { return found; }
  /// "29.0.1.1".
  const std::string &version() const { return versionText; }

private:
  WebGPUInstance() = default;
  Status load(const WebGPUOptions &options);
  Status enumerate();

  WebGPUTable table;
  WGPUInstance handle = nullptr;
  std::vector<WGPUAdapter> found;
  std::string versionText;
};

/// The optional features that TapML knows, as the adapter names them.
struct WebGPUFeature {
  WGPUFeatureName name;
  /// Names in a profile that need it.
  std::vector<std::string> provides;
};
std::vector<WebGPUFeature> webGPUFeatures(const WebGPUInstance &instance,
                                          WGPUAdapter adapter);

/// Limits, features and names of adapter `index`.
DeviceInfo queryWebGPUDevice(const WebGPUInstance &instance, size_t index);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_WEBGPULIBRARY_H
