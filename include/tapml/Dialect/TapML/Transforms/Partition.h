//===- Partition.h - Cuts a module into placed executables ------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PARTITION_H
#define TAPML_DIALECT_TAPML_TRANSFORMS_PARTITION_H

#include "tapml/Dialect/TapML/Transforms/Passes.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include <string>
#include <utility>
#include <vector>

namespace tapml {

/// What a partition did, in numbers.
struct PartitionSummary {
  unsigned operators = 0;
  /// Operators by place, in the order of the targets.
  std::vector<std::pair<std::string, unsigned>> operatorsByPlace;
  /// Operators on the host because the place they were wanted on cannot run
  /// them.
  unsigned unsupported = 0;
  unsigned regions = 0;
  unsigned executables = 0;
  /// Transfers in every run, and their bytes as a polynomial in the sizes of
  /// the inputs.
  unsigned transfers = 0;
  std::string bytes;
  /// Transfers of weights, once per load.
  unsigned weightTransfers = 0;
  std::string weightBytes;

  /// Writes the summary as one line, without a line break.
  void print(llvm::raw_ostream &os) const;
};

/// Replaces the operators of `module` by dispatches, as `plan` places them,
/// which must have been made for this module. Returns what was done; fails with
/// a diagnostic where an operator cannot be cut out of its graph.
mlir::FailureOr<PartitionSummary> partitionModule(mlir::ModuleOp module,
                                                  const EffectivePlan &plan,
                                                  Granularity granularity);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PARTITION_H
