//===- Step.cpp - One run of a partly moved model -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Step.h"
#include "JSONNumber.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace tapml;

bool StepReport::passes() const {
  return !error && misplaced.empty() && repeated.empty() && changed.empty() &&
         unstable.empty() && unordered.empty() && missing.empty() &&
         all_of(operators,
                [](auto &op) {
                  return op.verdict == "pass" && op.isWithinEnvelope();
                }) &&
         all_of(outputs, [](auto &output) { return output.passes; });
}

std::vector<const OperatorVerdict *> StepReport::getFailed() const {
  std::vector<const OperatorVerdict *> failed;
  for (const OperatorVerdict &op : operators)
    if (op.verdict != "pass")
      failed.push_back(&op);
  return failed;
}

std::vector<const OperatorVerdict *> StepReport::getDrifted() const {
  std::vector<const OperatorVerdict *> drifted;
  for (const OperatorVerdict &op : operators)
    if (!op.isWithinEnvelope())
      drifted.push_back(&op);
  return drifted;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

json::Value tapml::toJSON(const StepRequest &request) {
  return json::Object{{"moved", request.moved},
                      {"largest", request.largest},
                      {"samples", request.samples},
                      {"repeats", request.repeats},
                      {"output", request.output}};
}

bool tapml::fromJSON(const json::Value &value, StepRequest &request,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("moved", request.moved) &&
         map.map("largest", request.largest) &&
         map.map("samples", request.samples) &&
         map.map("repeats", request.repeats) &&
         map.map("output", request.output);
}

json::Value tapml::toJSON(const OperatorVerdict &v) {
  return json::Object{{"instance", v.instance},
                      {"op", v.op},
                      {"place", v.place},
                      {"verdict", v.verdict},
                      {"sample", v.sample},
                      {"share", toNumber(v.share)},
                      {"failed", v.failed},
                      {"elements", v.elements},
                      {"failed_samples", v.failedSamples},
                      {"drift", toNumber(v.drift)},
                      {"envelope", toNumber(v.envelope)},
                      {"drift_sample", v.driftSample},
                      {"evidence", v.evidence}};
}

bool tapml::fromJSON(const json::Value &value, OperatorVerdict &v,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("instance", v.instance) || !map.map("op", v.op) ||
      !map.map("place", v.place) || !map.map("verdict", v.verdict) ||
      !map.map("sample", v.sample) || !mapNumber(map, "share", v.share) ||
      !map.map("failed", v.failed) || !map.map("elements", v.elements) ||
      !map.map("failed_samples", v.failedSamples) ||
      !mapNumber(map, "drift", v.drift) ||
      !mapNumber(map, "envelope", v.envelope) ||
      !map.map("drift_sample", v.driftSample))
    return false;
  if (const json::Value *evidence = value.getAsObject()->get("evidence"))
    v.evidence = *evidence;
  return true;
}

namespace tapml {
static json::Value toJSON(const OutputVerdict &v) {
  return json::Object{{"name", v.name},
                      {"sample", v.sample},
                      {"passes", v.passes},
                      {"drift", toNumber(v.drift)},
                      {"envelope", toNumber(v.envelope)},
                      {"difference", toNumber(v.difference)}};
}

static bool fromJSON(const json::Value &value, OutputVerdict &v,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", v.name) && map.map("sample", v.sample) &&
         map.map("passes", v.passes) && mapNumber(map, "drift", v.drift) &&
         mapNumber(map, "envelope", v.envelope) &&
         mapNumber(map, "difference", v.difference);
}

static json::Value toJSON(const MisplacedOperator &op) {
  return json::Object{
      {"instance", op.instance}, {"planned", op.planned}, {"place", op.place}};
}

static bool fromJSON(const json::Value &value, MisplacedOperator &op,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("instance", op.instance) &&
         map.map("planned", op.planned) && map.map("place", op.place);
}

static json::Value toJSON(const RepeatedTransfer &transfer) {
  return json::Object{{"producer", transfer.producer},
                      {"place", transfer.place}};
}

static bool fromJSON(const json::Value &value, RepeatedTransfer &transfer,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("producer", transfer.producer) &&
         map.map("place", transfer.place);
}

static json::Value toJSON(const ChangedValue &v) {
  return json::Object{
      {"producer", v.producer}, {"consumer", v.consumer}, {"sample", v.sample}};
}

static bool fromJSON(const json::Value &value, ChangedValue &v,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("producer", v.producer) &&
         map.map("consumer", v.consumer) && map.map("sample", v.sample);
}

static json::Value toJSON(const StepError &error) {
  return json::Object{{"kind", error.kind},
                      {"message", json::fixUTF8(error.message)},
                      {"instance", error.instance}};
}

static bool fromJSON(const json::Value &value, StepError &error,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("kind", error.kind) &&
         map.map("message", error.message) &&
         map.map("instance", error.instance);
}
} // namespace tapml

json::Value tapml::toJSON(const StepReport &r) {
  json::Object object{{"operators", r.operators},
                      {"outputs", r.outputs},
                      {"misplaced", r.misplaced},
                      {"repeated", r.repeated},
                      {"changed", r.changed},
                      {"unstable", r.unstable},
                      {"unordered", r.unordered},
                      {"missing", r.missing},
                      {"transfers", r.transfers},
                      {"bytes_moved", r.bytesMoved},
                      {"compile_seconds", r.compileSeconds},
                      {"load_seconds", r.loadSeconds},
                      {"run_seconds", r.runSeconds},
                      {"judge_seconds", r.judgeSeconds}};
  if (r.error)
    object["error"] = toJSON(*r.error);
  return object;
}

bool tapml::fromJSON(const json::Value &value, StepReport &r, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("error", r.error) &&
         map.map("operators", r.operators) && map.map("outputs", r.outputs) &&
         map.map("misplaced", r.misplaced) && map.map("repeated", r.repeated) &&
         map.map("changed", r.changed) && map.map("unstable", r.unstable) &&
         map.map("unordered", r.unordered) && map.map("missing", r.missing) &&
         map.map("transfers", r.transfers) &&
         map.map("bytes_moved", r.bytesMoved) &&
         map.map("compile_seconds", r.compileSeconds) &&
         map.map("load_seconds", r.loadSeconds) &&
         map.map("run_seconds", r.runSeconds) &&
         map.map("judge_seconds", r.judgeSeconds);
}
