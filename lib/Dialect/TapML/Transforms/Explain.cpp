//===- Explain.cpp - Where each operator runs, and why --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace mlir;
using namespace tapml;

/// Returns why `decision` was made, as one sentence of the report.
static std::string getWhy(const Plan &plan, const PlanPin &decision) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (decision.rule) {
    const PlanRule &rule = plan.rules[*decision.rule];
    std::string match = rule.describeMatch();
    os << "rule " << *decision.rule + 1 << " ("
       << (match.empty() ? "every operator" : match) << ")";
    if (!rule.why.empty())
      os << ", " << rule.why;
  } else {
    os << "default";
  }
  if (!decision.wanted.empty())
    os << " wanted " << decision.wanted
       << ", not supported: " << decision.reason;
  return text;
}

/// Returns the identity of the operator that `decision` is about: its first
/// instance and how many more it has.
static std::string getNames(const PlanPin &decision) {
  if (decision.instances.empty())
    return "";
  std::string names = decision.instances.front();
  if (decision.instances.size() > 1)
    names += " +" + std::to_string(decision.instances.size() - 1);
  return names;
}

namespace {
/// A map with the order of insertion.
template <typename Key, typename Value>
using OrderedMap = llvm::MapVector<Key, Value, std::map<Key, unsigned>>;

/// Operators that share a row, by operator and pattern: the same operator, at
/// the same place in layers that differ in their number.
using Rows = OrderedMap<std::pair<std::string, std::string>,
                        SmallVector<const PlanPin *, 1>>;
} // namespace

static void printRows(raw_ostream &os, const Rows &rows) {
  constexpr size_t opColumn = 8, instanceColumn = 38;
  constexpr size_t opWidth = instanceColumn - opColumn - 2;
  for (const auto &[key, decisions] : rows) {
    const auto &[op, pattern] = key;
    os << llvm::right_justify(std::to_string(decisions.size()), opColumn - 2)
       << "  " << shorten(op, opWidth);
    if (!pattern.empty()) {
      os.indent(instanceColumn - opColumn - std::min(op.size(), opWidth));
      os << shorten(decisions.size() == 1 ? getNames(*decisions.front())
                                          : pattern,
                    kTextColumns - instanceColumn);
    }
    os << '\n';
  }
}

static void printTable(raw_ostream &os, const EffectivePlan &plan) {
  // By place, then by reason, then by row, each in the order of the graph.
  OrderedMap<std::string, OrderedMap<std::string, Rows>> places;
  OrderedMap<std::string, unsigned> placeCounts;
  for (const Target &target : plan.targets)
    placeCounts[target.place] = 0;
  OrderedMap<std::pair<std::string, std::string>, unsigned> reasonCounts;
  unsigned unsupported = 0;
  for (const Placement &placement : plan.placements) {
    const PlanPin &decision = placement.decision;
    std::string why = getWhy(plan.plan, decision);
    places[decision.place][why]
          [{decision.op, getInstancePattern(getNames(decision))}]
              .push_back(&decision);
    ++placeCounts[decision.place];
    ++reasonCounts[{decision.place, why}];
    unsupported += !decision.wanted.empty();
  }

  for (const auto &[place, count] : placeCounts) {
    const Target *target = findTarget(plan.targets, place);
    std::string head =
        llvm::formatv("{0}: {1} of {2} operators, profile {3}", place, count,
                      plan.placements.size(), target->profile.getName());
    printWrapped(os, "", head);
    auto it = places.find(place);
    if (it == places.end())
      continue;
    for (const auto &[why, rows] : it->second) {
      printWrapped(os, "  ", why);
      printRows(os, rows);
    }
  }

  os << "\nby reason\n";
  for (const auto &[key, count] : reasonCounts) {
    std::string head = llvm::formatv("{0,6}  {1}: ", count, key.first);
    printWrapped(os, head, key.second);
  }
  if (unsupported)
    printWrapped(os, "",
                 llvm::formatv("on the host because the place that was wanted "
                               "cannot run them: {0}",
                               unsupported)
                     .str());
}

void tapml::printExplanation(raw_ostream &os, const EffectivePlan &plan,
                             bool json) {
  if (json)
    printPlan(os, plan.toPlan());
  else
    printTable(os, plan);
}
