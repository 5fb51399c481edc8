//===- Clusters.h - What wrong elements have in common ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_CLUSTERS_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_CLUSTERS_H

#include "mlir/Support/LLVM.h"
#include <string>
#include <vector>

namespace tapml::detail {

/// Returns what the elements `failed` (in order, not none) of a tensor of
/// `shape` have in common, as clauses: where they are, how large they should
/// be, and what they are instead. `expected` holds all elements, `got` the
/// failed ones.
std::vector<std::string> findClusters(llvm::ArrayRef<int64_t> shape,
                                      llvm::ArrayRef<int64_t> failed,
                                      llvm::ArrayRef<double> expected,
                                      llvm::ArrayRef<double> got);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_CLUSTERS_H
