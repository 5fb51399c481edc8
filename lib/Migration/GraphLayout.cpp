//===- GraphLayout.cpp - Where to draw operators --------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The method of Sugiyama, Tagawa and Toda (1981): layers by longest paths,
// order within layers by barycentres, then coordinates. Lines over several
// layers get a point in each, which is laid out like a node.
//
//===----------------------------------------------------------------------===//

#include "GraphLayout.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace llvm;
using namespace tapml;

namespace {

/// A node, or the point where a line passes a layer.
struct Vertex {
  unsigned layer = 0;
  bool isNode = true;
  std::vector<unsigned> above, below;
  double position = 0;

  /// How much of a layer it takes.
  double getWidth() const { return isNode ? 1.0 : 0.25; }
};

class Layouter {
public:
  explicit Layouter(ArrayRef<std::vector<unsigned>> operands)
      : operands(operands), vertices(operands.size()) {}
  GraphLayout run();

private:
  void assignLayers();
  void addEdges();
  void orderLayers();
  void placeVertices();

  /// Sorts a layer by where the neighbours on one side stand in theirs.
  void sortLayer(std::vector<unsigned> &layer, bool byAbove);
  /// Moves a layer's vertices to where their neighbours above, below or on both
  /// sides are, as near as order and widths allow.
  void pullLayer(ArrayRef<unsigned> layer, bool byAbove, bool byBelow);
  size_t countCrossings() const;

  ArrayRef<std::vector<unsigned>> operands;
  std::vector<Vertex> vertices;
  /// The vertices of each layer, in order; and the place of each in its layer.
  std::vector<std::vector<unsigned>> layers;
  std::vector<unsigned> ranks;
  GraphLayout layout;
  /// The points of each edge of the layout.
  std::vector<std::vector<unsigned>> routes;
};

} // namespace

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

void Layouter::assignLayers() {
  size_t count = operands.size();
  std::vector<unsigned> layer(count), size;
  std::vector<std::vector<unsigned>> users(count);
  std::vector<unsigned> fanIn(count);
  auto getSize = [&](unsigned number) -> unsigned & {
    if (number >= size.size())
      size.resize(number + 1);
    return size[number];
  };
  for (size_t node = 0; node < count; ++node) {
    for (unsigned operand : operands[node])
      if (operand < node) {
        layer[node] = std::max(layer[node], layer[operand] + 1);
        users[operand].push_back(node);
        ++fanIn[node];
      }
    while (getSize(layer[node]) >= GraphLayout::kWidestLayer)
      ++layer[node];
    ++getSize(layer[node]);
  }
  // What has more users than operands is drawn near its first user.
  for (size_t node = count; node-- > 0;) {
    if (users[node].size() <= fanIn[node])
      continue;
    unsigned first = layer[users[node].front()];
    for (unsigned user : users[node])
      first = std::min(first, layer[user]);
    unsigned wanted = first - 1;
    while (wanted > layer[node] && getSize(wanted) >= GraphLayout::kWidestLayer)
      --wanted;
    --getSize(layer[node]);
    layer[node] = wanted;
    ++getSize(wanted);
  }
  // Moving nodes down may have emptied layers.
  std::vector<unsigned> number(size.size());
  unsigned used = 0;
  for (size_t i = 0; i < size.size(); ++i) {
    number[i] = used;
    used += size[i] != 0;
  }
  layout.numLayers = used;
  for (size_t node = 0; node < count; ++node)
    vertices[node].layer = number[layer[node]];
}

void Layouter::addEdges() {
  for (unsigned node = 0; node < operands.size(); ++node) {
    std::vector<unsigned> seen;
    for (unsigned operand : operands[node]) {
      if (operand >= node || is_contained(seen, operand))
        continue;
      seen.push_back(operand);
      unsigned top = vertices[operand].layer, bottom = vertices[node].layer;
      std::vector<unsigned> route;
      if (bottom - top <= GraphLayout::kLongestRoute) {
        unsigned last = operand;
        for (unsigned layer = top + 1; layer <= bottom; ++layer) {
          unsigned next = node;
          if (layer < bottom) {
            next = vertices.size();
            vertices.emplace_back();
            vertices[next].layer = layer;
            vertices[next].isNode = false;
            route.push_back(next);
          }
          vertices[last].below.push_back(next);
          vertices[next].above.push_back(last);
          last = next;
        }
      }
      layout.edges.push_back({operand, node, {}});
      routes.push_back(std::move(route));
    }
  }
  layers.resize(layout.numLayers);
  for (unsigned i = 0; i < vertices.size(); ++i)
    layers[vertices[i].layer].push_back(i);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

void Layouter::sortLayer(std::vector<unsigned> &layer, bool byAbove) {
  std::vector<std::pair<double, unsigned>> keys;
  for (unsigned vertex : layer) {
    ArrayRef<unsigned> neighbours =
        byAbove ? vertices[vertex].above : vertices[vertex].below;
    double sum = 0;
    for (unsigned neighbour : neighbours)
      sum += ranks[neighbour];
    keys.emplace_back(
        neighbours.empty() ? ranks[vertex] : sum / neighbours.size(), vertex);
  }
  llvm::stable_sort(keys, [](auto &a, auto &b) { return a.first < b.first; });
  for (auto [i, key] : enumerate(keys)) {
    layer[i] = key.second;
    ranks[key.second] = i;
  }
}

size_t Layouter::countCrossings() const {
  size_t crossings = 0;
  for (size_t number = 0; number + 1 < layers.size(); ++number) {
    // Lines by their upper end; two cross where the lower ends are the other
    // way round. A Fenwick tree counts those.
    std::vector<unsigned> tree(layers[number + 1].size() + 1);
    size_t added = 0;
    for (unsigned vertex : layers[number]) {
      for (unsigned below : vertices[vertex].below) {
        size_t notGreater = 0;
        for (size_t i = ranks[below] + 1; i; i &= i - 1)
          notGreater += tree[i];
        crossings += added - notGreater;
      }
      for (unsigned below : vertices[vertex].below) {
        for (size_t i = ranks[below] + 1; i < tree.size(); i += i & -i)
          ++tree[i];
        ++added;
      }
    }
  }
  return crossings;
}

void Layouter::orderLayers() {
  ranks.resize(vertices.size());
  for (auto &layer : layers)
    for (auto [rank, vertex] : enumerate(layer))
      ranks[vertex] = rank;
  constexpr unsigned kSweeps = 8;
  std::vector<std::vector<unsigned>> best = layers;
  size_t fewest = countCrossings();
  for (unsigned sweep = 0; sweep < kSweeps && fewest; ++sweep) {
    bool down = sweep % 2 == 0;
    for (size_t i = 1; i < layers.size(); ++i)
      sortLayer(layers[down ? i : layers.size() - 1 - i], down);
    size_t crossings = countCrossings();
    if (crossings < fewest) {
      fewest = crossings;
      best = layers;
    }
  }
  layers = std::move(best);
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

void Layouter::pullLayer(ArrayRef<unsigned> layer, bool byAbove, bool byBelow) {
  // Small steps to one side would add up over many layers.
  constexpr double kTowardsMiddle = 0.92;
  // Isotonic regression: runs of vertices that would overlap move as one, to
  // the mean of what they want.
  struct Run {
    double sum, weight;
    size_t count;
    double getMean() const { return sum / weight; }
  };
  std::vector<Run> runs;
  std::vector<double> offsets;
  double offset = 0;
  for (auto [i, number] : enumerate(layer)) {
    const Vertex &vertex = vertices[number];
    if (i)
      offset += (vertices[layer[i - 1]].getWidth() + vertex.getWidth()) / 2;
    offsets.push_back(offset);
    double sum = 0;
    size_t count = 0;
    auto add = [&](ArrayRef<unsigned> neighbours) {
      for (unsigned neighbour : neighbours)
        sum += vertices[neighbour].position;
      count += neighbours.size();
    };
    if (byAbove)
      add(vertex.above);
    if (byBelow)
      add(vertex.below);
    double wanted = count ? sum / count * kTowardsMiddle : vertex.position;
    // Lines that bend are harder to follow than nodes that are out of line.
    double weight = vertex.isNode ? 1 : 4;
    runs.push_back({(wanted - offset) * weight, weight, 1});
    while (runs.size() > 1 &&
           runs[runs.size() - 2].getMean() > runs.back().getMean()) {
      Run last = runs.back();
      runs.pop_back();
      runs.back().sum += last.sum;
      runs.back().weight += last.weight;
      runs.back().count += last.count;
    }
  }
  size_t next = 0;
  for (const Run &run : runs)
    for (size_t i = 0; i < run.count; ++i, ++next)
      vertices[layer[next]].position = run.getMean() + offsets[next];
}

void Layouter::placeVertices() {
  for (const auto &layer : layers) {
    double end = 0;
    for (unsigned vertex : layer) {
      vertices[vertex].position = end + vertices[vertex].getWidth() / 2;
      end += vertices[vertex].getWidth();
    }
    for (unsigned vertex : layer)
      vertices[vertex].position -= end / 2;
  }
  // From one side each, which moves whole branches; then from both, which
  // straightens lines.
  constexpr unsigned kSweeps = 6, kLastSweeps = 6;
  for (unsigned sweep = 0; sweep < kSweeps + kLastSweeps; ++sweep) {
    bool down = sweep % 2 == 0, both = sweep >= kSweeps;
    for (size_t i = 1; i < layers.size(); ++i)
      pullLayer(layers[down ? i : layers.size() - 1 - i], down || both,
                !down || both);
  }
}

GraphLayout Layouter::run() {
  assignLayers();
  addEdges();
  orderLayers();
  placeVertices();
  for (size_t node = 0; node < operands.size(); ++node) {
    layout.layers.push_back(vertices[node].layer);
    layout.positions.push_back(vertices[node].position);
  }
  for (auto [edge, route] : zip(layout.edges, routes))
    for (unsigned point : route)
      edge.bends.push_back(vertices[point].position);
  return std::move(layout);
}

GraphLayout tapml::layOutGraph(ArrayRef<std::vector<unsigned>> operands) {
  return Layouter(operands).run();
}
