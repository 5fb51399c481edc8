//===- Compiler.h - From a graph to the bytes of an executable --*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The whole path in one process, for those who compile more than once: the
// driver, carved tests and migrations.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_COMPILER_COMPILER_H
#define TAPML_COMPILER_COMPILER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tapml/Compiler/Package.h"
#include "tapml/Pipelines/Pipelines.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/Support/SourceMgr.h"
#include <functional>

namespace tapml {

/// Makes `context` know every dialect, and print diagnostics by the operator's
/// place in the user's source.
void prepareContext(mlir::MLIRContext &context);

/// Loads shared objects that register dialects, and makes `context` know them.
llvm::Error loadDialectPlugins(llvm::ArrayRef<std::string> paths,
                               mlir::MLIRContext &context);

/// Loads shared objects that register passes, for hooks to name.
llvm::Error loadPassPlugins(llvm::ArrayRef<std::string> paths);

/// Parses the graph at `path`. Diagnostics, now and later, show the text as
/// long as `sourceMgr` lives.
mlir::OwningOpRef<mlir::ModuleOp> parseGraph(llvm::StringRef path,
                                             llvm::SourceMgr &sourceMgr,
                                             mlir::MLIRContext &context);

/// Called around the stages of a compilation.
struct StageCallbacks {
  std::function<void(Stage)> before;
  /// A failure ends the compilation.
  std::function<mlir::LogicalResult(Stage, mlir::ModuleOp)> after;
  /// Print the time of every pass.
  bool timing = false;
  /// Where to write what repeats the failure of a pass after the partition. Up
  /// to there, what fails is the user's graph or plan, and both are files
  /// already; what fails later is for whoever mends the compiler. Empty: none.
  std::string reproducer;
};

/// Takes `module` through every stage up to `last`, in place. Diagnostics are
/// on the operations.
mlir::LogicalResult runStages(mlir::ModuleOp module, Stage last,
                              const CompileOptions &options,
                              const StageCallbacks &callbacks = {});

/// Returns the bytes of the executable of a module that has been through the
/// last stage.
mlir::FailureOr<std::string> packExecutable(mlir::ModuleOp module,
                                            const TapxOptions &options);

} // namespace tapml

#endif // TAPML_COMPILER_COMPILER_H
