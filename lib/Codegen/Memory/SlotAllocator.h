//===- SlotAllocator.h - Buffers that share memory --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_MEMORY_SLOTALLOCATOR_H
#define TAPML_LIB_CODEGEN_MEMORY_SLOTALLOCATOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace tapml {

/// A buffer that is alive from step `first` to step `last`, both included.
struct LiveBuffer {
  /// Only buffers of one pool may share a slot (a place, a phase).
  unsigned pool = 0;
  unsigned first = 0;
  unsigned last = 0;
  /// Estimated size, so small that sums do not overflow.
  int64_t bytes = 0;

  bool overlaps(const LiveBuffer &other) const {
    return pool == other.pool && first <= other.last && other.first <= last;
  }
};

struct SlotAssignment {
  /// The slot of each buffer; slots are numbered in the order of first use.
  llvm::SmallVector<unsigned> slots;
  unsigned numSlots = 0;
  /// Sum of the largest buffer of every slot.
  int64_t plannedBytes = 0;
  /// Sum over the pools of the most bytes alive at one step: no assignment
  /// needs less.
  int64_t liveBytes = 0;
};

/// Places the largest buffer first, each into the smallest slot of its pool
/// that is free during its life, or into a new one. Equal buffers are placed in
/// order, so that the result depends on nothing but the input.
SlotAssignment assignSlots(llvm::ArrayRef<LiveBuffer> buffers);

} // namespace tapml

#endif // TAPML_LIB_CODEGEN_MEMORY_SLOTALLOCATOR_H
