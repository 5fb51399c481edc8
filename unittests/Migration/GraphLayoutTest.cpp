//===- GraphLayoutTest.cpp - Where to draw operators ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <map>

using namespace llvm;
using namespace tapml;

using Operands = std::vector<std::vector<unsigned>>;

/// Fails unless data flows down, every line has a point in each layer that it
/// passes, and no node lies on another.
static void checkLayout(const Operands &operands, const GraphLayout &layout) {
  ASSERT_EQ(layout.layers.size(), operands.size());
  ASSERT_EQ(layout.positions.size(), operands.size());
  std::map<unsigned, std::vector<double>> layers;
  for (auto [layer, position] : zip(layout.layers, layout.positions)) {
    EXPECT_LT(layer, layout.numLayers);
    layers[layer].push_back(position);
  }
  EXPECT_EQ(layers.size(), layout.numLayers);
  for (auto &[layer, positions] : layers) {
    EXPECT_LE(positions.size(), GraphLayout::kWidestLayer);
    sort(positions);
    for (size_t i = 1; i < positions.size(); ++i)
      EXPECT_GE(positions[i] - positions[i - 1], 1 - 1e-6);
  }
  for (const GraphLayout::Edge &edge : layout.edges) {
    unsigned from = layout.layers[edge.from], to = layout.layers[edge.to];
    EXPECT_TRUE(is_contained(operands[edge.to], edge.from));
    ASSERT_LT(from, to);
    bool isFar = to - from > GraphLayout::kLongestRoute;
    EXPECT_EQ(edge.bends.size(), isFar ? 0 : to - from - 1);
  }
}

/// Encoder layers with three branches and two residual connections each, and a
/// mask that all of them use.
static Operands makeEncoder(unsigned layers) {
  Operands operands = {{}, {}};
  unsigned last = 0, mask = 1;
  auto add = [&](std::vector<unsigned> of) {
    operands.push_back(std::move(of));
    return unsigned(operands.size() - 1);
  };
  for (unsigned i = 0; i < layers; ++i) {
    unsigned q = add({last}), k = add({last}), v = add({last});
    unsigned dense = add({add({q, k, v, mask})});
    unsigned sum = add({dense, last});
    last = add({add({add({sum})}), sum});
  }
  return operands;
}

TEST(GraphLayout, Empty) {
  GraphLayout layout = layOutGraph({});
  EXPECT_EQ(layout.numLayers, 0u);
  EXPECT_TRUE(layout.edges.empty());
}

TEST(GraphLayout, ChainIsStraight) {
  Operands operands = {{}, {0}, {1}, {2}};
  GraphLayout layout = layOutGraph(operands);
  checkLayout(operands, layout);
  EXPECT_EQ(layout.numLayers, 4u);
  for (double position : layout.positions)
    EXPECT_DOUBLE_EQ(position, layout.positions.front());
}

TEST(GraphLayout, DiamondIsSymmetric) {
  Operands operands = {{}, {0}, {0}, {1, 2}};
  GraphLayout layout = layOutGraph(operands);
  checkLayout(operands, layout);
  EXPECT_NEAR(layout.positions[1] + layout.positions[2],
              2 * layout.positions[0], 1e-6);
  EXPECT_NEAR(layout.positions[0], layout.positions[3], 1e-6);
}

TEST(GraphLayout, CrossedBranchesAreUncrossed) {
  // 2 and 3 are used the other way round by 4 and 5.
  Operands operands = {{}, {}, {0}, {1}, {3}, {2}};
  GraphLayout layout = layOutGraph(operands);
  checkLayout(operands, layout);
  EXPECT_EQ(layout.positions[2] < layout.positions[3],
            layout.positions[5] < layout.positions[4]);
}

TEST(GraphLayout, InputsStandAtTheirUser) {
  // 4 is used only at the end of the chain.
  Operands operands = {{}, {0}, {1}, {2}, {}, {3, 4}};
  GraphLayout layout = layOutGraph(operands);
  checkLayout(operands, layout);
  EXPECT_EQ(layout.layers[4], layout.layers[3]);
}

TEST(GraphLayout, WideGraphsAreBroken) {
  Operands operands(100);
  for (unsigned i = 1; i < 100; ++i)
    operands[i] = {0};
  checkLayout(operands, layOutGraph(operands));
  // Without any edge too.
  Operands loose(50);
  checkLayout(loose, layOutGraph(loose));
}

TEST(GraphLayout, OperandsThatAreNotEarlierAreLeftOut) {
  Operands operands = {{0, 1, 7}, {0, 0}};
  GraphLayout layout = layOutGraph(operands);
  ASSERT_EQ(layout.edges.size(), 1u);
  EXPECT_EQ(layout.edges[0].from, 0u);
  EXPECT_EQ(layout.edges[0].to, 1u);
}

TEST(GraphLayout, EncoderStaysNarrowAndHasFarLines) {
  Operands operands = makeEncoder(220);
  ASSERT_GE(operands.size(), 1900u);
  GraphLayout layout = layOutGraph(operands);
  checkLayout(operands, layout);
  auto [low, high] =
      std::minmax_element(layout.positions.begin(), layout.positions.end());
  EXPECT_LT(*high - *low, 12);
  size_t far = count_if(layout.edges, [&](const GraphLayout::Edge &edge) {
    return layout.layers[edge.to] - layout.layers[edge.from] >
           GraphLayout::kLongestRoute;
  });
  // The mask, from all encoder layers but the first ones.
  EXPECT_GT(far, 200u);
  // Two runs give the same drawing.
  EXPECT_EQ(layOutGraph(operands).positions, layout.positions);
}
