//===- CAPI.cpp - The stand-in for other languages ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/MetalStandIn/MetalStandIn.h"
#include <cstdlib>
#include <cstring>

using namespace tapml::metal;

#define TAPML_METAL_EXPORT extern "C" __attribute__((visibility("default")))

/// Gives `message` to the caller, who frees it.
static void setError(char **error, const std::string &message) {
  if (error)
    *error = strdup(message.c_str());
}

/// Compiles a shader; null with a message where that fails.
TAPML_METAL_EXPORT void *tapml_metal_compile(const char *text, char **error) {
  std::string message;
  std::unique_ptr<Library> library =
      Library::compile(text, Library::Options(), message);
  if (!library)
    setError(error, message);
  return library.release();
}

TAPML_METAL_EXPORT void tapml_metal_release(void *library) {
  delete static_cast<Library *>(library);
}

TAPML_METAL_EXPORT void tapml_metal_free(char *error) { std::free(error); }

/// Runs a kernel; zero with a message where that fails.
TAPML_METAL_EXPORT int tapml_metal_launch(void *library, const char *name,
                                          void *const *buffers, size_t count,
                                          const uint32_t groups[3],
                                          const uint32_t groupSize[3],
                                          unsigned numThreads, char **error) {
  std::string message;
  std::vector<void *> table(buffers, buffers + count);
  if (static_cast<Library *>(library)->launch(name, table, groups, groupSize,
                                              numThreads, message))
    return 1;
  setError(error, message);
  return 0;
}
