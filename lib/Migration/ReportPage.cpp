//===- ReportPage.cpp - The report as one HTML file -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The page is a template, a style sheet and scripts (report/), which are part
// of this program, and the data as JSON. The scripts draw.
//
//===----------------------------------------------------------------------===//

#include "ReportPage.h"
#include "GraphLayout.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace llvm;
using namespace tapml;

/// The files of report/, as `reportFiles`: pairs of a name and a content.
#include "ReportFiles.inc"

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// Two digits behind the point: less than a pixel.
static double roundPosition(double position) {
  return std::round(position * 100) / 100;
}

/// A verdict, or null where none was made.
static json::Value describeVerdict(const OperatorVerdict &verdict) {
  if (verdict.verdict.empty())
    return nullptr;
  json::Value value = toJSON(verdict);
  // The operator says these already.
  value.getAsObject()->erase("instance");
  value.getAsObject()->erase("op");
  if (verdict.evidence == nullptr)
    value.getAsObject()->erase("evidence");
  return value;
}

/// A report with only those operators that fail or drift.
static json::Value describeReport(const StepReport &report) {
  StepReport brief = report;
  brief.operators.clear();
  llvm::copy_if(report.operators, std::back_inserter(brief.operators),
                [](const OperatorVerdict &verdict) {
                  return verdict.verdict != "pass" ||
                         !verdict.isWithinEnvelope();
                });
  return toJSON(brief);
}

/// Adds to each operator its place in the drawing and its verdict in the last
/// run, and names its operands by number.
static void completeOperators(const MigrationState &state, json::Array &records,
                              const GraphLayout &layout,
                              ArrayRef<std::vector<unsigned>> operands) {
  StringMap<const OperatorVerdict *> last;
  for (const OperatorVerdict &verdict : state.finalReport.operators)
    last[verdict.instance] = &verdict;
  for (auto [number, op] : enumerate(state.operators)) {
    json::Object &record = *records[number].getAsObject();
    const OperatorVerdict *verdict = last.lookup(op.instance);
    record["host"] = describeVerdict(op.host);
    record["target"] = describeVerdict(op.target);
    record["last"] = verdict ? describeVerdict(*verdict) : json::Value(nullptr);
    record["operands"] = json::Array(operands[number]);
    record["layer"] = layout.layers[number];
    record["x"] = roundPosition(layout.positions[number]);
  }
}

json::Value tapml::makeReportData(const MigrationState &state) {
  StringMap<unsigned> numbers;
  for (auto [number, op] : enumerate(state.operators))
    numbers.try_emplace(op.instance, number);
  std::vector<std::vector<unsigned>> operands(state.operators.size());
  for (auto [number, op] : enumerate(state.operators))
    for (const std::string &operand : op.operands)
      if (auto it = numbers.find(operand); it != numbers.end())
        operands[number].push_back(it->second);
  GraphLayout layout = layOutGraph(operands);
  json::Array edges;
  for (const GraphLayout::Edge &edge : layout.edges) {
    json::Array line{edge.from, edge.to};
    for (double bend : edge.bends)
      line.push_back(roundPosition(bend));
    edges.push_back(std::move(line));
  }

  json::Value data = toJSON(state);
  json::Object &object = *data.getAsObject();
  completeOperators(state, *object.getArray("operators"), layout, operands);
  object["edges"] = std::move(edges);
  object["layers"] = layout.numLayers;
  for (auto [number, fault] : enumerate(state.faults)) {
    json::Object &record = *(*object.getArray("faults"))[number].getAsObject();
    record["clause"] = describeFaultClass(fault.kind);
    record["report"] = describeReport(fault.report);
  }
  object["host_report"] = describeReport(state.hostReport);
  object["final_report"] = describeReport(state.finalReport);
  return data;
}

//===----------------------------------------------------------------------===//
// Page
//===----------------------------------------------------------------------===//

std::string tapml::printForScript(const json::Value &value) {
  std::string text = formatv("{0}", value), escaped;
  escaped.reserve(text.size() + text.size() / 16);
  // These stand in strings only, so that JSON's own escapes may replace them.
  for (size_t i = 0; i < text.size(); ++i) {
    StringRef rest = StringRef(text).substr(i);
    if (text[i] == '<') {
      escaped += "\\u003c";
    } else if (rest.starts_with("\xe2\x80\xa8") ||
               rest.starts_with("\xe2\x80\xa9")) {
      escaped += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      escaped += text[i];
    }
  }
  return escaped;
}

std::string tapml::makeReportPage(const MigrationState &state) {
  std::string style, script;
  StringRef page;
  for (auto &[name, content] : reportFiles) {
    if (StringRef(name).ends_with(".css"))
      style += content;
    else if (StringRef(name).ends_with(".js"))
      script += content;
    else
      page = content;
  }
  std::pair<StringRef, std::string> parts[] = {
      {"@style@", std::move(style)},
      {"@data@", printForScript(makeReportData(state))},
      {"@script@", std::move(script)}};
  std::string text;
  for (auto &[mark, content] : parts) {
    auto [before, after] = page.split(mark);
    text += before;
    text += content;
    page = after;
  }
  text += page;
  return text;
}
