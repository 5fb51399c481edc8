//===- Binding.cpp - Execution of a program -------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Binding.h"

#include <limits>
#include <nlohmann/json.hpp>

using namespace tapml::rt;

using Clock = std::chrono::steady_clock;

static double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

std::string RunReport::toJson() const {
  nlohmann::ordered_json json;
  json["total_ms"] = totalMilliseconds;
  json["bind_ms"] = bindMilliseconds;
  json["bytes_to_devices"] = bytesToDevices;
  json["bytes_from_devices"] = bytesFromDevices;
  json["places"] = nlohmann::ordered_json::array();
  for (const Place &place : places)
    json["places"].push_back({{"name", place.name},
                              {"device", place.device},
                              {"launches", place.launches},
                              {"submissions", place.submissions},
                              {"ms", place.milliseconds}});
  json["steps"] = nlohmann::ordered_json::array();
  for (const Step &step : steps)
    json["steps"].push_back({{"what", step.what},
                             {"place", places[step.place].name},
                             {"launches", step.launches},
                             {"ms", step.milliseconds}});
  return json.dump(2, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

/// "[1, 3]" for element `position` of a row-major tensor.
static std::string describeIndex(const Shape &shape, int64_t position) {
  std::string text;
  for (size_t i = shape.size(); i-- > 0;) {
    text =
        std::to_string(position % shape[i]) + (text.empty() ? "" : ", ") + text;
    position /= shape[i];
  }
  return "[" + text + "]";
}

Status Binding::convert(const Conversion &conversion,
                        const std::vector<void *> &table) const {
  auto address = [&](const BufferRange &range) {
    return static_cast<uint8_t *>(table[range.external]) + range.offset;
  };
  const uint8_t *source = address(conversion.source);
  uint8_t *target = address(conversion.target);
  // The caller's memory may have any alignment.
  for (int64_t i = 0; i < conversion.count; ++i) {
    if (!conversion.narrow) {
      int32_t narrow;
      std::memcpy(&narrow, source + i * 4, 4);
      int64_t wide = narrow;
      std::memcpy(target + i * 8, &wide, 8);
      continue;
    }
    int64_t wide;
    std::memcpy(&wide, source + i * 8, 8);
    if (wide < std::numeric_limits<int32_t>::min() ||
        wide > std::numeric_limits<int32_t>::max())
      return makeError(StatusCode::InvalidArgument, conversion.what,
                       ": element ", describeIndex(conversion.shape, i), " is ",
                       wide,
                       ", which does not fit in the 32 bits that the device "
                       "has; use smaller values, or keep the operator on the "
                       "host");
    int32_t narrow = int32_t(wide);
    std::memcpy(target + i * 4, &narrow, 4);
  }
  return Status();
}

Status Binding::executeAction(const Action &action,
                              const std::vector<void *> &table,
                              std::vector<std::vector<Ticket>> &tickets) {
  Device &device = *executable.device(action.place);
  switch (action.kind) {
  case Action::Kind::Submit: {
    TAPML_ASSIGN_OR_RETURN(Ticket ticket,
                           device.submit(*lists[action.index].recorded, table));
    tickets[action.place].push_back(ticket);
    return Status();
  }
  case Action::Kind::Wait: {
    std::vector<Ticket> waiting;
    waiting.swap(tickets[action.place]);
    for (size_t i = 0; i < waiting.size(); ++i) {
      Status status = device.wait(waiting[i], executable.deadline());
      if (!status.ok()) {
        tickets[action.place].assign(waiting.begin() + long(i) + 1,
                                     waiting.end());
        return status;
      }
    }
    return Status();
  }
  case Action::Kind::Convert:
    return convert(conversions[action.index], table);
  }
  return Status();
}

Status Binding::observe(const std::vector<uint32_t> &ids,
                        const std::vector<void *> &table,
                        std::vector<ObservedValue> &values) const {
  const Manifest &m = executable.manifest();
  for (uint32_t id : ids) {
    const ValueDesc &desc = m.main.values[id];
    ObservedValue value;
    value.id = id;
    value.shape = &valueShapes[id];
    const BufferRange &range = valueRanges[id];
    if (desc.kind != ValueDesc::Kind::Weight && range.size) {
      value.bytes.resize(range.size);
      if (!range.buffer) {
        const auto *base = static_cast<const uint8_t *>(table[range.external]);
        std::memcpy(value.bytes.data(), base + range.offset, range.size);
      } else {
        TAPML_RETURN_IF_ERROR(executable.device(desc.place)
                                  ->download(*range.buffer, range.offset,
                                             value.bytes.data(), range.size));
      }
    }
    values.push_back(std::move(value));
  }
  return Status();
}

Status Binding::execute(const std::vector<void *> &table,
                        const RunOptions &options, RunReport &report,
                        std::vector<std::vector<Ticket>> &tickets) {
  const std::vector<StepDesc> &steps = executable.manifest().main.steps;
  size_t numSteps = options.observer ? steps.size() : 0;
  auto action = program.begin();
  auto runActions = [&](size_t beforeStep) -> Status {
    for (; action != program.end() && action->step < beforeStep; ++action) {
      Clock::time_point start = Clock::now();
      TAPML_RETURN_IF_ERROR(executeAction(*action, table, tickets));
      double elapsed = millisecondsSince(start);
      report.places[action->place].milliseconds += elapsed;
      if (perStep && action->step < report.steps.size())
        report.steps[action->step].milliseconds += elapsed;
    }
    return Status();
  };
  for (size_t i = 0; i < numSteps; ++i) {
    const StepDesc &step = steps[i];
    bool moves = step.op == StepDesc::Op::Transfer;
    std::vector<uint32_t> from{step.from}, to{step.to};
    ObservedStep observed;
    observed.index = i;
    observed.place = report.steps[i].place;
    TAPML_RETURN_IF_ERROR(
        observe(moves ? from : step.operands, table, observed.operands));
    TAPML_RETURN_IF_ERROR(runActions(i + 1));
    TAPML_RETURN_IF_ERROR(
        observe(moves ? to : step.results, table, observed.results));
    TAPML_RETURN_IF_ERROR(options.observer(observed));
  }
  return runActions(SIZE_MAX);
}

Status Binding::run(const std::vector<void *> &inputs,
                    const std::vector<void *> &outputs,
                    const RunOptions &options, RunReport &report) {
  double bindTime = report.bindMilliseconds;
  report = counts;
  report.bindMilliseconds = bindTime;
  size_t next = executable.manifest().weights.size();
  for (void *input : inputs)
    externals[next++] = input;
  for (void *output : outputs)
    externals[next++] = output;
  std::vector<std::vector<Ticket>> tickets(report.places.size());
  Clock::time_point start = Clock::now();
  Status status = execute(externals, options, report, tickets);
  // Devices must let go of the caller's memory even when something failed.
  if (!status.ok())
    for (uint32_t place = 0; place < tickets.size(); ++place)
      for (Ticket ticket : tickets[place])
        (void)executable.device(place)->wait(ticket, executable.deadline());
  report.totalMilliseconds = millisecondsSince(start) + bindTime;
  return status;
}
