//===- stand_in.h - Between shaders and what runs them -------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METAL_STAND_IN_STAND_IN_H
#define TAPML_METAL_STAND_IN_STAND_IN_H

#include <cstddef>
#include <cstdint>

namespace tapml::metal {

/// The number of threads in a SIMD group, as on Apple GPUs.
constexpr uint32_t kSimdWidth = 32;

struct Thread;

/// What threads need that wait for each other.
class Cooperation {
public:
  virtual ~Cooperation() = default;
  /// Returns when all threads of the threadgroup have called this.
  virtual void wait(Thread *self) = 0;
  /// Returns when all threads of the SIMD group have called this, with the
  /// value of each in `all`; the result has a bit for every lane.
  virtual uint32_t exchange(Thread *self, const void *value, size_t size,
                            void *all) = 0;
};

/// A running invocation.
struct Thread {
  uint32_t group[3], local[3], groups[3], groupSize[3];
  uint32_t lane, simdGroup, simdGroups;
  Cooperation *cooperation;
};

/// The running invocation, as the wrapper of each shader keeps it. Others run
/// while one waits.
Thread *current();
void setCurrent(Thread *self);

} // namespace tapml::metal

#endif // TAPML_METAL_STAND_IN_STAND_IN_H
