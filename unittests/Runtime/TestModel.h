//===- TestModel.h - A small executable for the runtime's tests -*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_UNITTESTS_RUNTIME_TESTMODEL_H
#define TAPML_UNITTESTS_RUNTIME_TESTMODEL_H

#include "Session.h"

#include "gtest/gtest.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

/// Ends a test that needs what this machine does not have: skips it, or fails
/// it where TAPML_TEST_COMPLETE says that everything is here.
#define TAPML_MISSING(why)                                                     \
  do {                                                                         \
    if (std::getenv("TAPML_TEST_COMPLETE"))                                    \
      FAIL() << (why) << ", and TAPML_TEST_COMPLETE is set";                   \
    GTEST_SKIP() << (why);                                                     \
  } while (false)

namespace tapml::rt::test {

using OrderedJson = nlohmann::ordered_json;

/// A directory that goes away with the object.
class TemporaryDirectory {
public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string file(const std::string &name) const { return path + "/" + name; }
  /// Names of the files in it.
  std::vector<std::string> list() const;
  const std::string path;
};

std::string readFile(const std::string &path);
void writeFile(const std::string &path, const std::string &contents);

/// The manifest of a model with inputs x: f32[n] and ids: i64[n] and the
/// outputs y = x + 2 w, z = y + 2 w and next = ids + 1. Operators run at
/// `place`, "host" or a kind of device; `ids` is narrowed to 32 bits on the
/// way. With `mixed`, z is computed at the host.
OrderedJson makeManifest(const std::string &place, bool mixed = false);

/// Writes the model's executable and weights. Returns the executable's path.
/// `sections` replace those of the model with their names.
std::string writeModel(const TemporaryDirectory &directory,
                       const OrderedJson &manifest,
                       const std::map<std::string, std::string> &sections = {});

/// Runs the model for n elements and compares every output.
void runAndCheck(Session &session, int64_t n, bool perStep = false);

/// Runs with these ids; for errors.
Status runWithIds(Session &session, const std::vector<int64_t> &ids);

/// True when `status` is a failure whose message contains `text`.
::testing::AssertionResult failsWith(const Status &status, StatusCode code,
                                     const std::string &text);

} // namespace tapml::rt::test

#endif // TAPML_UNITTESTS_RUNTIME_TESTMODEL_H
