//===- StepProtocol.cpp - What a migration and its worker say -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepProtocol.h"
#include <cerrno>
#include <unistd.h>

using namespace llvm;
using namespace tapml;

json::Value tapml::toJSON(const PlacedOperator &op) {
  return json::Object{{"instance", op.instance},
                      {"op", op.op},
                      {"movable", op.movable},
                      {"reason", op.reason},
                      {"operands", op.operands}};
}

bool tapml::fromJSON(const json::Value &value, PlacedOperator &op,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("instance", op.instance) && map.map("op", op.op) &&
         map.map("movable", op.movable) && map.map("reason", op.reason) &&
         map.map("operands", op.operands);
}

bool tapml::fromJSON(const json::Value &value, ModelListing &listing,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("operators", listing.operators) &&
         map.map("device", listing.device) &&
         map.map("samples", listing.samples) &&
         map.map("sample_sizes", listing.sampleSizes);
}

bool tapml::writeLine(int file, const json::Value &value) {
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
