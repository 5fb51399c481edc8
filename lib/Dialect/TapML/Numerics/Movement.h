//===- Movement.h - Elements that are moved, not computed -------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_NUMERICS_MOVEMENT_H
#define TAPML_LIB_DIALECT_TAPML_NUMERICS_MOVEMENT_H

#include "EvaluationUtils.h"

namespace tapml::detail {

/// Returns a tensor of `shape` made of runs of `length` adjacent elements of
/// `x`, with their bounds, that begin at `starts`.
Estimate takeRuns(const Estimate &x, llvm::ArrayRef<int64_t> shape,
                  llvm::ArrayRef<int64_t> starts, int64_t length);

/// Returns a tensor of `shape` whose element at (i, j, ...) is that of `x` at
/// offset + i strides[0] + j strides[1] + ...
Estimate takeStrided(const Estimate &x, llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<int64_t> strides, int64_t offset = 0);

/// Returns the tensor of `shape` that `parts` make, joined along `dim`.
Estimate joinRuns(llvm::ArrayRef<const Estimate *> parts,
                  llvm::ArrayRef<int64_t> shape, int64_t dim);

} // namespace tapml::detail

#endif // TAPML_LIB_DIALECT_TAPML_NUMERICS_MOVEMENT_H
