//===- Tapx.h - From a lowered module to an executable ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_TAPX_TAPX_H
#define TAPML_TARGET_TAPX_TAPX_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace tapml {

struct TapxOptions {
  /// What the executable calls the model; the module's name if empty.
  std::string model;
  /// Path of the safetensors file. Required if the model has weights, which the
  /// executable names but does not hold.
  std::string weights;
  /// Path of the directory of samples; empty if there are none.
  std::string samples;
  /// Path that the executable will have: it names the files above relative to
  /// itself.
  std::string output;
};

/// A part of an executable file. `data` belongs to the module, or to the
/// contents if it is the manifest's.
struct TapxSectionData {
  std::string name;
  llvm::ArrayRef<char> data;
};

/// What an executable file consists of, ready for the container.
struct TapxContents {
  /// The manifest, as JSON.
  std::string manifest;
  /// The other sections: shader modules and host code.
  std::vector<TapxSectionData> sections;
};

/// Translates a module in which every kernel is a binary (`tapml-compile-host`,
/// `tapml-convert-to-spirv`) and memory is planned (`tapml-plan-memory`) to the
/// contents of an executable. The functions that compute sizes become tables of
/// expressions. Diagnostics are on the operations.
mlir::FailureOr<TapxContents> translateToTapx(mlir::ModuleOp module,
                                              const TapxOptions &options);

/// Prints JSON for people: what fits on a line is on one.
void printReadableJson(const llvm::json::Value &value, llvm::raw_ostream &os);

} // namespace tapml

#endif // TAPML_TARGET_TAPX_TAPX_H
