//===- Package.h - Captured models on disk ----------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_COMPILER_PACKAGE_H
#define TAPML_COMPILER_PACKAGE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tapml {

/// A captured model on disk: `X.tapml/` as `python -m tapml capture` writes it,
/// or a graph alone (`graph.mlir`), which can be compiled but has no weights or
/// samples to run with.
struct Package {
  std::string name;
  std::string directory;  ///< Path of the package; empty for a graph alone.
  std::string graph;      ///< Path of the graph.
  std::string weights;    ///< Path of the safetensors file; may be empty.
  std::string samplesDir; ///< Directory of the samples; may be empty.
};

/// Finds the parts of the package at `path`. Fails if there is no graph or if
/// the package is of another version.
llvm::Expected<Package> openPackage(llvm::StringRef path);

} // namespace tapml

#endif // TAPML_COMPILER_PACKAGE_H
