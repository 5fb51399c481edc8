//===- Device.cpp - What a place runs on ----------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

using namespace tapml::rt;

// The classes' virtual tables live here.
DeviceBuffer::~DeviceBuffer() = default;
DeviceModule::~DeviceModule() = default;
DeviceKernel::~DeviceKernel() = default;
CommandList::~CommandList() = default;
Device::~Device() = default;

static Status checkRange(const DeviceBuffer &buffer, uint64_t offset,
                         uint64_t size) {
  if (offset <= buffer.size() && size <= buffer.size() - offset)
    return Status();
  return makeError(StatusCode::Internal, "copy outside of a buffer");
}

Status Device::upload(DeviceBuffer &buffer, uint64_t offset, ByteSpan bytes) {
  TAPML_RETURN_IF_ERROR(checkRange(buffer, offset, bytes.size));
  return bytes.size ? writeBuffer(buffer, offset, bytes) : Status();
}

Status Device::download(DeviceBuffer &buffer, uint64_t offset, void *target,
                        uint64_t size) {
  TAPML_RETURN_IF_ERROR(checkRange(buffer, offset, size));
  return size ? readBuffer(buffer, offset, target, size) : Status();
}
