//===- Blame.cpp - Which operator is wrong, and how -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blame.h"
#include "JSONNumber.h"
#include "Support.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace llvm;
using namespace tapml;

using Names = std::vector<std::string>;

Expected<Names>
tapml::minimizeSet(Names set,
                   function_ref<Expected<bool>(const Names &)> fails) {
  size_t parts = 2;
  while (set.size() > 1) {
    bool reduced = false;
    auto partition = [&](size_t part, bool complement) {
      size_t begin = set.size() * part / parts;
      size_t end = set.size() * (part + 1) / parts;
      Names result;
      for (size_t i = 0; i < set.size(); ++i)
        if ((i >= begin && i < end) != complement)
          result.push_back(set[i]);
      return result;
    };
    // With two parts the complements are the parts themselves.
    for (int complement = 0; complement < (parts > 2 ? 2 : 1) && !reduced;
         ++complement)
      for (size_t part = 0; part < parts && !reduced; ++part) {
        Names candidate = partition(part, complement);
        Expected<bool> failed = fails(candidate);
        if (!failed)
          return failed.takeError();
        if (!*failed)
          continue;
        parts = complement ? std::max<size_t>(parts - 1, 2) : 2;
        set = std::move(candidate);
        reduced = true;
      }
    if (reduced)
      continue;
    if (parts >= set.size())
      break;
    parts = std::min(set.size(), parts * 2);
  }
  return set;
}

//===----------------------------------------------------------------------===//
// Symptoms
//===----------------------------------------------------------------------===//

Blame::Symptom Blame::getSymptom(const StepReport &report) {
  if (report.error)
    return {Symptom::Kind::Error, report.error->kind};
  if (!report.misplaced.empty())
    return {Symptom::Kind::Misplaced, report.misplaced.front().instance};
  if (!report.repeated.empty())
    return {Symptom::Kind::Copied, report.repeated.front().producer};
  if (!report.changed.empty())
    return {Symptom::Kind::Overwritten, report.changed.front().producer};
  if (!report.missing.empty())
    return {Symptom::Kind::Operator, report.missing.front()};
  std::vector<const OperatorVerdict *> failed = report.getFailed();
  if (!failed.empty())
    return {Symptom::Kind::Operator, failed.front()->instance};
  if (!report.unstable.empty())
    return {Symptom::Kind::Unstable, report.unstable.front()};
  if (!report.unordered.empty())
    return {Symptom::Kind::Unordered, report.unordered.front()};
  return {Symptom::Kind::Drift, ""};
}

bool Blame::shows(const StepReport &report, const Symptom &symptom) {
  switch (symptom.kind) {
  case Symptom::Kind::Error:
    return report.error && report.error->kind == symptom.name;
  case Symptom::Kind::Misplaced:
    return any_of(report.misplaced, [&](const MisplacedOperator &op) {
      return op.instance == symptom.name;
    });
  case Symptom::Kind::Copied:
    return !report.repeated.empty();
  case Symptom::Kind::Overwritten:
    return !report.changed.empty();
  case Symptom::Kind::Operator:
    return is_contained(report.missing, symptom.name) ||
           any_of(report.getFailed(), [&](const OperatorVerdict *verdict) {
             return verdict->instance == symptom.name;
           });
  case Symptom::Kind::Unstable:
    return !report.unstable.empty() || !report.unordered.empty();
  case Symptom::Kind::Unordered:
    return !report.unordered.empty();
  case Symptom::Kind::Drift:
    return !report.getDrifted().empty() ||
           any_of(report.outputs, [](auto &output) { return !output.passes; });
  }
  llvm_unreachable("covered switch");
}

Expected<StepReport> Blame::runMoved(const Names &moved, int64_t repeats) {
  StepRequest request;
  request.moved = moved;
  request.repeats = repeats;
  return run(request);
}

//===----------------------------------------------------------------------===//
// Minimal sets
//===----------------------------------------------------------------------===//

Expected<Names> Blame::minimize(const Symptom &symptom, StepReport &report) {
  auto fails = [&](const Names &moved) -> Expected<bool> {
    Expected<StepReport> next = runMoved(moved);
    if (!next)
      return next.takeError();
    if (!shows(*next, symptom))
      return false;
    report = std::move(*next);
    return true;
  };
  // Most faults are of one operator, and a report as a rule names it; or of
  // those that fail; or of the group, without what was moved before.
  Names all = good;
  all.insert(all.end(), group.begin(), group.end());
  Names failing;
  if (symptom.kind == Symptom::Kind::Operator)
    for (const OperatorVerdict *verdict : report.getFailed())
      failing.push_back(verdict->instance);
  else if (symptom.kind == Symptom::Kind::Misplaced)
    failing.push_back(symptom.name);
  else if (symptom.kind == Symptom::Kind::Error && report.error)
    failing.push_back(report.error->instance);
  llvm::erase_if(failing, [&](auto &name) { return !is_contained(all, name); });
  for (Names candidate :
       {Names(failing.begin(), failing.begin() + !failing.empty()), failing,
        group}) {
    if (candidate.empty())
      continue;
    Expected<bool> failed = fails(candidate);
    if (!failed)
      return failed.takeError();
    if (*failed)
      return minimizeSet(std::move(candidate), fails);
  }
  return minimizeSet(std::move(all), fails);
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

/// Whether some operator is right in one of two equal runs and wrong in the
/// other, or wrong in another way. What is wrong in both need not be equal:
/// what was never written is whatever was there before.
static bool differs(const StepReport &a, const StepReport &b) {
  if (a.error.has_value() != b.error.has_value() ||
      a.operators.size() != b.operators.size())
    return true;
  for (auto [left, right] : zip(a.operators, b.operators))
    if (left.verdict != right.verdict ||
        left.failedSamples != right.failedSamples ||
        (left.sample == right.sample && left.failed != right.failed))
      return true;
  return false;
}

Expected<bool> Blame::isUnstable(const Names &moved, const Symptom &symptom,
                                 const StepReport &report) {
  if (symptom.kind == Symptom::Kind::Unstable)
    return true;
  Expected<StepReport> again = runMoved(moved, 2);
  if (!again)
    return again.takeError();
  // An operator that is wrong every time makes the outputs differ too.
  bool isOperator = symptom.kind == Symptom::Kind::Operator;
  return (!isOperator && !again->unstable.empty()) || differs(report, *again);
}

/// Whether the failing samples are the larger ones: an operator computes more
/// elements there than in any sample that passes.
static bool failsBeyondSize(const MigrationState &state,
                            const OperatorVerdict &verdict) {
  int64_t smallestFailing = INT64_MAX, largestPassing = -1;
  for (auto [sample, size] : zip_equal(state.samples, state.sampleSizes)) {
    if (is_contained(verdict.failedSamples, sample))
      smallestFailing = std::min(smallestFailing, size);
    else
      largestPassing = std::max(largestPassing, size);
  }
  return largestPassing >= 0 && smallestFailing != INT64_MAX &&
         smallestFailing > largestPassing;
}

Expected<FaultClass> Blame::classify(const Symptom &symptom,
                                     const Names &minimal,
                                     const StepReport &report) {
  if (symptom.kind == Symptom::Kind::Error)
    return symptom.name == "compile" || symptom.name == "load" ||
                   symptom.name == "run"
               ? FaultClass::Refused
               : FaultClass::Hangs;
  if (symptom.kind == Symptom::Kind::Misplaced)
    return FaultClass::Elsewhere;
  if (symptom.kind == Symptom::Kind::Copied)
    return FaultClass::Copied;
  if (symptom.kind == Symptom::Kind::Overwritten)
    return FaultClass::Overwritten;
  Expected<bool> unstable = isUnstable(minimal, symptom, report);
  if (!unstable)
    return unstable.takeError();
  if (*unstable)
    return FaultClass::Sometimes;
  if (symptom.kind == Symptom::Kind::Unordered)
    return FaultClass::Unordered;
  if (symptom.kind == Symptom::Kind::Drift)
    return FaultClass::Drift;
  if (minimal.size() > 1)
    return FaultClass::Together;
  for (const OperatorVerdict *verdict : report.getFailed())
    if (verdict->instance == symptom.name && failsBeyondSize(state, *verdict))
      return FaultClass::BeyondSize;
  const MigrationOperator *op =
      const_cast<MigrationState &>(state).find(minimal.front());
  return op && op->targetAlone.status == "pass" ? FaultClass::InModel
                                                : FaultClass::Alone;
}

//===----------------------------------------------------------------------===//
// Sentences
//===----------------------------------------------------------------------===//

std::string tapml::describeVerdict(const OperatorVerdict &verdict) {
  if (verdict.evidence.getAsObject())
    if (std::optional<StringRef> mismatch =
            verdict.evidence.getAsObject()->getString("mismatch"))
      if (!mismatch->empty())
        return mismatch->str();
  std::string text = formatv("{0} of {1} elements are outside the bound",
                             verdict.failed, verdict.elements);
  if (std::isfinite(verdict.share))
    text += ", by up to " + toShortText(verdict.share) + " times";
  if (const json::Object *evidence = verdict.evidence.getAsObject())
    if (const json::Array *clusters = evidence->getArray("clusters"))
      for (const json::Value &cluster : *clusters)
        text += "; " + cluster.getAsString().value_or("").str();
  return text;
}

std::string tapml::describeDrift(const OperatorVerdict &verdict) {
  return "what " + verdict.instance + " gives drifts by " +
         toShortText(verdict.drift) + " in sample " +
         std::to_string(verdict.driftSample) + ", in a sound run by up to " +
         toShortText(verdict.envelope);
}

std::string tapml::describeDrift(const OutputVerdict &output) {
  return "output '" + output.name + "' drifts by " + toShortText(output.drift) +
         " in sample " + std::to_string(output.sample) +
         ", in a sound run by up to " + toShortText(output.envelope);
}

std::string tapml::describeCopy(const RepeatedTransfer &transfer) {
  std::string what = transfer.producer.empty()
                         ? "an input of the model"
                         : "what " + transfer.producer + " gave";
  return what + " is copied to " + transfer.place + ", where it is already";
}

void tapml::setKind(Fault &fault, FaultClass kind) {
  fault.kind = kind;
  std::string text = fault.op + " is " + describeFaultClass(fault.kind).str();
  if (fault.kind == FaultClass::Refused || fault.kind == FaultClass::Hangs)
    text = fault.op + " " + describeFaultClass(fault.kind).str();
  if (fault.kind == FaultClass::Elsewhere)
    for (const MisplacedOperator &misplaced : fault.report.misplaced)
      if (misplaced.instance == fault.instance)
        text =
            fault.op + " " + describePlaces(misplaced.place, misplaced.planned);
  if (fault.kind == FaultClass::Copied && !fault.report.repeated.empty())
    text = describeCopy(fault.report.repeated.front());
  if (fault.kind == FaultClass::Overwritten && !fault.report.changed.empty()) {
    const ChangedValue &changed = fault.report.changed.front();
    std::string what = changed.producer.empty()
                           ? "an input of the model"
                           : "what " + changed.producer + " gave";
    text = fault.op + " writes over a value that is still to be used: " + what +
           " has changed when " + changed.consumer + " uses it";
  }
  if (fault.report.error)
    text += ": " + fault.report.error->message;
  if (fault.kind == FaultClass::Drift) {
    // The first place where it shows.
    auto output =
        find_if(fault.report.outputs, [](auto &o) { return !o.passes; });
    if (!fault.report.getDrifted().empty())
      text += ": " + describeDrift(*fault.report.getDrifted().front());
    else if (output != fault.report.outputs.end())
      text += ": " + describeDrift(*output);
  }
  for (const OperatorVerdict *verdict : fault.report.getFailed())
    if (verdict->instance == fault.instance)
      text += ": " + describeVerdict(*verdict);
  fault.sentence = std::move(text);
}

Fault tapml::makeAloneFault(const MigrationOperator &op,
                            const AloneVerdict &alone, StringRef place) {
  Fault fault;
  fault.instance = op.instance;
  fault.op = op.op;
  fault.minimalSet = {op.instance};
  fault.test = alone.file;
  fault.command = alone.command;
  if (alone.status == "elsewhere") {
    setKind(fault, FaultClass::Elsewhere);
    fault.sentence = op.op + " " + alone.message;
    return fault;
  }
  if (alone.status != "fail") {
    StepError error;
    error.kind = alone.status == "hang" ? "hang" : "compile";
    error.message = alone.message;
    error.instance = op.instance;
    fault.report.error = std::move(error);
    setKind(fault,
            alone.status == "hang" ? FaultClass::Hangs : FaultClass::Refused);
    return fault;
  }
  OperatorVerdict verdict;
  verdict.instance = op.instance;
  verdict.op = op.op;
  verdict.place = place.str();
  verdict.verdict = alone.status;
  verdict.share = alone.share;
  verdict.evidence = alone.evidence;
  if (const json::Object *evidence = alone.evidence.getAsObject()) {
    verdict.failed = evidence->getInteger("failed").value_or(0);
    verdict.elements = evidence->getInteger("elements").value_or(0);
  }
  fault.report.operators.push_back(std::move(verdict));
  setKind(fault, FaultClass::Alone);
  return fault;
}

Expected<Fault> Blame::find(const StepReport &report) {
  Symptom symptom = getSymptom(report);
  Fault fault;
  fault.report = report;
  Expected<Names> minimal = minimize(symptom, fault.report);
  if (!minimal)
    return minimal.takeError();
  fault.minimalSet = std::move(*minimal);
  // The operator that shows it, or else the one whose move made the difference.
  fault.instance = fault.minimalSet.back();
  if (symptom.kind == Symptom::Kind::Overwritten) {
    // Neither the one that made the value nor the one that found it changed.
    const ChangedValue &changed = fault.report.changed.front();
    auto writer = find_if(reverse(fault.minimalSet), [&](auto &name) {
      return name != changed.producer && name != changed.consumer;
    });
    if (writer != fault.minimalSet.rend())
      fault.instance = *writer;
  }
  if (symptom.kind == Symptom::Kind::Operator ||
      symptom.kind == Symptom::Kind::Misplaced)
    fault.instance = getSymptom(fault.report).name;
  for (const MigrationOperator &op : state.operators)
    if (op.instance == fault.instance)
      fault.op = op.op;
  Expected<FaultClass> kind = classify(symptom, fault.minimalSet, fault.report);
  if (!kind)
    return kind.takeError();
  setKind(fault, *kind);
  return fault;
}
