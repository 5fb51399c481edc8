//===- StepWorker.cpp - The process that runs steps -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepWorker.h"
#include "Support.h"
#include "llvm/Support/FileSystem.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
using namespace tapml;

extern char **environ;

static double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Writes a value and a line end. False when nobody reads.
static bool writeLine(int file, const json::Value &value) {
  std::string line = formatv("{0}\n", value);
  for (size_t done = 0; done < line.size();) {
    ssize_t count = write(file, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    done += size_t(count);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The worker's side
//===----------------------------------------------------------------------===//

namespace tapml {
static json::Value toJSON(const PlacedOperator &op) {
  return json::Object{{"instance", op.instance},
                      {"op", op.op},
                      {"movable", op.movable},
                      {"reason", op.reason},
                      {"operands", op.operands}};
}

static bool fromJSON(const json::Value &value, PlacedOperator &op,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("instance", op.instance) && map.map("op", op.op) &&
         map.map("movable", op.movable) && map.map("reason", op.reason) &&
         map.map("operands", op.operands);
}

static bool fromJSON(const json::Value &value, ModelListing &listing,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("operators", listing.operators) &&
         map.map("device", listing.device) &&
         map.map("samples", listing.samples) &&
         map.map("sample_sizes", listing.sampleSizes);
}
} // namespace tapml

static json::Value makeFailure(Error error) {
  return json::Object{{"error", json::fixUTF8(toString(std::move(error)))}};
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
  StepRequest request;
  json::Path::Root root;
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

//===----------------------------------------------------------------------===//
// The migration's side
//===----------------------------------------------------------------------===//

/// The arguments with which this program becomes a worker for `job`.
static std::vector<std::string> makeArguments(const MigrateJob &job) {
  std::vector<std::string> arguments = {"tapml",
                                        "migrate",
                                        "--serve-steps",
                                        job.package,
                                        "--target=" + job.target,
                                        "-o",
                                        job.output,
                                        "--deadline-ms=" +
                                            std::to_string(job.deadlineMs)};
  if (!job.device.empty())
    arguments.push_back("--device=" + job.device);
  if (job.validation)
    arguments.push_back("--validation");
  for (int64_t sample : job.samples)
    arguments.push_back("--sample=" + std::to_string(sample));
  for (const std::string &plugin : job.plugins)
    arguments.push_back("--load-pass-plugin=" + plugin);
  for (auto &[point, pipeline] : job.hooks)
    arguments.push_back("--pipeline-hook=" + point + ":" + pipeline);
  return arguments;
}

Error StepWorker::start() {
  // Inherited by nobody but through the file actions below.
  int toWorker[2], fromWorker[2];
  if (pipe2(toWorker, O_CLOEXEC))
    return makeError(Twine("cannot start a worker: ") + std::strerror(errno));
  if (pipe2(fromWorker, O_CLOEXEC)) {
    int code = errno;
    close(toWorker[0]);
    close(toWorker[1]);
    return makeError(Twine("cannot start a worker: ") + std::strerror(code));
  }
  std::string program = sys::fs::getMainExecutable(
      nullptr, reinterpret_cast<void *>(&serveSteps));
  std::string log = joinPath(job.output, "worker.log");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, toWorker[0], 0);
  posix_spawn_file_actions_adddup2(&actions, fromWorker[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
  std::vector<std::string> arguments = makeArguments(job);
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int code = posix_spawn(&process, program.c_str(), &actions, nullptr,
                         pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(toWorker[0]);
  close(fromWorker[1]);
  input = toWorker[1];
  output = fromWorker[0];
  buffered.clear();
  if (code) {
    process = -1;
    stop();
    return makeError(Twine("cannot start a worker: ") + std::strerror(code));
  }
  ++starts;
  // A worker that dies while it is written to is noticed by the write.
  std::signal(SIGPIPE, SIG_IGN);
  return Error::success();
}

void StepWorker::stop() {
  if (input >= 0)
    close(input);
  if (output >= 0)
    close(output);
  input = output = -1;
  if (process > 0) {
    kill(process, SIGKILL);
    int status;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
      ;
  }
  process = -1;
}

StepWorker::Ending StepWorker::readLine(double deadline, std::string &line) {
  char chunk[65536];
  for (;;) {
    size_t end = buffered.find('\n');
    if (end != std::string::npos) {
      line = buffered.substr(0, end);
      buffered.erase(0, end + 1);
      return Ending::Answered;
    }
    double left = deadline - now();
    if (left <= 0)
      return Ending::Hung;
    pollfd waiting = {output, POLLIN, 0};
    int ready = poll(&waiting, 1, int(std::min(left, 3600.0) * 1000) + 1);
    if (ready <= 0)
      continue;
    ssize_t count = read(output, chunk, sizeof(chunk));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return Ending::Died;
    buffered.append(chunk, size_t(count));
  }
}

Expected<StepWorker::Ending> StepWorker::ask(const json::Value &question,
                                             json::Value &answer,
                                             std::string &next) {
  if (process < 0)
    if (Error error = start())
      return std::move(error);
  if (!writeLine(input, question))
    return Ending::Died;
  double deadline = now() + job.stepDeadline;
  for (;;) {
    std::string line;
    Ending ending = readLine(deadline, line);
    if (ending != Ending::Answered)
      return ending;
    Expected<json::Value> value = json::parse(line);
    if (!value) {
      // Something else wrote to the standard output.
      consumeError(value.takeError());
      continue;
    }
    json::Object *object = value->getAsObject();
    if (object && object->get("next")) {
      next = object->getString("next").value_or("").str();
      continue;
    }
    if (object && object->get("error"))
      return makeError(object->getString("error").value_or(""));
    answer = std::move(*value);
    return Ending::Answered;
  }
}

std::string StepWorker::describeDeath() {
  int status = 0;
  if (process < 0 || waitpid(process, &status, 0) != process)
    return "the worker is gone";
  process = -1;
  if (WIFSIGNALED(status))
    return (Twine("the worker was ended by signal ") + Twine(WTERMSIG(status)) +
            " (" + strsignal(WTERMSIG(status)) + ")")
        .str();
  return ("the worker ended with status " + Twine(WEXITSTATUS(status))).str();
}

Expected<ModelListing> StepWorker::list() {
  json::Value answer = nullptr;
  std::string next;
  Expected<Ending> ending = ask(json::Object{{"list", true}}, answer, next);
  if (!ending)
    return ending.takeError();
  if (*ending != Ending::Answered) {
    std::string what = *ending == Ending::Died ? describeDeath()
                                               : "the worker does not answer";
    stop();
    return makeError(what + " while it opened the model and the device; " +
                     joinPath(job.output, "worker.log") + " may say why");
  }
  ModelListing listing;
  json::Path::Root root("answer");
  if (!fromJSON(answer, listing, root))
    return root.getError();
  return listing;
}

Expected<StepReport> StepWorker::run(const StepRequest &request) {
  json::Value answer = nullptr;
  std::string next;
  Expected<Ending> ending =
      ask(json::Object{{"step", toJSON(request)}}, answer, next);
  if (!ending)
    return ending.takeError();
  StepReport report;
  if (*ending == Ending::Answered) {
    json::Path::Root root("answer");
    const json::Value *value =
        answer.getAsObject() ? answer.getAsObject()->get("report") : nullptr;
    if (!value || !fromJSON(*value, report, root))
      return makeError("the worker's answer is not a report");
    // A device that was lost or that hangs stays so.
    if (report.error && (report.error->kind == "deadline" ||
                         report.error->kind == "device lost"))
      stop();
    return report;
  }
  StepError error;
  error.instance = next;
  if (*ending == Ending::Hung) {
    error.kind = "hang";
    error.message =
        formatv("no answer for {0} s; the worker was ended", job.stepDeadline);
  } else {
    error.kind = "crash";
    error.message = describeDeath();
  }
  stop();
  report.error = std::move(error);
  return report;
}
