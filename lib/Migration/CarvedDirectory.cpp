//===- CarvedDirectory.cpp - A directory of tests -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CarvedDirectory.h"
#include "Support.h"
#include "tapml/Migration/CarvedTest.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tapml;

/// Lets `lit DIRECTORY` run the tests; independent of where that is.
static constexpr StringLiteral kLitConfig =
    R"py(# Runs the tests in this directory: lit DIRECTORY. Needs `tapml` on the PATH.

import json
import os
import subprocess

import lit.formats

config.name = "carved"
config.test_format = lit.formats.ShTest(False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tests")
config.test_exec_root = config.test_source_root

# Which driver or library to use is said by these.
for name in ("VK_ICD_FILENAMES", "VK_DRIVER_FILES", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH",
             "TAPML_WEBGPU_LIBRARY", "TAPML_METAL_STAND_IN", "TAPML_METAL_HEADERS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

devices = subprocess.run(["tapml", "devices", "--json"], capture_output=True, text=True)
if devices.returncode != 0:
    lit_config.fatal("tapml devices: " + devices.stderr)
for device in json.loads(devices.stdout):
    # "vulkan:0" is the first device of its kind.
    config.available_features.add(device["id"].split(":")[0])
)py";

CarvedDirectory::CarvedDirectory(StringRef path)
    : path(path.rtrim('/')), store(joinPath(path, "data")) {}

Error CarvedDirectory::begin() {
  if (!sys::fs::exists(joinPath(path, "lit.cfg.py"))) {
    std::error_code error;
    std::vector<std::string> leftovers;
    for (sys::fs::directory_iterator it(path, error), end; it != end && !error;
         it.increment(error)) {
      // Of a carving that was killed when it had just begun.
      if (!sys::path::filename(it->path()).starts_with("lit.cfg.py.tmp."))
        return makeError(path + ": is not empty and holds no carved tests; "
                                "name another directory");
      leftovers.push_back(it->path());
    }
    for (const std::string &leftover : leftovers)
      sys::fs::remove(leftover);
  }
  // Until the end it is not whole.
  sys::fs::remove(joinPath(path, "coverage.json"));
  return writeFile(joinPath(path, "lit.cfg.py"), kLitConfig);
}

/// `name` with characters that every file system takes, different for different
/// names.
static std::string sanitize(StringRef name) {
  std::string result = name.str();
  for (char &c : result)
    if (!isAlnum(c) && c != '.' && c != '_' && c != '-')
      c = '_';
  if (result != name)
    result += "-" + hashContent({name.data(), name.size()}).substr(0, 8);
  return result;
}

Expected<std::string> CarvedDirectory::writeTest(StringRef op, StringRef name,
                                                 StringRef text) {
  std::string file = "tests/" + sanitize(op) + "/" + sanitize(name) + ".mlir";
  {
    std::lock_guard<std::mutex> lock(mutex);
    tests.insert(file);
  }
  if (Error error = writeFile(joinPath(path, file), text))
    return std::move(error);
  return file;
}

/// Calls `callback` with every file below `directory`.
static void forEachFile(StringRef directory,
                        function_ref<void(StringRef)> callback) {
  std::error_code error;
  std::vector<std::string> files;
  for (sys::fs::recursive_directory_iterator it(directory, error), end;
       it != end && !error; it.increment(error))
    if (it->type() == sys::fs::file_type::regular_file)
      files.push_back(it->path());
  for (const std::string &file : files)
    callback(file);
}

Error CarvedDirectory::finish(Coverage &coverage) {
  forEachFile(joinPath(path, "tests"), [&](StringRef file) {
    StringRef relative = file.drop_front(path.size() + 1);
    if (!tests.contains(relative) && relative.ends_with(".mlir"))
      sys::fs::remove(file);
  });
  coverage.tensors = coverage.bytes = 0;
  forEachFile(store.getDirectory(), [&](StringRef file) {
    if (!store.holds(sys::path::filename(file))) {
      sys::fs::remove(file);
      return;
    }
    uint64_t size = 0;
    (void)sys::fs::file_size(file, size);
    ++coverage.tensors;
    coverage.bytes += size;
  });
  std::string text;
  raw_string_ostream os(text);
  printReadableJson(coverage.toJSON(), os);
  return writeFile(joinPath(path, "coverage.json"), text);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Checks that the tests that a carving wrote to `directory` are still there.
static Error checkComplete(StringRef directory) {
  std::string path = joinPath(directory, "coverage.json");
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer) {
    if (sys::fs::exists(joinPath(directory, "lit.cfg.py")))
      return makeError(directory + ": the carving of it did not come to its "
                                   "end; carve it again");
    return Error::success();
  }
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return makeError(path + ": not valid JSON: " + toString(value.takeError()));
  const json::Object *coverage = value->getAsObject();
  const json::Array *operators =
      coverage ? coverage->getArray("operators") : nullptr;
  if (!operators)
    return makeError(path + ": lists no operators; carve it again");
  for (const json::Value &entry : *operators) {
    const json::Object *op = entry.getAsObject();
    const json::Array *tests = op ? op->getArray("tests") : nullptr;
    if (!tests)
      return makeError(path +
                       ": has an operator without tests; carve it again");
    for (const json::Value &test : *tests) {
      std::string file = joinPath(directory, test.getAsString().value_or(""));
      if (!sys::fs::exists(file))
        return makeError(file + ": is missing, coverage.json lists it; carve "
                                "it again");
    }
  }
  return Error::success();
}

Error tapml::findTests(StringRef directory, StringRef evidence,
                       std::vector<std::string> &files) {
  if (Error error = checkComplete(directory))
    return error;
  std::error_code code;
  size_t before = files.size();
  for (sys::fs::recursive_directory_iterator it(directory, code), end;
       it != end && !code; it.increment(code)) {
    bool equal = false;
    if (it->type() == sys::fs::file_type::directory_file) {
      // What failures leave behind is no test.
      if (!sys::fs::equivalent(it->path(), evidence, equal) && equal)
        it.no_push();
    } else if (StringRef(it->path()).ends_with(".mlir")) {
      files.push_back(it->path());
    }
  }
  if (code)
    return makeError(directory + ": " + code.message());
  if (files.size() == before)
    return makeError(directory + ": holds no tests; 'tapml carve' makes them");
  std::sort(files.begin() + before, files.end());
  return Error::success();
}
