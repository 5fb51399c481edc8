//===- SlotAllocator.cpp - Buffers that share memory ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlotAllocator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <map>

using namespace llvm;
using namespace tapml;

/// The most bytes that are alive at one step, over all pools.
static int64_t getLiveBytes(ArrayRef<LiveBuffer> buffers) {
  // Pool and step to the bytes that begin there, less those that ended before.
  std::map<std::pair<unsigned, uint64_t>, int64_t> changes;
  for (const LiveBuffer &buffer : buffers) {
    changes[{buffer.pool, buffer.first}] += buffer.bytes;
    changes[{buffer.pool, uint64_t(buffer.last) + 1}] -= buffer.bytes;
  }
  int64_t total = 0, live = 0, most = 0;
  unsigned pool = 0;
  for (auto [when, change] : changes) {
    if (when.first != pool) {
      total += most;
      pool = when.first;
      live = most = 0;
    }
    live += change;
    most = std::max(most, live);
  }
  return total + most;
}

SlotAssignment tapml::assignSlots(ArrayRef<LiveBuffer> buffers) {
  SmallVector<unsigned> order = to_vector(seq<unsigned>(0, buffers.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(-buffers[a].bytes, a) <
           std::make_pair(-buffers[b].bytes, b);
  });

  // Buffers come in descending order: a slot's first buffer is its size, and
  // the last slot that is free is the smallest one.
  SmallVector<SmallVector<unsigned>> slots;
  for (unsigned index : order) {
    auto free = find_if(reverse(slots), [&](ArrayRef<unsigned> slot) {
      return buffers[slot.front()].pool == buffers[index].pool &&
             none_of(slot, [&](unsigned other) {
               return buffers[index].overlaps(buffers[other]);
             });
    });
    if (free != slots.rend())
      free->push_back(index);
    else
      slots.push_back({index});
  }

  auto firstUse = [&](ArrayRef<unsigned> slot) {
    unsigned first = buffers[slot.front()].first;
    for (unsigned index : slot)
      first = std::min(first, buffers[index].first);
    return std::make_pair(first, *min_element(slot));
  };
  llvm::sort(slots, [&](ArrayRef<unsigned> a, ArrayRef<unsigned> b) {
    return firstUse(a) < firstUse(b);
  });

  SlotAssignment result;
  result.slots.resize(buffers.size());
  result.numSlots = slots.size();
  result.liveBytes = getLiveBytes(buffers);
  for (auto [number, slot] : enumerate(slots)) {
    result.plannedBytes += buffers[slot.front()].bytes;
    for (unsigned index : slot)
      result.slots[index] = number;
  }
  return result;
}
