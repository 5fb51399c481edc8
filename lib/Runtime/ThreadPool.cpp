//===- ThreadPool.cpp - Fork-join over a range ----------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <algorithm>
#include <sched.h>

using namespace tapml::rt;

/// How often a thread looks for news before it sleeps. Launches follow each
/// other closely, and waking a thread costs more than a small kernel.
static constexpr unsigned spinCount = 2000;

/// Ranges per thread: enough to even out, few enough to cost nothing.
static constexpr int64_t chunksPerThread = 4;

static unsigned countProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    return unsigned(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

static void pauseBriefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

ThreadPool::ThreadPool(unsigned threads) {
  if (threads == 0)
    threads = countProcessors();
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back([this] { workerLoop(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
    generation.fetch_add(1);
  }
  wakeWorkers.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::work(const Job &job) {
  for (;;) {
    int64_t begin = next.fetch_add(job.chunk);
    if (begin >= job.count)
      return;
    (*job.body)(begin, std::min(begin + job.chunk, job.count));
  }
}

void ThreadPool::workerLoop() {
  uint64_t seen = 0;
  for (;;) {
    for (unsigned i = 0; i < spinCount && generation.load() == seen; ++i)
      pauseBriefly();
    Job job;
    {
      std::unique_lock<std::mutex> lock(mutex);
      wakeWorkers.wait(lock, [&] { return generation.load() != seen; });
      if (stopping)
        return;
      seen = generation.load();
      job = current;
    }
    work(job);
    if (active.fetch_sub(1) == 1) {
      // The lock keeps the caller from missing the news between its check and
      // its sleep.
      std::lock_guard<std::mutex> lock(mutex);
      wakeCaller.notify_one();
    }
  }
}

void ThreadPool::parallelFor(
    int64_t count, const std::function<void(int64_t, int64_t)> &body) {
  if (count <= 0)
    return;
  std::unique_lock<std::mutex> caller(callerMutex, std::defer_lock);
  if (count == 1 || workers.empty() || !caller.try_lock()) {
    body(0, count);
    return;
  }
  Job job;
  job.body = &body;
  job.count = count;
  job.chunk = std::max<int64_t>(1, count / (numThreads() * chunksPerThread));
  {
    std::lock_guard<std::mutex> lock(mutex);
    current = job;
    next.store(0);
    active.store(unsigned(workers.size()));
    generation.fetch_add(1);
  }
  wakeWorkers.notify_all();
  work(job);
  for (unsigned i = 0; i < spinCount && active.load(); ++i)
    pauseBriefly();
  std::unique_lock<std::mutex> lock(mutex);
  wakeCaller.wait(lock, [&] { return active.load() == 0; });
}
