//===- ThreadPool.h - Fork-join over a range --------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_THREADPOOL_H
#define TAPML_LIB_RUNTIME_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tapml::rt {

/// Runs ranges of independent work items on a fixed set of threads.
class ThreadPool {
public:
  /// A pool in which `threads` threads work, one of them the caller's; 0 takes
  /// one per processor that this process may use.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Calls `body(begin, end)` for disjoint ranges that make up [0, count) and
  /// returns when all calls have. Calls from several threads at once are fine:
  /// one uses the workers, the others work alone.
  void parallelFor(int64_t count,
                   const std::function<void(int64_t, int64_t)> &body);

  unsigned numThreads() const { return unsigned(workers.size()) + 1; }

private:
  struct Job {
    const std::function<void(int64_t, int64_t)> *body = nullptr;
    int64_t count = 0;
    int64_t chunk = 1;
  };
  void workerLoop();
  void work(const Job &job);

  std::vector<std::thread> workers;
  std::mutex callerMutex;
  std::mutex mutex;
  std::condition_variable wakeWorkers, wakeCaller;
  Job current;
  std::atomic<uint64_t> generation{0};
  std::atomic<int64_t> next{0};
  std::atomic<unsigned> active{0};
  bool stopping = false;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_THREADPOOL_H
