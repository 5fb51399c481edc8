//===- Scheduler.cpp - Threadgroups as fibers -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace tapml::metal;

/// Stacks are large because a shader's private arrays are on them; memory that
/// is not touched costs nothing.
static constexpr size_t kStackBytes = 256 << 10;

Scheduler::Scheduler(EntryPoint entry, void *const *buffers,
                     const uint32_t groups[3], const uint32_t groupSize[3],
                     bool cooperates)
    : entry(entry), buffers(buffers), count(1), cooperates(cooperates) {
  for (int i = 0; i < 3; ++i) {
    this->groups[i] = groups[i];
    this->groupSize[i] = groupSize[i];
    count *= groupSize[i];
  }
  fibers.resize(cooperates ? count : 1);
  exchanged.resize((count + kSimdWidth - 1) / kSimdWidth);
}

Scheduler::~Scheduler() {
  for (Fiber &fiber : fibers)
    if (fiber.stack)
      munmap(fiber.stack, kStackBytes);
}

void Scheduler::fill(Thread &thread, uint32_t number,
                     const uint32_t group[3]) const {
  for (int i = 0; i < 3; ++i) {
    thread.group[i] = group[i];
    thread.groups[i] = groups[i];
    thread.groupSize[i] = groupSize[i];
  }
  thread.local[0] = number % groupSize[0];
  thread.local[1] = number / groupSize[0] % groupSize[1];
  thread.local[2] = number / groupSize[0] / groupSize[1];
  thread.lane = number % kSimdWidth;
  thread.simdGroup = number / kSimdWidth;
  thread.simdGroups = (count + kSimdWidth - 1) / kSimdWidth;
  thread.cooperation = const_cast<Scheduler *>(this);
}

bool Scheduler::run(const uint32_t group[3], std::string &error) {
  if (cooperates) {
    for (uint32_t i = 0; i < count; ++i)
      fill(fibers[i].thread, i, group);
    return runFibers(error);
  }
  for (uint32_t i = 0; i < count; ++i) {
    fill(fibers[0].thread, i, group);
    entry(buffers, &fibers[0].thread);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Fibers
//===----------------------------------------------------------------------===//

namespace {
/// What a new fiber runs: its scheduler, and its number.
thread_local Scheduler *startingScheduler = nullptr;
} // namespace

/// Runs the fiber whose number is `low`. makecontext passes ints only.
void Scheduler::start(unsigned low, unsigned) {
  Scheduler *self = startingScheduler;
  Fiber &fiber = self->fibers[low];
  self->entry(self->buffers, &fiber.thread);
  fiber.state = State::Done;
  // Falls back to the scheduler, the context's successor.
}

bool Scheduler::runFibers(std::string &error) {
  for (uint32_t i = 0; i < count; ++i) {
    Fiber &fiber = fibers[i];
    if (!fiber.stack) {
      fiber.stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (fiber.stack == MAP_FAILED) {
        fiber.stack = nullptr;
        error = "out of memory for the threads of a threadgroup";
        return false;
      }
    }
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = &scheduler;
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&Scheduler::start),
                2, i, 0);
    fiber.state = State::Ready;
  }
  startingScheduler = this;
  for (;;) {
    bool progressed = false;
    bool isDone = true;
    for (Fiber &fiber : fibers) {
      if (fiber.state == State::Ready) {
        swapcontext(&scheduler, &fiber.context);
        progressed = true;
      }
      isDone &= fiber.state == State::Done;
    }
    if (isDone)
      return true;
    progressed |= releaseExchanges();
    progressed |= releaseBarrier();
    if (!progressed) {
      error = describeDeadlock();
      return false;
    }
  }
}

void Scheduler::leave(Fiber &fiber, State state) {
  fiber.state = state;
  swapcontext(&fiber.context, &scheduler);
}

void Scheduler::wait(Thread *self) {
  // Threads are the first members of their fibers.
  leave(*reinterpret_cast<Fiber *>(self), State::AtBarrier);
}

bool Scheduler::releaseBarrier() {
  for (const Fiber &fiber : fibers)
    if (fiber.state != State::AtBarrier)
      return false;
  for (Fiber &fiber : fibers)
    fiber.state = State::Ready;
  return true;
}

uint32_t Scheduler::exchange(Thread *self, const void *value, size_t size,
                             void *all) {
  Fiber &fiber = *reinterpret_cast<Fiber *>(self);
  fiber.value = value;
  fiber.size = size;
  leave(fiber, State::AtExchange);
  // The next values come when all lanes have taken these.
  std::memcpy(all, exchanged[self->simdGroup].data(), kSimdWidth * size);
  return fiber.active;
}

bool Scheduler::releaseExchanges() {
  bool released = false;
  for (uint32_t first = 0; first < count; first += kSimdWidth) {
    uint32_t end = std::min(first + kSimdWidth, count);
    uint32_t active = 0;
    bool isComplete = true;
    size_t size = 0;
    for (uint32_t i = first; i < end; ++i) {
      const Fiber &fiber = fibers[i];
      if (fiber.state == State::Done)
        continue; // A lane that has returned takes no part.
      isComplete &=
          fiber.state == State::AtExchange && (!active || fiber.size == size);
      size = fiber.size;
      active |= 1u << (i - first);
    }
    if (!active || !isComplete)
      continue;
    // While all wait, their values are where they say.
    std::vector<char> &values = exchanged[first / kSimdWidth];
    values.assign(kSimdWidth * size, 0);
    for (uint32_t i = first; i < end; ++i) {
      if (fibers[i].state == State::Done)
        continue;
      std::memcpy(&values[(i - first) * size], fibers[i].value, size);
      fibers[i].state = State::Ready;
      fibers[i].active = active;
    }
    released = true;
  }
  return released;
}

std::string Scheduler::describeDeadlock() const {
  uint32_t barrier = 0, exchange = 0, done = 0;
  for (const Fiber &fiber : fibers) {
    barrier += fiber.state == State::AtBarrier;
    exchange += fiber.state == State::AtExchange;
    done += fiber.state == State::Done;
  }
  const Thread &thread = fibers[0].thread;
  return "threadgroup (" + std::to_string(thread.group[0]) + ", " +
         std::to_string(thread.group[1]) + ", " +
         std::to_string(thread.group[2]) + "): of " + std::to_string(count) +
         " threads, " + std::to_string(barrier) + " wait at a barrier and " +
         std::to_string(exchange) + " in a SIMD group function, " +
         std::to_string(done) +
         " have ended; barriers and SIMD group functions must be reached by "
         "all threads";
}
