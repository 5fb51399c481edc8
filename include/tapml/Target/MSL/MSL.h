//===- MSL.h - The shader language of Metal ------------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_MSL_MSL_H
#define TAPML_TARGET_MSL_MSL_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include <functional>
#include <string>

namespace tapml {

/// Returns `kernels`, which are in one gpu.module, as the text of one MSL
/// module. Only reads the IR. Reports what MSL cannot express where it is.
mlir::FailureOr<std::string>
translateToMSL(llvm::ArrayRef<mlir::gpu::GPUFuncOp> kernels);

/// Registers the translation `tapml-to-msl`, which reads modules of the
/// dialects that `registerDialects` adds.
void registerMSLTranslation(
    const std::function<void(mlir::DialectRegistry &)> &registerDialects);

} // namespace tapml

#endif // TAPML_TARGET_MSL_MSL_H
