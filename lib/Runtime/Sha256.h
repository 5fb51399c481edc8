//===- Sha256.h - SHA-256 (FIPS 180-4) --------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_SHA256_H
#define TAPML_LIB_RUNTIME_SHA256_H

#include "Bytes.h"

#include <array>
#include <string>

namespace tapml::rt {

using Sha256Digest = std::array<uint8_t, 32>;

/// Incremental SHA-256.
class Sha256 {
public:
  Sha256();
  void update(ByteSpan bytes);
  /// Returns the digest; the object must not be used afterwards.
  Sha256Digest finish();

private:
  std::array<uint32_t, 8> state;
  std::array<uint8_t, 64> pending;
  uint64_t pendingSize = 0;
  uint64_t totalSize = 0;
};

/// The digest of one piece of memory.
Sha256Digest sha256(ByteSpan bytes);

/// 64 lower-case hexadecimal digits.
std::string toHex(const Sha256Digest &digest);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_SHA256_H
