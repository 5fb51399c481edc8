//===- ParsedModule.h - IR from a file --------------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_DRIVER_PARSEDMODULE_H
#define TAPML_LIB_DRIVER_PARSEDMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"
#include <memory>

namespace tapml {

/// A module that was read from a file, with what it needs to stay alive.
/// Diagnostics go to stderr and show the line.
struct ParsedModule {
  ParsedModule();

  /// Fails with a message where the file cannot be read, or with diagnostics.
  mlir::LogicalResult parse(llvm::StringRef path);

  mlir::MLIRContext context;
  llvm::SourceMgr sourceMgr;
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> diagnostics;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace tapml

#endif // TAPML_LIB_DRIVER_PARSEDMODULE_H
