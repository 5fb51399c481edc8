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
