//===- Output.h - What the tapml tool writes --------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DRIVER_OUTPUT_H
#define TAPML_LIB_DRIVER_OUTPUT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/LogicalResult.h"
#include "llvm/Support/WithColor.h"

namespace tapml {

/// Prints an error on stderr, after what stdout holds, and fails.
inline llvm::LogicalResult fail(const llvm::Twine &message) {
  llvm::outs().flush();
  llvm::WithColor::error(llvm::errs(), "tapml") << message << "\n";
  return llvm::failure();
}

/// Writes the IR of a module, with its locations or without; "-" is stdout. The
/// file is whole or not there. Says what went wrong.
llvm::LogicalResult writeModule(mlir::ModuleOp module, llvm::StringRef path,
                                bool locations = true);

} // namespace tapml

#endif // TAPML_LIB_DRIVER_OUTPUT_H
