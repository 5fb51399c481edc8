//===- SelectRowReduction.cpp - Lowerings of softmax and norms ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"

using namespace mlir;
using namespace tapml;

/// One invocation computes short rows whole. A subgroup shares a long row where
/// the profile has subgroup operations: their size is the profile's.
LoweringAttr tapml::selectRowReduction(const KernelInfo &info,
                                       ProfileAttr profile) {
  const RowReductionNumbers &numbers = getLoweringNumbers(profile).rowReduction;
  MLIRContext *context = profile.getContext();
  int64_t vector = getVectorSize(info, profile);
  auto makeConfig = [&](int64_t subgroup, ArrayRef<int64_t> atLeast) {
    int64_t workgroup = std::max(numbers.workgroup, subgroup);
    return ConfigAttr::get(context, Strategy::RowReduction,
                           {numbers.rowsPerInvocation, vector},
                           {workgroup, 1, 1}, vector, subgroup, atLeast);
  };
  int64_t subgroup = profile.getLimit("subgroup_size");
  bool sharesRows = !profile.isHost() && subgroup > 1 &&
                    profile.hasFeature("subgroup_shuffle");
  int64_t length = info.sizes[1];
  SmallVector<ConfigAttr> configs;
  if (sharesRows && ShapedType::isDynamic(length))
    configs.push_back(makeConfig(subgroup, {0, numbers.shortRow + 1}));
  if (sharesRows && length > numbers.shortRow)
    configs.push_back(makeConfig(subgroup, {}));
  else
    configs.push_back(makeConfig(1, {}));
  return LoweringAttr::get(context, configs);
}
