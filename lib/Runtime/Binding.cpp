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

Status Binding::execute(const std::vector<void *> &table, RunReport &report,
                        std::vector<std::vector<Ticket>> &tickets) {
  for (const Action &action : program) {
    Clock::time_point start = Clock::now();
    Device &device = *executable.device(action.place);
    switch (action.kind) {
    case Action::Kind::Submit: {
      TAPML_ASSIGN_OR_RETURN(
          Ticket ticket, device.submit(*lists[action.index].recorded, table));
      tickets[action.place].push_back(ticket);
      break;
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
      break;
    }
    case Action::Kind::Convert:
      TAPML_RETURN_IF_ERROR(convert(conversions[action.index], table));
      break;
    }
    double elapsed = millisecondsSince(start);
    report.places[action.place].milliseconds += elapsed;
    if (perStep && action.step < report.steps.size())
      report.steps[action.step].milliseconds += elapsed;
  }
  return Status();
}

Status Binding::run(const std::vector<void *> &inputs,
                    const std::vector<void *> &outputs, RunReport &report) {
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
  Status status = execute(externals, report, tickets);
  // Devices must let go of the caller's memory even when something failed.
  if (!status.ok())
    for (uint32_t place = 0; place < tickets.size(); ++place)
      for (Ticket ticket : tickets[place])
        (void)executable.device(place)->wait(ticket, executable.deadline());
  report.totalMilliseconds = millisecondsSince(start) + bindTime;
  return status;
}
