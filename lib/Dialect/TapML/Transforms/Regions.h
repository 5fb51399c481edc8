//===- Regions.h - Clusters of operators that are placed together -*- C++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DIALECT_TAPML_TRANSFORMS_REGIONS_H
#define TAPML_LIB_DIALECT_TAPML_TRANSFORMS_REGIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tapml/Dialect/TapML/Transforms/Passes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace tapml {

/// Operators that one dispatch computes.
struct PlacedRegion {
  mlir::StringAttr place;
  /// In the order of the graph.
  llvm::SmallVector<mlir::Operation *> ops;
};

/// One step of a partitioned graph: a region, or an operation that stays in
/// the graph (size arithmetic, weights).
struct GraphStep {
  mlir::Operation *op = nullptr;
  /// The number of the region, where `op` is null.
  unsigned region = 0;
};

/// The regions of a graph, and an order in which everything can run.
struct GraphRegions {
  llvm::SmallVector<PlacedRegion> regions;
  llvm::SmallVector<GraphStep> steps;
};

/// Returns the values that `op` uses: its operands, and what its regions use
/// from outside.
llvm::SetVector<mlir::Value> getUsedValues(mlir::Operation *op);

/// Clusters the operators of `graph`, which run at `places`. With the
/// granularity `Operator` each is a region. With `Largest` operators of one
/// place are merged by level, where
///
///   level(op) = max over producers p of level(p) + (place differs ? 1 : 0)
///
/// so that along every path of the graph the level does not fall, and rises
/// where the place changes. A path that leaves a region therefore never comes
/// back to it (regions are convex), and regions depend only on regions of lower
/// levels. Operators whose results are only used by operators of the same
/// place at higher levels are moved up to the lowest of these, which keeps
/// the property and saves a region.
GraphRegions
formRegions(mlir::func::FuncOp graph,
            const llvm::DenseMap<mlir::Operation *, mlir::StringAttr> &places,
            Granularity granularity);

} // namespace tapml

#endif // TAPML_LIB_DIALECT_TAPML_TRANSFORMS_REGIONS_H
