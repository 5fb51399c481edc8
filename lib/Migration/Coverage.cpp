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

json::Value Coverage::toJSON() const {
  json::Array rows;
  for (const OperatorCoverage &op : operators)
    rows.push_back(json::Object{
        {"operator", op.name},
        {"op", op.op},
        {"visits", op.visits},
        {"recorded", op.recorded},
        {"signatures", op.signatures},
        {"tests", json::Array(op.tests)},
        {"why", op.why.empty() ? json::Value(nullptr) : json::Value(op.why)},
        {"flags", json::Array(op.flags)},
        {"source_share", op.sourceShare ? json::Value(*op.sourceShare)
                                        : json::Value(nullptr)}});
  return json::Object{{"version", 1},         {"model", model},
                      {"source", source},     {"samples", samples},
                      {"complete", complete}, {"operators", std::move(rows)},
                      {"tensors", tensors},   {"bytes", bytes},
                      {"disagreements", disagreements}};
}

static std::string formatShare(std::optional<double> share) {
  if (!share)
    return "=";
  std::string text;
  raw_string_ostream(text) << format("%.2g", *share);
  return text;
}

void Coverage::print(raw_ostream &os, StringRef directory) const {
  using Row = std::tuple<std::string, std::string, int64_t, int64_t, size_t,
                         std::string>;
  struct Rows {
    unsigned count = 0;
    std::optional<double> share;
    StringRef first;
  };
  std::map<Row, Rows> seen;
  std::vector<Row> order;
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
      it->second.share = std::max(it->second.share.value_or(0), *op.sourceShare);
  }
  os << left_justify("operator", 46) << right_justify("n", 4)
     << right_justify("visits", 8) << right_justify("kinds", 7)
     << right_justify("tests", 7) << right_justify("source", 8) << "\n";
  for (const Row &row : order) {
    const auto &[pattern, op, visits, signatures, tests, why] = row;
    const Rows &rows = seen[row];
    std::string name = rows.count > 1 ? pattern : rows.first.str();
    os << left_justify(shorten(name, 45), 46)
       << right_justify(rows.count > 1 ? "x" + std::to_string(rows.count) : "",
                        4)
       << right_justify(std::to_string(visits), 8)
       << right_justify(std::to_string(signatures), 7)
       << right_justify(std::to_string(tests), 7)
       << right_justify(formatShare(rows.share), 8) << "\n";
    if (!why.empty())
      printWrapped(os, "    ", why);
  }
  int64_t allVisits = 0, recorded = 0;
  size_t allTests = 0, without = 0, flags = 0;
  const OperatorCoverage *worst = nullptr;
  for (const OperatorCoverage &op : operators) {
    allVisits += op.visits;
    recorded += op.recorded;
    allTests += op.tests.size();
    without += op.tests.empty();
    flags += op.flags.size();
    if (op.sourceShare && (!worst || *op.sourceShare > *worst->sourceShare))
      worst = &op;
  }
  os << "\n";
  for (const OperatorCoverage &op : operators)
    for (const std::string &flag : op.flags)
      printWrapped(os, "FLAG      ", op.name + ": " + flag);
  printWrapped(os, "source    ",
               source + ", " + std::to_string(samples) + " samples, " +
                   std::to_string(allVisits) + " visits of " +
                   std::to_string(operators.size()) + " operators, " +
                   (recorded == allVisits ? "all recorded"
                                          : std::to_string(recorded) +
                                                " of them recorded") +
                   (complete ? "" : "; the recording did not come to its end"));
  if (worst)
    printWrapped(os, "worst     ",
                 "at " + formatShare(worst->sourceShare) + " of its bound: " +
                     worst->name + " (" + worst->op + ")");
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
