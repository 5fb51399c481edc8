//===- Scheduler.h - Threadgroups as fibers ------------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_METALSTANDIN_SCHEDULER_H
#define TAPML_LIB_METALSTANDIN_SCHEDULER_H

#include "stand_in.h"
#include <string>
#include <ucontext.h>
#include <vector>

namespace tapml::metal {

/// The function that a wrapper exports for an entry point.
using EntryPoint = void (*)(void *const *buffers, Thread *self);

/// Runs threadgroups one after the other on the calling thread. The threads of
/// a group are fibers, so that they can wait for each other; those of a shader
/// without barriers and SIMD groups simply run one after the other.
class Scheduler final : public Cooperation {
public:
  /// `cooperates` says whether the shader's threads wait for each other.
  Scheduler(EntryPoint entry, void *const *buffers, const uint32_t groups[3],
            const uint32_t groupSize[3], bool cooperates);
  ~Scheduler() override;

  /// Runs one threadgroup. Returns false, with a message, where threads wait
  /// for others that never come.
  bool run(const uint32_t group[3], std::string &error);

  void wait(Thread *self) override;
  uint32_t exchange(Thread *self, const void *value, size_t size,
                    void *all) override;

private:
  enum class State { Ready, AtBarrier, AtExchange, Done };
  struct Fiber {
    Thread thread;
    State state = State::Ready;
    ucontext_t context;
    void *stack = nullptr;
    /// What is exchanged, while the fiber waits.
    const void *value = nullptr;
    size_t size = 0;
    uint32_t active = 0;
  };

  static void start(unsigned low, unsigned high);
  void fill(Thread &thread, uint32_t number, const uint32_t group[3]) const;
  bool runFibers(std::string &error);
  void leave(Fiber &fiber, State state);
  bool releaseBarrier();
  bool releaseExchanges();
  std::string describeDeadlock() const;

  EntryPoint entry;
  void *const *buffers;
  uint32_t groups[3], groupSize[3], count;
  bool cooperates;
  std::vector<Fiber> fibers;
  /// The values of every SIMD group's last exchange.
  std::vector<std::vector<char>> exchanged;
  ucontext_t scheduler;
};

} // namespace tapml::metal

#endif // TAPML_LIB_METALSTANDIN_SCHEDULER_H
