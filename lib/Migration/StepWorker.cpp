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
#include <thread>
#include <unistd.h>

using namespace llvm;
using namespace tapml;

extern char **environ;

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

void StepWorker::stop(bool waits) {
  if (input >= 0)
    close(input);
  if (output >= 0)
    close(output);
  input = output = -1;
  int status = 0;
  // Drivers may hang when they end, too.
  for (int i = 0; waits && process > 0 && i < 200; ++i) {
    if (waitpid(process, &status, WNOHANG) == process)
      process = -1;
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (process > 0) {
    kill(process, SIGKILL);
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
    double left = deadline - readSteadyClock();
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

Expected<StepWorker::Ending>
StepWorker::ask(const json::Value &question, json::Value &answer,
                function_ref<bool(const json::Object &)> listen) {
  if (process < 0)
    if (Error error = start())
      return std::move(error);
  if (!writeLine(input, question))
    return Ending::Died;
  double deadline = readSteadyClock() + job.stepDeadline;
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
    if (object && listen(*object)) {
      // It is alive; what is to come has its own time.
      deadline = readSteadyClock() + job.stepDeadline;
      continue;
    }
    if (object && object->get("error"))
      return makeError(object->getString("error").value_or(""));
    answer = std::move(*value);
    return Ending::Answered;
  }
}

std::string StepWorker::describeEnd(Ending ending) {
  std::string text = ending == Ending::Hung
                         ? formatv("no answer for {0} s; the worker was ended",
                                   job.stepDeadline)
                               .str()
                         : describeDeath();
  stop();
  return text;
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
  Expected<Ending> ending = ask(json::Object{{"list", true}}, answer);
  if (!ending)
    return ending.takeError();
  if (*ending != Ending::Answered) {
    return makeError(describeEnd(*ending) +
                     " while it opened the model and the device; " +
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
  auto listen = [&](const json::Object &line) {
    std::optional<StringRef> instance = line.getString("next");
    if (instance)
      next = instance->str();
    return instance.has_value();
  };
  Expected<Ending> ending =
      ask(json::Object{{"step", toJSON(request)}}, answer, listen);
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
  } else {
    error.kind = "crash";
  }
  error.message = describeEnd(*ending);
  report.error = std::move(error);
  return report;
}

Expected<json::Value> StepWorker::askForTests(json::Value question) {
  json::Value answer = nullptr;
  Expected<Ending> ending = ask(question, answer);
  if (!ending)
    return ending.takeError();
  if (*ending != Ending::Answered)
    return makeError(describeEnd(*ending) + " while it carved tests");
  const json::Object *object = answer.getAsObject();
  const json::Value *carved = object ? object->get("carved") : nullptr;
  return carved ? *carved : json::Value(nullptr);
}

Expected<std::optional<int64_t>> StepWorker::carve() {
  Expected<json::Value> count = askForTests(json::Object{{"carve", true}});
  if (!count)
    return count.takeError();
  return count->getAsInteger();
}

Expected<std::string> StepWorker::carve(const SetRequest &request) {
  Expected<json::Value> file =
      askForTests(json::Object{{"carve_set", toJSON(request)}});
  if (!file)
    return file.takeError();
  if (std::optional<StringRef> path = file->getAsString())
    return path->str();
  return makeError("the worker's answer is not a test");
}

Error StepWorker::test(TestRequest request,
                       function_ref<void(const TestVerdict &)> note) {
  for (;;) {
    StringMap<TestVerdict> running;
    std::vector<TestVerdict> doubtful;
    bool lost = false, left = false;
    auto settle = [&](const TestVerdict &verdict) {
      request.skip.push_back(verdict.file);
      if (verdict.status == "hang")
        llvm::append_range(request.hung, verdict.instances);
      note(verdict);
    };
    auto listen = [&](const json::Object &line) {
      const json::Value *begin = line.get("begin");
      const json::Value *value = begin ? begin : line.get("verdict");
      TestVerdict verdict;
      json::Path::Root root;
      if (!value || !fromJSON(*value, verdict, root))
        return false;
      if (begin) {
        running[verdict.file] = verdict;
        return true;
      }
      running.erase(verdict.file);
      lost |= verdict.status == "hang";
      left |= verdict.status == "not run";
      // A device that is lost takes other threads' tests with it.
      if (verdict.status == "error" || verdict.status == "hang")
        doubtful.push_back(std::move(verdict));
      else if (verdict.status != "not run")
        settle(verdict);
      return true;
    };
    json::Value answer = nullptr;
    Expected<Ending> ending =
        ask(json::Object{{"test", toJSON(request)}}, answer, listen);
    if (!ending)
      return ending.takeError();
    bool alone = request.threads == 1;
    if (*ending != Ending::Answered) {
      std::string what = describeEnd(*ending);
      if (running.empty())
        return makeError(what + " before a test began");
      for (auto &entry : running) {
        TestVerdict verdict = entry.second;
        verdict.status = "hang";
        verdict.message = what;
        doubtful.push_back(std::move(verdict));
      }
      lost = left = true;
    }
    if (!lost || alone)
      for (const TestVerdict &verdict : doubtful)
        settle(verdict);
    if (lost)
      stop();
    if (!lost || (alone && !left))
      return Error::success();
    // The rest one at a time, so that what takes the device is known.
    request.threads = 1;
  }
}
