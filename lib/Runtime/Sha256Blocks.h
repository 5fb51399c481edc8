//===- Sha256Blocks.h - The compression function of SHA-256 -----*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_SHA256BLOCKS_H
#define TAPML_LIB_RUNTIME_SHA256BLOCKS_H

#include <cstddef>
#include <cstdint>

namespace tapml::rt {

/// Updates `state` with `count` blocks of 64 bytes.
using Sha256BlockFunction = void (*)(uint32_t *state, const uint8_t *blocks,
                                     size_t count);

/// The one that runs everywhere.
void processSha256Portable(uint32_t *state, const uint8_t *blocks,
                           size_t count);

/// Returns the fastest that this processor has instructions for.
Sha256BlockFunction getSha256BlockFunction();

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_SHA256BLOCKS_H
