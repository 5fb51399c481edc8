//===- ScopedMap.h - A map that follows regions -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_SCOPEDMAP_H
#define TAPML_LIB_CODEGEN_EMISSION_SCOPEDMAP_H

#include <map>
#include <vector>

namespace tapml::emission {

/// Remembers values for as long as the region that holds their code is open:
/// what was inserted after `push` is forgotten by `pop`.
template <typename Key, typename Value> class ScopedMap {
public:
  ScopedMap() { push(); }
  void push() { scopes.emplace_back(); }
  void pop() { scopes.pop_back(); }

  const Value *lookup(const Key &key) const {
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
      if (auto it = scope->find(key); it != scope->end())
        return &it->second;
    return nullptr;
  }
  void insert(const Key &key, Value value) {
    scopes.back().insert_or_assign(key, std::move(value));
  }

private:
  std::vector<std::map<Key, Value>> scopes;
};

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_SCOPEDMAP_H
