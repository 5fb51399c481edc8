//===- TestWorker.h - What a thread needs for tests -------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_TESTWORKER_H
#define TAPML_LIB_MIGRATION_TESTWORKER_H

#include "DType.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Migration/TestRunner.h"

namespace tapml {

/// A context whose diagnostics are kept.
struct QuietContext {
  QuietContext()
      : context(mlir::MLIRContext::Threading::DISABLED),
        handler(&context, [this](mlir::Diagnostic &diagnostic) {
          add(diagnostic);
          return mlir::success();
        }) {
    prepareContext(context);
    context.loadDialect<TapMLDialect>();
  }

  void add(mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
      return;
    llvm::raw_string_ostream os(messages);
    if (!messages.empty())
      os << "; ";
    if (auto loc =
            llvm::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()))
      os << loc.getFilename().getValue() << ":" << loc.getLine() << ": ";
    os << diagnostic;
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      os << " (" << note << ")";
  }

  std::string takeMessages() { return std::exchange(messages, ""); }

  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
  std::string messages;
};

/// What a thread needs for the tests of one body.
struct TestRunner::Worker {
  QuietContext quiet;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ExecutableHandle executable;
  SessionHandle session;
};

/// Why a test cannot be found again.
constexpr char changedMessage[] = "changed while it was read";

/// The runtime's name for an element type; nothing, with a message, when it has
/// none.
std::optional<rt::DType> getRuntimeType(mlir::Type element, TestResult &result);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_TESTWORKER_H
