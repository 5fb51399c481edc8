//===- GraphLayout.h - Where to draw operators ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layered drawing of a graph: data flows from a layer to later ones, lines
// cross as little as a few sweeps can make them, and what belongs together
// stands below each other. The time is O((n + e) log n) for n operators with e
// operands.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_GRAPHLAYOUT_H
#define TAPML_LIB_MIGRATION_GRAPHLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace tapml {

struct GraphLayout {
  struct Edge {
    unsigned from, to;
    /// Where the line passes each layer between its ends. Empty for a line
    /// between neighbours, and for one over more than `kLongestRoute` layers,
    /// which has no place of its own.
    std::vector<double> bends;
  };

  /// Layers that a line may pass and still have its place among the nodes.
  static constexpr unsigned kLongestRoute = 24;
  /// Nodes of one layer; more go to the next ones.
  static constexpr unsigned kWidestLayer = 12;

  unsigned numLayers = 0;
  /// Of each node: its layer, and its centre in widths of a node.
  std::vector<unsigned> layers;
  std::vector<double> positions;
  std::vector<Edge> edges;
};

/// Lays out the graph in which node i uses the nodes `operands[i]`. An operand
/// that does not come before its user is left out.
GraphLayout layOutGraph(llvm::ArrayRef<std::vector<unsigned>> operands);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_GRAPHLAYOUT_H
