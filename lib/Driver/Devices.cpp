//===- Devices.cpp - What is here to run on ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Output.h"
#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Driver/Driver.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace tapml;

/// Prints one device: its id and driver, then features and limits.
static void printDevice(const json::Object &device) {
  outs() << left_justify(device.getString("id").value_or("?"), 10)
         << device.getString("driver").value_or("") << "\n";
  const json::Object *profile = device.getObject("profile");
  if (!profile)
    return;
  if (const json::Array *features = profile->getArray("features")) {
    std::string line;
    for (const json::Value &feature : *features) {
      StringRef name = feature.getAsString().value_or("");
      if (line.size() + name.size() > 66) {
        outs() << "          " << line << "\n";
        line.clear();
      }
      line += (line.empty() ? "" : " ") + name.str();
    }
    if (!line.empty())
      outs() << "          " << line << "\n";
  }
  if (const json::Object *limits = profile->getObject("limits"))
    for (const auto &[name, value] : *limits)
      outs() << "          " << left_justify(StringRef(name), 32)
             << formatv("{0}", value) << "\n";
}

/// Returns what the runtime finds; `note` says what it could not look for.
static Expected<json::Value> queryDevices(std::string &note) {
  char *text = nullptr, *noteText = nullptr;
  if (Error error = takeStatus(tapml_list_devices(&text, &noteText)))
    return std::move(error);
  Expected<json::Value> devices = json::parse(text);
  note = noteText ? noteText : "";
  tapml_string_free(text);
  tapml_string_free(noteText);
  if (devices && !devices->getAsArray())
    return createStringError("the runtime's list of devices is not an array");
  return devices;
}

Expected<std::string> tapml::getDeviceProfile(StringRef id) {
  std::string note;
  Expected<json::Value> devices = queryDevices(note);
  if (!devices)
    return devices.takeError();
  for (const json::Value &value : *devices->getAsArray())
    if (const json::Object *device = value.getAsObject())
      if (device->getString("id") == id && device->get("profile"))
        return formatv("{0:2}", *device->get("profile")).str();
  return createStringError("no device '" + id +
                           "'; 'tapml devices' lists them" +
                           (note.empty() ? "" : ". " + note));
}

LogicalResult tapml::listDevices(bool json, StringRef profile) {
  if (!profile.empty()) {
    Expected<std::string> text = getDeviceProfile(profile);
    if (!text)
      return fail(toString(text.takeError()));
    outs() << *text << "\n";
    return success();
  }
  std::string note;
  Expected<json::Value> devices = queryDevices(note);
  if (!devices)
    return fail(toString(devices.takeError()));
  if (json) {
    outs() << formatv("{0:2}", *devices) << "\n";
  } else {
    for (const json::Value &value : *devices->getAsArray())
      if (const json::Object *device = value.getAsObject())
        printDevice(*device);
  }
  if (!note.empty())
    WithColor::note(errs(), "tapml") << note << "\n";
  return success();
}
