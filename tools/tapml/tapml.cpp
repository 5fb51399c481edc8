//===- tapml.cpp - The driver of a migration ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Driver/Driver.h"

int main(int argc, char **argv) { return tapml::runDriver(argc, argv); }
