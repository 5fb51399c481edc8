//===- Carve.h - From records to tests --------------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_CARVE_H
#define TAPML_MIGRATION_CARVE_H

#include "tapml/Migration/Coverage.h"
#include "tapml/Migration/Records.h"
#include <functional>
#include <optional>

namespace tapml {

/// What to carve.
struct CarveOptions {
  /// The model's name, for people.
  std::string model;
  /// Directory of the package, and its files.
  std::string directory, graphPath, weightsPath;
  /// Directory of the tests. Tests of an earlier carving are replaced.
  std::string output;
  /// The samples to carve from; all of them if empty.
  std::vector<int64_t> samples;
  /// How many visits of equal signature become tests.
  unsigned keep = 2;
  /// Called before each test with its number, from 1, and how many there are.
  std::function<void(unsigned, unsigned)> progress;
};

/// Writes a test for every operator of `graph`, for every signature that it was
/// recorded with, of those visits whose value ranges differ most. The directory
/// then has all that the tests need.
llvm::Expected<Coverage> carveTests(mlir::ModuleOp graph,
                                    const CarveOptions &options);

/// Writes one test of the operators that have `instances`, together, as the
/// only sample of `options` executed them: its inputs are what they take from
/// others, its results what others take from them. With `fused` they are to be
/// merged into regions. Returns the test's path from the directory.
llvm::Expected<std::string> carveSet(mlir::ModuleOp graph,
                                     const CarveOptions &options,
                                     llvm::ArrayRef<std::string> instances,
                                     bool fused);

} // namespace tapml

#endif // TAPML_MIGRATION_CARVE_H
