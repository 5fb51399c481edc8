//===- WGSL.h - The shader language of WebGPU ----------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_WGSL_WGSL_H
#define TAPML_TARGET_WGSL_WGSL_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include <functional>
#include <string>

namespace tapml {

/// Returns `kernels`, which are in one gpu.module, as the text of one WGSL
/// module. Only reads the IR. Reports what WGSL cannot express where it is.
mlir::FailureOr<std::string>
translateToWGSL(llvm::ArrayRef<mlir::gpu::GPUFuncOp> kernels);

/// Registers the translation `tapml-to-wgsl`, which reads modules of the
/// dialects that `registerDialects` adds.
void registerWGSLTranslation(
    const std::function<void(mlir::DialectRegistry &)> &registerDialects);

} // namespace tapml

#endif // TAPML_TARGET_WGSL_WGSL_H
