//===- Sha256.cpp - SHA-256 (FIPS 180-4) ----------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sha256.h"
#include "Sha256Blocks.h"

#include <algorithm>
#include <cstring>

using namespace tapml::rt;

Sha256::Sha256()
    : state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::update(ByteSpan bytes) {
  static const Sha256BlockFunction processBlocks = getSha256BlockFunction();
  totalSize += bytes.size;
  while (bytes.size) {
    if (pendingSize == 0 && bytes.size >= 64) {
      processBlocks(state.data(), bytes.data, bytes.size / 64);
      bytes = bytes.slice(bytes.size & ~uint64_t(63), bytes.size & 63);
      continue;
    }
    uint64_t count = std::min<uint64_t>(64 - pendingSize, bytes.size);
    std::memcpy(pending.data() + pendingSize, bytes.data, count);
    pendingSize += count;
    bytes = bytes.slice(count, bytes.size - count);
    if (pendingSize == 64) {
      processBlocks(state.data(), pending.data(), 1);
      pendingSize = 0;
    }
  }
}

Sha256Digest Sha256::finish() {
  uint64_t bitCount = totalSize * 8;
  uint8_t padding[72] = {0x80};
  uint64_t zeros = (pendingSize < 56 ? 56 : 120) - pendingSize;
  for (unsigned i = 0; i < 8; ++i)
    padding[zeros + i] = static_cast<uint8_t>(bitCount >> (56 - 8 * i));
  update(ByteSpan(padding, zeros + 8));
  Sha256Digest digest;
  for (unsigned i = 0; i < 32; ++i)
    digest[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

Sha256Digest tapml::rt::sha256(ByteSpan bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string tapml::rt::toHex(const Sha256Digest &digest) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t byte : digest) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}
