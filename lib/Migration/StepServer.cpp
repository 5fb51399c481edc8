//===- StepServer.cpp - Does steps for a migration ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AloneTests.h"
#include "StepProtocol.h"
#include "Support.h"
#include <cerrno>
#include <mutex>
#include <unistd.h>

using namespace llvm;
using namespace tapml;

static json::Value makeFailure(Error error) {
  return json::Object{{"error", json::fixUTF8(toString(std::move(error)))}};
}

/// Runs carved tests and says what becomes of each.
static json::Value serveTests(MixedModel &model, const TestRequest &request,
                              int output) {
  // Tests begin in several threads.
  std::mutex mutex;
  auto tell = [&](StringRef key, const TestVerdict &verdict) {
    std::lock_guard<std::mutex> lock(mutex);
    (void)writeLine(output, json::Object{{key, toJSON(verdict)}});
  };
  Error error = runAlone(
      model.getJob(), request, model.getHostObjects(),
      [&](const TestVerdict &test) { tell("begin", test); },
      [&](const TestVerdict &verdict) { tell("verdict", verdict); });
  if (error)
    return makeFailure(std::move(error));
  return json::Object{{"tested", true}};
}

/// Does what one line asks for.
static json::Value serveLine(MixedModel &model, StringRef line, int output) {
  Expected<json::Value> question = json::parse(line);
  if (!question)
    return makeFailure(question.takeError());
  const json::Object *object = question->getAsObject();
  if (object && object->get("list")) {
    Expected<std::vector<PlacedOperator>> operators = model.listOperators();
    if (!operators)
      return makeFailure(operators.takeError());
    return json::Object{{"operators", *operators},
                        {"device", model.getDevice()},
                        {"samples", model.getSamples().vec()},
                        {"sample_sizes", model.getSampleSizes()}};
  }
  if (object && object->get("carve")) {
    Expected<std::optional<int64_t>> carved = model.carve();
    return carved ? json::Object{{"carved", *carved}}
                  : makeFailure(carved.takeError());
  }
  json::Path::Root root;
  if (const json::Value *set = object ? object->get("carve_set") : nullptr) {
    SetRequest request;
    if (!fromJSON(*set, request, root))
      return makeFailure(root.getError());
    Expected<std::string> carved = model.carve(request);
    return carved ? json::Object{{"carved", *carved}}
                  : makeFailure(carved.takeError());
  }
  if (const json::Value *test = object ? object->get("test") : nullptr) {
    TestRequest request;
    if (!fromJSON(*test, request, root))
      return makeFailure(root.getError());
    return serveTests(model, request, output);
  }
  StepRequest request;
  const json::Value *step = object ? object->get("step") : nullptr;
  if (!step || !fromJSON(*step, request, root))
    return makeFailure(makeError("not a request: " + line));
  Expected<StepReport> report =
      model.run(request, [&](const std::string &next) {
        (void)writeLine(output, json::Object{{"next", next}});
      });
  if (!report)
    return makeFailure(report.takeError());
  return json::Object{{"report", toJSON(*report)}};
}

int tapml::serveSteps(const MigrateJob &job, int input, int output) {
  Expected<std::unique_ptr<MixedModel>> model = MixedModel::open(job);
  std::string opening;
  if (!model)
    opening = toString(model.takeError());
  std::string buffer;
  char chunk[65536];
  for (;;) {
    size_t end = buffer.find('\n');
    if (end == std::string::npos) {
      ssize_t count = read(input, chunk, sizeof(chunk));
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        return 0;
      buffer.append(chunk, size_t(count));
      continue;
    }
    std::string line = buffer.substr(0, end);
    buffer.erase(0, end + 1);
    json::Value answer = opening.empty() ? serveLine(**model, line, output)
                                         : makeFailure(makeError(opening));
    if (!writeLine(output, answer))
      return 1;
  }
}
