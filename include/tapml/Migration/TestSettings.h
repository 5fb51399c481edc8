//===- TestSettings.h - Where carved tests run ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_TESTSETTINGS_H
#define TAPML_MIGRATION_TESTSETTINGS_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tapml {

class HostObjectCache;

/// Where tests run, and how.
struct TestSettings {
  /// `NAME`, `NAME=PRESET` or `NAME=PROFILE.json`; `host` for the host.
  std::string target = "host";
  /// The target's device; empty for the first of its kind.
  std::string device;
  /// Glob that the operator's name or the file's must match; empty for all.
  std::string filter;
  /// Directory for what a failure leaves behind; empty for nowhere.
  std::string evidence;
  /// Directory for tests that are to run elsewhere (docs/Browser.md); without,
  /// they run here.
  std::string exportTo;
  /// A test whose inputs give the others their values, in their own shapes;
  /// empty for the values that each has.
  std::string valuesFrom;
  std::vector<std::string> plugins;
  std::multimap<std::string, std::string> hooks;
  bool validation = false;
  /// How long a device may take; 0 for the runtime's default.
  uint64_t deadlineMs = 0;
  /// The host's code of tests and steps before; null for none.
  HostObjectCache *hostObjects = nullptr;
};

} // namespace tapml

#endif // TAPML_MIGRATION_TESTSETTINGS_H
