//===- RuntimeHandles.h - The runtime's C handles in C++ --------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_COMPILER_RUNTIMEHANDLES_H
#define TAPML_COMPILER_RUNTIMEHANDLES_H

#include "tapml/Runtime/runtime.h"
#include "llvm/Support/Error.h"

namespace tapml {

/// Turns a status into an error with its message, and frees it.
inline llvm::Error takeStatus(tapml_status status) {
  if (!status)
    return llvm::Error::success();
  llvm::Error error = llvm::createStringError(llvm::inconvertibleErrorCode(),
                                              tapml_status_get_message(status));
  tapml_status_free(status);
  return error;
}

/// Owns one reference to a runtime object.
template <typename T, void (*Release)(T)> class Handle {
public:
  Handle() = default;
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  ~Handle() { Release(object); }

  T get() const { return object; }

  /// For an out-parameter; what was held before is released.
  T *out() {
    Release(object);
    object = nullptr;
    return &object;
  }

private:
  T object = nullptr;
};

using DeviceHandle = Handle<tapml_device, tapml_device_release>;
using ExecutableHandle = Handle<tapml_executable, tapml_executable_release>;
using SessionHandle = Handle<tapml_session, tapml_session_release>;
using ResultHandle = Handle<tapml_result, tapml_result_release>;

} // namespace tapml

#endif // TAPML_COMPILER_RUNTIMEHANDLES_H
