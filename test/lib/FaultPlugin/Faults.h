//===- Faults.h - The faults that can be planted ----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TEST_LIB_FAULTPLUGIN_FAULTS_H
#define TAPML_TEST_LIB_FAULTPLUGIN_FAULTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace tapml {

struct FaultKind {
  llvm::StringRef name;
  /// Plants the fault in an operation that it fits. Returns whether it did.
  bool (*plant)(mlir::Operation *op, mlir::OpBuilder &builder);
  /// Whether every operation of the region that it fits gets it, as an emitter
  /// that is wrong is wrong in all that it emits.
  bool everywhere = false;
  /// For faults that lie between regions: plants it in the whole module, where
  /// `matches` says which operations belong to the operators.
  void (*plantInModule)(mlir::ModuleOp module,
                        llvm::function_ref<bool(mlir::Operation *)> matches) =
      nullptr;
};

/// Returns the fault of that name, or null.
const FaultKind *findFault(llvm::StringRef name);

/// Faults of operators, for the extension point after-partition.
llvm::ArrayRef<FaultKind> getOperatorFaults();

/// Faults of what kernels compute, for the extension point before-codegen.
llvm::ArrayRef<FaultKind> getComputationFaults();

/// Faults of emitted kernels and of their launches, for the extension point
/// after-legalisation.
llvm::ArrayRef<FaultKind> getKernelFaults();

/// Faults between regions: which executable and which buffer they use, for the
/// extension points after-partition and after-planning.
llvm::ArrayRef<FaultKind> getPlanFaults();

} // namespace tapml

#endif // TAPML_TEST_LIB_FAULTPLUGIN_FAULTS_H
