//===- Driver.h - The commands of the tapml tool -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DRIVER_DRIVER_H
#define TAPML_DRIVER_DRIVER_H

#include "tapml/Migration/TestSettings.h"
#include "tapml/Pipelines/Pipelines.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// What `tapml compile` was asked for.
struct CompileJob {
  std::string input;
  std::string output;
  CompileOptions options;
  /// Stop after this stage and write its IR to `output` ("-" for stdout).
  std::optional<Stage> stopAfter;
  /// Directory for the IR after every stage and for every binary.
  std::string dumpDir;
  /// Plugins to load before the graph is parsed and the pipeline is built.
  std::vector<std::string> dialectPlugins, plugins;
  /// Where to write what repeats the failure of a pass.
  std::string reproducer;
  /// Print the time of every pass.
  bool timing = false;
};

/// Compiles. Diagnostics go to stderr; nothing is written on failure.
mlir::LogicalResult compile(const CompileJob &job);

/// Prints where every operator would run, and why.
mlir::LogicalResult explain(const CompileJob &job, bool json);

/// What `tapml run` was asked for.
struct RunJob {
  std::string executable;
  /// The recorded sample to run and to compare with; or inputs by hand.
  std::optional<unsigned> sample;
  /// `NAME=FILE.npy` each.
  std::vector<std::string> inputs;
  /// `FILE.npz` for all outputs; empty for none.
  std::string output;
  /// `DEVICE` for the only target, or `PLACE=DEVICE`.
  std::vector<std::string> devices;
  std::string weights;
  unsigned threads = 0;
  /// How long a device may take; 0 for the runtime's default.
  uint64_t deadlineMs = 0;
  unsigned repeat = 1;
  bool validation = false;
  bool noHostCode = false;
  bool json = false;
  /// Fail if an output differs more than this from the sample's.
  std::optional<double> maxDifference;
};

/// Runs an executable. Diagnostics go to stderr.
mlir::LogicalResult run(const RunJob &job);

/// What `tapml carve` was asked for.
struct CarveJob {
  std::string package;
  /// Directory of the tests.
  std::string output;
  /// How many visits of equal signature become tests.
  unsigned keep = 2;
  bool json = false;
};

/// Makes tests from the records of a package and prints the coverage table.
/// Fails if an operator's oracle is in doubt. Diagnostics go to stderr.
mlir::LogicalResult carve(const CarveJob &job);

/// What `tapml test` was asked for.
struct TestJob {
  /// Test files, and directories that are searched for them.
  std::vector<std::string> paths;
  /// Where they run, and how.
  TestSettings settings;
  /// Tests that run at the same time; 0 for one per processor.
  unsigned jobs = 0;
  std::string junit;
  bool json = false;
};

/// Runs carved tests. Prints failures as they come and a summary line last.
/// Fails unless every test that the target can run passes. With `exportTo`
/// compiles them only, and writes their executables and data.
mlir::LogicalResult test(const TestJob &job);

/// Returns the profile of the device with that id as JSON, as `parseProfile`
/// reads it.
llvm::Expected<std::string> getDeviceProfile(llvm::StringRef id);

/// Lists the devices of this machine, as a table or as JSON; with `profile`,
/// the profile of that device alone, as `--target=NAME=FILE` takes it.
mlir::LogicalResult listDevices(bool json, llvm::StringRef profile);

/// Parses the command line and runs the command. Returns the exit code.
int runDriver(int argc, char **argv);

} // namespace tapml

#endif // TAPML_DRIVER_DRIVER_H
