//===- HostObjectCache.h - Objects of kernels compiled before ---*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_HOST_HOSTOBJECTCACHE_H
#define TAPML_TARGET_HOST_HOSTOBJECTCACHE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <mutex>
#include <optional>

namespace tapml {

/// The machine code of host kernels, in the memory of one process, by all that
/// it is made of: the kernel's text, its name and the processor. Several
/// compilations may use it at the same time, in contexts of their own.
class HostObjectCache {
public:
  /// Returns the object for `key`, which lives as long as the cache.
  std::optional<llvm::ArrayRef<char>> lookup(llvm::StringRef key) const {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = objects.find(key);
    if (it == objects.end())
      return std::nullopt;
    return llvm::ArrayRef<char>(*it->second);
  }

  /// Keeps the object for `key`. The first stays.
  void insert(llvm::StringRef key, llvm::ArrayRef<char> object) {
    std::lock_guard<std::mutex> lock(mutex);
    auto [it, inserted] = objects.try_emplace(key);
    if (inserted)
      it->second = std::make_unique<Object>(object.begin(), object.end());
  }

private:
  using Object = llvm::SmallVector<char, 0>;

  mutable std::mutex mutex;
  llvm::StringMap<std::unique_ptr<Object>> objects;
};

} // namespace tapml

#endif // TAPML_TARGET_HOST_HOSTOBJECTCACHE_H
