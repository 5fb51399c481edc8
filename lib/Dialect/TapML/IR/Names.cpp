//===- Names.cpp - Names that values have for readers ---------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/Names.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace tapml;

Location tapml::getNamedLoc(Location loc, StringRef name,
                            ArrayRef<std::string> dims) {
  Builder b(loc.getContext());
  if (llvm::any_of(dims, [](const std::string &dim) { return !dim.empty(); }))
    loc = FusedLoc::get(loc.getContext(), {loc},
                        b.getStrArrayAttr(llvm::to_vector_of<StringRef>(dims)));
  return name.empty() ? loc : NameLoc::get(b.getStringAttr(name), loc);
}

StringRef tapml::getName(Location loc) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return named.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = getName(part); !name.empty())
        return name;
  return {};
}

StringRef tapml::getDimName(Location loc, int64_t dim) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return getDimName(named.getChildLoc(), dim);
  auto fused = dyn_cast<FusedLoc>(loc);
  if (!fused)
    return {};
  auto names = dyn_cast_or_null<ArrayAttr>(fused.getMetadata());
  if (!names || dim < 0 || dim >= static_cast<int64_t>(names.size()))
    return {};
  auto name = dyn_cast<StringAttr>(names[dim]);
  return name ? name.getValue() : StringRef();
}

void tapml::setName(Value value, StringRef name) {
  if (!getName(value.getLoc()).empty() || matchPattern(value, m_Constant()))
    return;
  value.setLoc(getNamedLoc(value.getLoc(), name));
}

SmallVector<std::string> tapml::getShortNames(ArrayRef<StringRef> paths) {
  SmallVector<SmallVector<StringRef>> parts;
  for (StringRef path : paths) {
    SmallVector<StringRef> all;
    path.split(all, '.', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
    llvm::erase_if(
        all, [](StringRef part) { return llvm::all_of(part, llvm::isDigit); });
    parts.push_back(all);
  }
  SmallVector<size_t> counts(paths.size(), 1);
  auto get = [&](size_t i) {
    ArrayRef<StringRef> all = parts[i];
    return llvm::join(all.take_back(std::min(counts[i], all.size())), "_");
  };
  for (bool changed = true; changed;) {
    changed = false;
    llvm::StringMap<unsigned> uses;
    for (size_t i = 0; i < paths.size(); ++i)
      ++uses[get(i)];
    for (size_t i = 0; i < paths.size(); ++i)
      if (uses[get(i)] > 1 && counts[i] < parts[i].size()) {
        ++counts[i];
        changed = true;
      }
  }
  SmallVector<std::string> names;
  for (size_t i = 0; i < paths.size(); ++i)
    names.push_back(get(i));
  return names;
}
