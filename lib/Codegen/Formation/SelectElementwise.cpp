//===- SelectElementwise.cpp - Lowerings of elementwise kernels -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"

using namespace mlir;
using namespace tapml;

/// One invocation computes a vector of adjacent elements on a GPU, and a piece
/// of a row, vector by vector, on the host.
LoweringAttr tapml::selectElementwise(const KernelInfo &info,
                                      ProfileAttr profile) {
  const ElementwiseNumbers &numbers = getLoweringNumbers(profile).elementwise;
  int64_t vector = getVectorSize(info, profile);
  int64_t columns = profile.isHost() ? numbers.columns : vector;
  return LoweringAttr::get(profile.getContext(),
                           ConfigAttr::get(profile.getContext(),
                                           Strategy::Elementwise, {1, columns},
                                           {numbers.workgroup, 1, 1}, vector,
                                           /*subgroup=*/1, /*at_least=*/{}));
}
