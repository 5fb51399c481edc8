//===- Compiler.h - From a graph to the bytes of an executable --*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DRIVER_COMPILER_H
#define TAPML_DRIVER_COMPILER_H

#include "mlir/IR/BuiltinOps.h"
#include "tapml/Pipelines/Pipelines.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>

namespace tapml {

/// Loads pass plugins, so that hooks can name their passes. Diagnostics go to
/// stderr.
mlir::LogicalResult loadPlugins(llvm::ArrayRef<std::string> paths);

/// Runs the passes of one stage. Diagnostics are those of the passes.
mlir::LogicalResult runStage(mlir::ModuleOp module, Stage stage,
                             const CompileOptions &options,
                             bool timing = false);

/// Returns the bytes of the executable for a module that has passed the last
/// stage. `tapx.output` is the path that it will have, or is said to have.
mlir::FailureOr<std::string> packExecutable(mlir::ModuleOp module,
                                            const TapxOptions &tapx);

/// Runs every stage and packs. `afterStage` is called after each, and may fail.
mlir::FailureOr<std::string> compileToMemory(
    mlir::ModuleOp module, const CompileOptions &options,
    const TapxOptions &tapx,
    llvm::function_ref<mlir::LogicalResult(Stage)> afterStage = nullptr);

/// Writes the IR of a module with its locations; "-" is stdout. The file is
/// whole or not there.
mlir::LogicalResult writeModule(mlir::ModuleOp module, llvm::StringRef path);

} // namespace tapml

#endif // TAPML_DRIVER_COMPILER_H
