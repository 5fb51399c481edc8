//===- Coverage.cpp - What was carved, and what was not -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Coverage.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <map>
#include <tuple>

using namespace llvm;
using namespace tapml;

static std::string formatShare(std::optional<double> share) {
  if (!share)
    return "=";
  std::string text;
  raw_string_ostream(text) << format("%.2g", *share);
  return text;
}

std::string CoverageFlag::describe() const {
  switch (kind) {
  case Kind::SourceOutside:
    return "the source lies outside its own bound, at " + formatShare(share) +
           " of it";
  case Kind::SourceDiffers:
    return "the source's result is not what TapML's evaluation gives";
  case Kind::OracleInDoubt:
    return "the oracle is in doubt: " + text;
  }
  llvm_unreachable("covered switch");
}

unsigned Coverage::countDoubts() const {
  unsigned count = 0;
  for (const OperatorCoverage &op : operators)
    count += count_if(op.flags, [](const CoverageFlag &flag) {
      return flag.kind == CoverageFlag::Kind::OracleInDoubt;
    });
  return count;
}

json::Value Coverage::toJSON() const {
  auto orNull = [](auto &&value, bool there) {
    return there ? json::Value(value) : json::Value(nullptr);
  };
  json::Array rows;
  for (const OperatorCoverage &op : operators) {
    json::Array flags;
    for (const CoverageFlag &flag : op.flags)
      flags.push_back(json::Object{{"sample", flag.sample},
                                   {"visit", flag.visit},
                                   {"text", flag.describe()}});
    rows.push_back(
        json::Object{{"operator", op.name},
                     {"op", op.op},
                     {"visits", op.visits},
                     {"recorded", op.recorded},
                     {"signatures", op.signatures},
                     {"tests", json::Array(op.tests)},
                     {"why", orNull(op.why, !op.why.empty())},
                     {"flags", std::move(flags)},
                     {"source_share", orNull(op.sourceShare.value_or(0),
                                             op.sourceShare.has_value())}});
  }
  return json::Object{{"version", 1},         {"model", model},
                      {"source", source},     {"samples", samples},
                      {"complete", complete}, {"tensors", tensors},
                      {"bytes", bytes},       {"operators", std::move(rows)}};
}

/// Prints each kind of flag once for operators that look alike.
static void printFlags(raw_ostream &os, ArrayRef<OperatorCoverage> operators) {
  struct Flags {
    unsigned count = 0;
    CoverageFlag worst;
    StringRef name;
    bool sameName = true;
  };
  std::map<std::pair<std::string, CoverageFlag::Kind>, Flags> flags;
  for (const OperatorCoverage &op : operators)
    for (const CoverageFlag &flag : op.flags) {
      Flags &entry = flags[{getInstancePattern(op.name), flag.kind}];
      if (!entry.count++) {
        entry.worst = flag;
        entry.name = op.name;
      } else if (flag.share > entry.worst.share) {
        entry.worst = flag;
      }
      entry.sameName &= entry.name == op.name;
    }
  for (auto &[key, entry] : flags)
    printWrapped(os, "FLAG      ",
                 (entry.sameName ? entry.name.str() : key.first) + ": " +
                     (entry.count > 1
                          ? std::to_string(entry.count) + " visits, the worst: "
                          : "") +
                     entry.worst.describe());
}

void Coverage::print(raw_ostream &os, StringRef directory) const {
  // Rows that look alike are one.
  using Row = std::tuple<std::string, std::string, int64_t, int64_t, size_t,
                         std::string>;
  struct Rows {
    unsigned count = 0;
    std::optional<double> share;
    StringRef first;
  };
  std::map<Row, Rows> seen;
  std::vector<Row> order;
  int64_t allVisits = 0, recorded = 0;
  size_t allTests = 0, without = 0, flags = 0;
  const OperatorCoverage *worst = nullptr;
  for (const OperatorCoverage &op : operators) {
    Row row(getInstancePattern(op.name), op.op, op.visits, op.signatures,
            op.tests.size(), op.why);
    auto [it, inserted] = seen.try_emplace(row);
    if (inserted) {
      order.push_back(row);
      it->second.first = op.name;
    }
    ++it->second.count;
    if (op.sourceShare)
      it->second.share =
          std::max(it->second.share.value_or(0), *op.sourceShare);
    allVisits += op.visits;
    recorded += op.recorded;
    allTests += op.tests.size();
    without += op.tests.empty();
    flags += op.flags.size();
    if (op.sourceShare && !op.roundsOnce &&
        (!worst || *op.sourceShare > *worst->sourceShare))
      worst = &op;
  }
  auto printRow = [&](StringRef name, StringRef count, StringRef visits,
                      StringRef kinds, StringRef tests, StringRef share) {
    os << left_justify(name, 49) << right_justify(count, 4)
       << right_justify(visits, 7) << right_justify(kinds, 6)
       << right_justify(tests, 6) << right_justify(share, 8) << "\n";
  };
  printRow("operator", "n", "visits", "kinds", "tests", "source");
  for (const Row &row : order) {
    const auto &[pattern, op, visits, kinds, tests, why] = row;
    const Rows &rows = seen[row];
    bool single = rows.count == 1;
    printRow(shorten(single ? rows.first : StringRef(pattern), 48),
             single ? "" : "x" + std::to_string(rows.count),
             std::to_string(visits), std::to_string(kinds),
             std::to_string(tests), formatShare(rows.share));
    if (!why.empty())
      printWrapped(os, "    ", why);
  }
  os << "\n";
  printFlags(os, operators);
  printWrapped(os, "source    ",
               source + ", " + std::to_string(samples) + " samples, " +
                   std::to_string(allVisits) + " visits of " +
                   std::to_string(operators.size()) + " operators, " +
                   (recorded == allVisits
                        ? "all recorded"
                        : std::to_string(recorded) + " of them recorded") +
                   (complete ? "" : "; the recording did not come to its end"));
  if (worst)
    printWrapped(os, "worst     ",
                 "at " + formatShare(worst->sourceShare) +
                     " of its bound: " + worst->name + " (" + worst->op + ")");
  std::string last;
  raw_string_ostream line(last);
  line << allTests << " tests";
  if (without)
    line << ", " << without << " operators without one";
  if (flags)
    line << ", " << flags << " flagged";
  line << ", " << allVisits - static_cast<int64_t>(allTests)
       << " visits dropped; " << tensors << " tensors, "
       << format("%.1f", bytes / 1e6) << " MB in " << directory;
  printWrapped(os, "carved    ", last);
}
