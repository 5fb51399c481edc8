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
#include "mlir/IR/Operation.h"

namespace tapml {

struct FaultKind {
  llvm::StringRef name;
  /// Plants the fault in an operation that it fits. Returns whether it did.
  bool (*plant)(mlir::Operation *op, mlir::OpBuilder &builder);
};

/// Returns the fault of that name, or null.
const FaultKind *findFault(llvm::StringRef name);

/// Faults of operators, for the extension point after-partition.
llvm::ArrayRef<FaultKind> getOperatorFaults();

} // namespace tapml

#endif // TAPML_TEST_LIB_FAULTPLUGIN_FAULTS_H
