//===- Passes.h - Passes inside the tapml dialect -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_H
#define TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tapml {

/// What becomes one region of a partitioned graph.
enum class Granularity {
  /// Each operator by itself, for migration.
  Operator,
  /// Largest convex regions, for deployment.
  Largest
};

#define GEN_PASS_DECL
#include "tapml/Dialect/TapML/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tapml/Dialect/TapML/Transforms/Passes.h.inc"

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_H
