//===- Device.cpp - The stand-in as a device of the runtime ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MetalDevice.h"

/// What the runtime looks for (lib/Runtime/MetalStandInLoader.cpp).
extern "C" __attribute__((visibility("default")))
const tapml::rt::MetalStandInInterface tapml_metal_stand_in = {
    TAPML_VERSION, tapml::rt::openMetalDevice, tapml::rt::listMetalDevices};
