//===- Regions.cpp - Clusters of operators that are placed together -------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Regions.h"
#include "mlir/Transforms/RegionUtils.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include <map>

using namespace mlir;
using namespace tapml;

llvm::SetVector<Value> tapml::getUsedValues(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

using PlaceMap = DenseMap<Operation *, StringAttr>;
using LevelMap = DenseMap<Operation *, unsigned>;

/// Returns the level of every operation of `block`, for places and for code
/// that stays in the graph. Such code waits for the operators whose values it
/// reads.
static LevelMap computeLevels(Block &block, const PlaceMap &places) {
  LevelMap levels;
  for (Operation &op : block) {
    StringAttr place = places.lookup(&op);
    unsigned level = 0;
    for (Value value : getUsedValues(&op)) {
      Operation *producer = value.getDefiningOp();
      auto it = levels.find(producer);
      if (!producer || it == levels.end())
        continue;
      StringAttr from = places.lookup(producer);
      level = std::max(level, it->second + (from && from != place ? 1 : 0));
    }
    levels[&op] = level;
  }
  return levels;
}

/// Moves operators up to the level of the first region of their place that uses
/// them, where no one else does.
static void sinkToUsers(Block &block, const PlaceMap &places,
                        LevelMap &levels) {
  for (Operation &op : llvm::reverse(block)) {
    StringAttr place = places.lookup(&op);
    if (!place || op.use_empty())
      continue;
    unsigned lowest = UINT_MAX;
    for (Operation *user : op.getUsers()) {
      Operation *top = block.findAncestorOpInBlock(*user);
      lowest = places.lookup(top) == place
                   ? std::min(lowest, levels.lookup(top))
                   : 0;
      if (lowest == 0)
        break;
    }
    levels[&op] = std::max(levels[&op], lowest);
  }
}

/// Adds `op` as a region of its own.
static void addSingleRegion(GraphRegions &result, Operation *op,
                            StringAttr place) {
  result.steps.push_back({nullptr, unsigned(result.regions.size())});
  result.regions.push_back({place, {op}});
}

static GraphRegions formSingleRegions(Block &block, const PlaceMap &places) {
  GraphRegions result;
  for (Operation &op : block.without_terminator()) {
    if (StringAttr place = places.lookup(&op))
      addSingleRegion(result, &op, place);
    else if (!isClonedConstant(&op))
      result.steps.push_back({&op, 0});
  }
  return result;
}

static GraphRegions formLargestRegions(Block &block, const PlaceMap &places) {
  LevelMap levels = computeLevels(block, places);
  sinkToUsers(block, places, levels);

  // Within a level the code that stays comes first: regions use its values,
  // and it uses regions of lower levels only.
  std::map<std::pair<unsigned, bool>, SmallVector<Operation *>> byLevel;
  for (Operation &op : block.without_terminator())
    if (!isClonedConstant(&op))
      byLevel[{levels[&op], places.contains(&op)}].push_back(&op);

  GraphRegions result;
  DenseMap<std::pair<unsigned, StringAttr>, unsigned> regionOf;
  SmallVector<Operation *> ops;
  for (const auto &[level, members] : byLevel)
    llvm::append_range(ops, members);
  for (Operation *op : ops) {
    StringAttr place = places.lookup(op);
    if (!place) {
      result.steps.push_back({op, 0});
      continue;
    }
    auto [it, inserted] =
        regionOf.try_emplace({levels[op], place}, result.regions.size());
    if (inserted)
      addSingleRegion(result, op, place);
    else
      result.regions[it->second].ops.push_back(op);
  }
  return result;
}

GraphRegions tapml::formRegions(func::FuncOp graph, const PlaceMap &places,
                                Granularity granularity) {
  Block &block = graph.getBody().front();
  switch (granularity) {
  case Granularity::Operator:
    return formSingleRegions(block, places);
  case Granularity::Largest:
    return formLargestRegions(block, places);
  }
  llvm_unreachable("covered switch");
}
