//===- MigrationPrinter.cpp - A migration on the terminal -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MigrationPrinter.h"
#include "Blame.h"
#include "JSONNumber.h"
#include "Support.h"
#include "tapml/Support/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace tapml;

/// Columns of the words that begin a line.
static constexpr size_t kIndent = 10;

static void printLine(raw_ostream &os, StringRef head, StringRef text) {
  std::string justified;
  raw_string_ostream(justified) << left_justify(head, kIndent);
  printWrapped(os, justified, text);
}

/// "worst 0.19 of the bound (layer_norm, encoder.layer.5)".
static std::string describeWorst(const StepReport &report) {
  const OperatorVerdict *worst = nullptr;
  for (const OperatorVerdict &verdict : report.operators)
    if (!worst || verdict.share > worst->share)
      worst = &verdict;
  if (!worst)
    return "nothing to compare";
  return formatv("worst {0} of the bound ({1}, {2})", toShortText(worst->share),
                 worst->op, worst->instance);
}

static int64_t count(const MigrationState &state, OperatorState wanted) {
  return count_if(state.operators,
                  [&](auto &op) { return op.state == wanted; });
}

void MigrationPrinter::clearProgress() {
  if (errs().is_displayed())
    errs() << "\r\x1b[K";
}

void MigrationPrinter::printModel(const MigrationState &state) {
  StringSet<> kinds;
  for (const MigrationOperator &op : state.operators)
    kinds.insert(op.op);
  printLine(outs(), "source",
            formatv("{0}, {1} samples, {2} operators of {3} kinds", state.model,
                    state.samples.size(), state.operators.size(), kinds.size())
                .str());
  printLine(outs(), "target",
            formatv("{0} on {1}, {2} operators can move", state.target,
                    state.device.empty() ? "the host" : state.device,
                    int64_t(state.operators.size()) -
                        count(state, OperatorState::Unsupported))
                .str());
}

void MigrationPrinter::begin(const MigrationState &state) {
  if (json)
    return;
  printModel(state);
  if (!state.steps.empty())
    printLine(outs(), "again",
              formatv("goes on after step {0}", state.steps.size()).str());
  outs().flush();
}

void MigrationPrinter::beginStep(const MigrationState &state, StringRef what,
                                 int64_t tried) {
  if (!errs().is_displayed())
    return;
  int64_t moved = count(state, OperatorState::Moved);
  int64_t total = int64_t(state.operators.size()) -
                  count(state, OperatorState::Unsupported);
  constexpr int64_t width = 32;
  int64_t filled = total ? moved * width / total : width;
  clearProgress();
  errs() << left_justify(what, kIndent) << '[' << std::string(filled, '#')
         << std::string(width - filled, '.') << "] " << moved << '/' << total;
  if (tried)
    errs() << formatv(", trying {0}", tried);
  errs().flush();
}

void MigrationPrinter::beginCarving() {
  clearProgress();
  if (errs().is_displayed())
    errs() << "carving tests of the operators";
  errs().flush();
}

void MigrationPrinter::printUnrecorded() {
  clearProgress();
  if (!json)
    printLine(outs(), "alone",
              "no operator is tested by itself: the model was captured "
              "without '--record'");
  outs().flush();
}

void MigrationPrinter::testAlone(int64_t done, int64_t count) {
  clearProgress();
  if (errs().is_displayed() && done < count)
    errs() << "testing   " << done << '/' << count;
  errs().flush();
}

void MigrationPrinter::endAlone(const MigrationState &state, bool isHost) {
  clearProgress();
  if (json)
    return;
  const TestCounts &counts = isHost ? state.hostTests : state.targetTests;
  const MigrationOperator *worst = nullptr;
  auto getShare = [&](const MigrationOperator &op) {
    return isHost ? op.hostAlone.share : op.targetAlone.share;
  };
  for (const MigrationOperator &op : state.operators)
    if (!worst || getShare(op) > getShare(*worst))
      worst = &op;
  std::string text =
      formatv("{0}/{1} carved tests pass on {2}", counts.passed, counts.run,
              isHost ? StringRef("the host") : StringRef(state.device));
  if (worst)
    text += formatv(", worst {0} of the bound ({1}, {2})",
                    toShortText(getShare(*worst)), worst->op, worst->instance);
  if (counts.unsupported)
    text += formatv("; {0} cannot run there", counts.unsupported);
  printLine(outs(), isHost ? "host" : "alone", text);
  outs().flush();
}

void MigrationPrinter::endHost(const MigrationState &state) {
  clearProgress();
  if (json)
    return;
  int64_t passed = count_if(state.hostReport.operators, [](auto &verdict) {
    return verdict.verdict == "pass";
  });
  printLine(outs(), "host",
            formatv("{0}/{1} operators pass in the model, {2}", passed,
                    state.hostReport.operators.size(),
                    describeWorst(state.hostReport))
                .str());
  outs().flush();
}

/// Prints a line of the table of elements.
static void printElement(const json::Object &element) {
  std::string index;
  if (const json::Array *parts = element.getArray("index"))
    for (const json::Value &part : *parts)
      index += (index.empty() ? "" : ", ") +
               std::to_string(part.getAsInteger().value_or(0));
  auto getNumber = [&](StringRef key) {
    std::optional<double> number = element.getNumber(key);
    return toShortText(number.value_or(INFINITY));
  };
  outs() << formatv("  {0,-18} {1,-16} {2,-16} {3,10} {4}\n", "[" + index + "]",
                    element.getString("expected").value_or(""),
                    element.getString("got").value_or(""), getNumber("ulps"),
                    getNumber("share"));
}

/// Prints the worst elements of an operator, where there are some.
static void printElements(const OperatorVerdict &verdict) {
  const json::Object *evidence = verdict.evidence.getAsObject();
  const json::Array *worst = evidence ? evidence->getArray("worst") : nullptr;
  if (!worst || worst->empty())
    return;
  outs() << formatv("  {0,-18} {1,-16} {2,-16} {3,10} {4}\n", "element",
                    "expected", "got", "ULP", "of the bound");
  for (size_t i = 0; i < std::min<size_t>(4, worst->size()); ++i)
    if (const json::Object *element = (*worst)[i].getAsObject())
      printElement(*element);
}

/// Prints a command over as many lines as it needs, so that a shell takes it.
static void printCommand(StringRef command) {
  // A quoted word stays in one piece.
  if (command.contains('\''))
    outs() << "  again   " << command << "\n";
  else
    printWrapped(outs(), "  again   ", command, " \\");
}

void MigrationPrinter::printFault(const MigrationState &state,
                                  const Fault &fault) {
  clearProgress();
  if (json)
    return;
  outs() << "\n";
  printLine(
      outs(), formatv("FAIL {0}", fault.step).str(),
      (fault.instance.empty() ? std::string("the model") : fault.instance) +
          ": " + fault.sentence);
  if (fault.minimalSet.size() > 1)
    printLine(outs(), "  set", join(fault.minimalSet, ", "));
  if (fault.minimalSet.size() > 1 && !fault.test.empty())
    printLine(outs(), "  test", fault.test);
  for (const OperatorVerdict *verdict : fault.report.getFailed())
    if (verdict->instance == fault.instance)
      printElements(*verdict);
  if (!fault.command.empty())
    printCommand(fault.command);
  outs().flush();
}

void MigrationPrinter::printResult(const MigrationState &state) {
  if (!state.faults.empty())
    outs() << "\n";
  int64_t moved = count(state, OperatorState::Moved);
  printLine(outs(), "moved",
            formatv("{0}/{1}, {2}", moved, state.operators.size(),
                    describeWorst(state.finalReport))
                .str());
  double difference = 0;
  for (const OutputVerdict &output : state.finalReport.outputs)
    difference = std::max(difference, output.difference);
  if (!state.finalReport.outputs.empty())
    printLine(outs(), state.fused ? "fused" : "final",
              formatv("largest difference from the source {0}, {1} transfers "
                      "of {2:f1} MB for all samples",
                      toShortText(difference), state.finalReport.transfers,
                      double(state.finalReport.bytesMoved) / 1e6)
                  .str());
  StringMap<int64_t> reasons;
  for (const MigrationOperator &op : state.operators)
    if (op.state == OperatorState::Unsupported)
      ++reasons[op.reason];
  for (auto &reason : reasons)
    printLine(outs(), "host",
              formatv("{0}: {1}", reason.second, reason.first()).str());
}

void MigrationPrinter::end(const MigrationState &state) {
  clearProgress();
  if (json)
    outs() << formatv("{0:2}\n", toJSON(state));
  outs().flush();
}

void MigrationPrinter::printTotals(const MigrationState &state) {
  printLine(outs(), "steps",
            formatv("{0} in {1:f1} s, {2} faults", state.steps.size(),
                    state.seconds, state.faults.size())
                .str());
}

void MigrationPrinter::printReport(const MigrationState &state) {
  printModel(state);
  if (state.hostTests.run)
    endAlone(state, /*isHost=*/true);
  if (state.targetTests.run)
    endAlone(state, /*isHost=*/false);
  if (!state.hostReport.operators.empty())
    endHost(state);
  for (const Fault &fault : state.faults)
    printFault(state, fault);
  printResult(state);
  if (state.phase != "done")
    printLine(outs(), "waiting",
              formatv("{0}; the same 'tapml migrate' goes on",
                      count(state, OperatorState::Waiting))
                  .str());
  printTotals(state);
}

void MigrationPrinter::printRun(const StepReport &report) {
  if (report.passes())
    return printLine(outs(), "pass", describeWorst(report));
  if (report.error)
    printLine(outs(), "FAIL",
              report.error->instance.empty()
                  ? report.error->message
                  : report.error->instance + ": " + report.error->message);
  for (const MisplacedOperator &op : report.misplaced)
    printLine(outs(), "FAIL",
              op.instance + ": " + describePlaces(op.place, op.planned));
  for (const RepeatedTransfer &transfer : report.repeated)
    printLine(outs(), "FAIL", describeCopy(transfer));
  for (const ChangedValue &changed : report.changed)
    printLine(outs(), "FAIL",
              "what " + changed.producer + " gave has changed when " +
                  changed.consumer + " uses it");
  for (const std::string &instance : report.missing)
    printLine(outs(), "FAIL", instance + ": gave no value");
  for (const OperatorVerdict *verdict : report.getFailed()) {
    printLine(outs(), "FAIL",
              formatv("{0} ({1} on {2}): {3}", verdict->instance, verdict->op,
                      verdict->place, describeVerdict(*verdict))
                  .str());
    printElements(*verdict);
  }
  for (const std::string &name : report.unstable)
    printLine(outs(), "FAIL", "equal runs give different '" + name + "'");
  for (const std::string &name : report.unordered)
    printLine(outs(), "FAIL",
              "'" + name + "' differs where nothing waits between steps");
  for (const OperatorVerdict *verdict : report.getDrifted())
    printLine(outs(), "FAIL", describeDrift(*verdict));
  for (const OutputVerdict &output : report.outputs)
    if (!output.passes)
      printLine(outs(), "FAIL", describeDrift(output));
}

void MigrationPrinter::printSummary(const MigrationState &state,
                                    const MigrateJob &job) {
  clearProgress();
  if (json)
    return;
  printResult(state);
  printLine(outs(), "wrote",
            job.output + ": report.html, plan.json, " + state.model +
                ".tapx, state.json");
  printTotals(state);
}
