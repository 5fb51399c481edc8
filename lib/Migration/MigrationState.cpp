//===- MigrationState.cpp - What a migration has found out ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MigrationState.h"
#include "JSONNumber.h"
#include "Support.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace llvm;
using namespace tapml;

/// The version of the state that this build reads and writes.
static constexpr int64_t kVersion = 6;

namespace {
struct FaultText {
  FaultClass kind;
  StringRef name, clause;
};
} // namespace

static constexpr FaultText kFaults[] = {
    {FaultClass::Alone, "alone", "wrong alone"},
    {FaultClass::InModel, "in-model",
     "wrong only in this model, on values that no carved test has"},
    {FaultClass::Together, "together", "wrong only together with others"},
    {FaultClass::Fused, "fused", "wrong only when fused"},
    {FaultClass::Sometimes, "sometimes", "wrong only sometimes"},
    {FaultClass::BeyondSize, "beyond-size", "wrong only beyond some size"},
    {FaultClass::Elsewhere, "elsewhere", "runs elsewhere than planned"},
    {FaultClass::Copied, "copied", "copied back and forth"},
    {FaultClass::Overwritten, "overwritten",
     "writes over a value that is still to be used"},
    {FaultClass::Unordered, "unordered",
     "wrong only where nothing waits between steps"},
    {FaultClass::Refused, "refused", "cannot be compiled or loaded"},
    {FaultClass::Hangs, "hangs", "hangs, or loses the device"},
    {FaultClass::Drift, "drift", "inside its bounds, and the model is not"}};

static const FaultText &getText(FaultClass kind) {
  return *find_if(kFaults, [&](auto &text) { return text.kind == kind; });
}

StringRef tapml::stringifyFaultClass(FaultClass kind) {
  return getText(kind).name;
}

StringRef tapml::describeFaultClass(FaultClass kind) {
  return getText(kind).clause;
}

static constexpr std::pair<OperatorState, StringRef> kStates[] = {
    {OperatorState::Unsupported, "unsupported"},
    {OperatorState::Waiting, "waiting"},
    {OperatorState::Moved, "moved"},
    {OperatorState::Guilty, "guilty"}};

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

namespace tapml {
static json::Value toJSON(OperatorState state) {
  return find_if(kStates, [&](auto &entry) { return entry.first == state; })
      ->second;
}

static bool fromJSON(const json::Value &value, OperatorState &state,
                     json::Path path) {
  for (auto &[known, name] : kStates)
    if (value.getAsString() == name) {
      state = known;
      return true;
    }
  path.report("expected a state");
  return false;
}

static json::Value toJSON(FaultClass kind) { return stringifyFaultClass(kind); }

static bool fromJSON(const json::Value &value, FaultClass &kind,
                     json::Path path) {
  for (const FaultText &text : kFaults)
    if (value.getAsString() == text.name) {
      kind = text.kind;
      return true;
    }
  path.report("expected a class of fault");
  return false;
}

static json::Value toJSON(const TestCounts &counts) {
  return json::Object{{"run", counts.run},
                      {"passed", counts.passed},
                      {"unsupported", counts.unsupported}};
}

static bool fromJSON(const json::Value &value, TestCounts &counts,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("run", counts.run) &&
         map.map("passed", counts.passed) &&
         map.map("unsupported", counts.unsupported);
}

static json::Value toJSON(const AloneVerdict &alone) {
  return json::Object{{"status", alone.status},
                      {"tests", alone.tests},
                      {"passed", alone.passed},
                      {"share", toNumber(alone.share)},
                      {"file", alone.file},
                      {"message", alone.message},
                      {"command", alone.command},
                      {"shared", alone.shared},
                      {"passed_file", alone.passedFile},
                      {"evidence", alone.evidence}};
}

static bool fromJSON(const json::Value &value, AloneVerdict &alone,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("status", alone.status) ||
      !map.map("tests", alone.tests) || !map.map("passed", alone.passed) ||
      !mapNumber(map, "share", alone.share) || !map.map("file", alone.file) ||
      !map.map("message", alone.message) ||
      !map.map("command", alone.command) || !map.map("shared", alone.shared) ||
      !map.map("passed_file", alone.passedFile))
    return false;
  if (const json::Value *evidence = value.getAsObject()->get("evidence"))
    alone.evidence = *evidence;
  return true;
}

static json::Value toJSON(const MigrationOperator &op) {
  return json::Object{{"instance", op.instance},
                      {"op", op.op},
                      {"reason", op.reason},
                      {"operands", op.operands},
                      {"state", toJSON(op.state)},
                      {"step", op.step},
                      {"host", toJSON(op.host)},
                      {"target", toJSON(op.target)},
                      {"host_alone", toJSON(op.hostAlone)},
                      {"target_alone", toJSON(op.targetAlone)}};
}

static bool fromJSON(const json::Value &value, MigrationOperator &op,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("instance", op.instance) && map.map("op", op.op) &&
         map.map("reason", op.reason) && map.map("operands", op.operands) &&
         map.map("state", op.state) && map.map("step", op.step) &&
         map.map("host_alone", op.hostAlone) &&
         map.map("target_alone", op.targetAlone) && map.map("host", op.host) &&
         map.map("target", op.target);
}

static json::Value toJSON(const MigrationStep &step) {
  return json::Object{
      {"number", step.number},         {"what", step.what},
      {"moved", step.moved},           {"tried", step.tried},
      {"passes", step.passes},         {"worst", step.worst},
      {"share", toNumber(step.share)}, {"seconds", step.seconds}};
}

static bool fromJSON(const json::Value &value, MigrationStep &step,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("number", step.number) && map.map("what", step.what) &&
         map.map("moved", step.moved) && map.map("tried", step.tried) &&
         map.map("passes", step.passes) && map.map("worst", step.worst) &&
         mapNumber(map, "share", step.share) &&
         map.map("seconds", step.seconds);
}

static json::Value toJSON(const Fault &fault) {
  return json::Object{
      {"step", fault.step},          {"seconds", fault.seconds},
      {"instance", fault.instance},  {"op", fault.op},
      {"class", toJSON(fault.kind)}, {"minimal_set", fault.minimalSet},
      {"sentence", fault.sentence},  {"test", fault.test},
      {"command", fault.command},    {"report", toJSON(fault.report)},
      {"settled", fault.settled}};
}

static bool fromJSON(const json::Value &value, Fault &fault, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("step", fault.step) &&
         map.map("seconds", fault.seconds) &&
         map.map("instance", fault.instance) && map.map("op", fault.op) &&
         map.map("class", fault.kind) &&
         map.map("minimal_set", fault.minimalSet) &&
         map.map("sentence", fault.sentence) && map.map("test", fault.test) &&
         map.map("command", fault.command) && map.map("report", fault.report) &&
         map.map("settled", fault.settled);
}
} // namespace tapml

json::Value tapml::toJSON(const MigrationState &state) {
  return json::Object{{"version", kVersion},
                      {"model", state.model},
                      {"model_hash", state.modelHash},
                      {"target", state.target},
                      {"device", state.device},
                      {"settings", state.settings},
                      {"phase", state.phase},
                      {"group", state.group},
                      {"tests", state.tests},
                      {"host_tests", toJSON(state.hostTests)},
                      {"target_tests", toJSON(state.targetTests)},
                      {"samples", state.samples},
                      {"sample_sizes", state.sampleSizes},
                      {"operators", state.operators},
                      {"steps", state.steps},
                      {"faults", state.faults},
                      {"host_report", toJSON(state.hostReport)},
                      {"final_report", toJSON(state.finalReport)},
                      {"fused", state.fused},
                      {"seconds", state.seconds}};
}

namespace tapml {
static bool fromJSON(const json::Value &value, MigrationState &state,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("model", state.model) &&
         map.map("model_hash", state.modelHash) &&
         map.map("target", state.target) && map.map("device", state.device) &&
         map.map("settings", state.settings) && map.map("phase", state.phase) &&
         map.map("group", state.group) && map.map("tests", state.tests) &&
         map.map("host_tests", state.hostTests) &&
         map.map("target_tests", state.targetTests) &&
         map.map("samples", state.samples) &&
         map.map("sample_sizes", state.sampleSizes) &&
         map.map("operators", state.operators) &&
         map.map("steps", state.steps) && map.map("faults", state.faults) &&
         map.map("host_report", state.hostReport) &&
         map.map("final_report", state.finalReport) &&
         map.map("fused", state.fused) && map.map("seconds", state.seconds);
}
} // namespace tapml

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

std::vector<std::string>
MigrationState::getInstances(OperatorState wanted) const {
  std::vector<std::string> instances;
  for (const MigrationOperator &op : operators)
    if (op.state == wanted)
      instances.push_back(op.instance);
  return instances;
}

MigrationOperator *MigrationState::find(StringRef instance) {
  auto it = llvm::find_if(operators,
                          [&](auto &op) { return op.instance == instance; });
  return it == operators.end() ? nullptr : &*it;
}

Error MigrationState::save(StringRef directory) const {
  std::string text;
  raw_string_ostream os(text);
  os << formatv("{0:2}\n", toJSON(*this));
  return writeFile(joinPath(directory, "state.json"), text);
}

Expected<std::optional<MigrationState>>
MigrationState::load(StringRef directory) {
  std::string path = joinPath(directory, "state.json");
  if (!sys::fs::exists(path))
    return std::nullopt;
  auto damaged = [&](const Twine &what) {
    return makeError(path + ": " + what);
  };
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return damaged(buffer.getError().message());
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return damaged("not valid JSON: " + toString(value.takeError()));
  const json::Object *object = value->getAsObject();
  std::optional<int64_t> version =
      object ? object->getInteger("version") : std::nullopt;
  if (version != kVersion)
    return damaged(version ? "state of version " + Twine(*version) +
                                 ", this build reads version " + Twine(kVersion)
                           : Twine("has no version"));
  MigrationState state;
  json::Path::Root root("state");
  if (!fromJSON(*value, state, root))
    return damaged(toString(root.getError()));
  return std::move(state);
}
