//===- MemoryTest.cpp - Slots and size expressions ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expr.h"
#include "SlotAllocator.h"
#include "tapml/Codegen/SizeExpr.h"
#include "gtest/gtest.h"
#include <random>

using namespace tapml;

namespace {

/// Buffers as chains of operators with branches have them.
llvm::SmallVector<LiveBuffer> makeBuffers(std::mt19937 &random) {
  auto pick = [&](unsigned below) { return unsigned(random() % below); };
  llvm::SmallVector<LiveBuffer> buffers;
  unsigned count = pick(40);
  for (unsigned i = 0; i < count; ++i) {
    LiveBuffer buffer;
    buffer.pool = pick(3);
    buffer.first = i;
    buffer.last = i + pick(8);
    buffer.bytes = 256 * pick(6);
    buffers.push_back(buffer);
  }
  return buffers;
}

TEST(SlotAllocator, NeverSharesWhatIsAlive) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    llvm::SmallVector<LiveBuffer> buffers = makeBuffers(random);
    SlotAssignment assignment = assignSlots(buffers);
    ASSERT_EQ(assignment.slots.size(), buffers.size());
    EXPECT_LE(assignment.liveBytes, assignment.plannedBytes);
    for (size_t i = 0; i < buffers.size(); ++i) {
      ASSERT_LT(assignment.slots[i], assignment.numSlots);
      for (size_t j = 0; j < i; ++j)
        if (assignment.slots[i] == assignment.slots[j]) {
          EXPECT_EQ(buffers[i].pool, buffers[j].pool);
          EXPECT_FALSE(buffers[i].overlaps(buffers[j]));
        }
    }
  }
}

TEST(SlotAllocator, NumbersSlotsInTheOrderOfUse) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    llvm::SmallVector<LiveBuffer> buffers = makeBuffers(random);
    SlotAssignment assignment = assignSlots(buffers);
    unsigned next = 0; // Buffers are in the order of their first step.
    for (unsigned slot : assignment.slots) {
      EXPECT_LE(slot, next);
      next = std::max(next, slot + 1);
    }
    EXPECT_EQ(next, assignment.numSlots);
  }
}

TEST(SlotAllocator, ReachesTheBoundOnAChain) {
  llvm::SmallVector<LiveBuffer> buffers;
  for (unsigned i = 0; i < 10; ++i)
    buffers.push_back({0, i, i + 1, 1024});
  SlotAssignment assignment = assignSlots(buffers);
  EXPECT_EQ(assignment.numSlots, 2u);
  EXPECT_EQ(assignment.plannedBytes, 2048);
  EXPECT_EQ(assignment.liveBytes, 2048);
}

} // namespace
