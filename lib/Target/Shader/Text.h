//===- Text.h - Kernels as the text of a shader --------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_TEXT_H
#define TAPML_LIB_TARGET_SHADER_TEXT_H

#include "Language.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace tapml::shader {

/// Returns the text of `kernels`, which are in one gpu.module, with the
/// functions and constants that they use. The IR must be legal for the
/// language: what it cannot express is reported at its place, and there is no
/// text.
mlir::FailureOr<std::string>
emitText(llvm::ArrayRef<mlir::gpu::GPUFuncOp> kernels,
         const Language &language);

/// Writes a text for every gpu.module in `root` to `os`; several are separated
/// by lines of `// -----`.
mlir::LogicalResult translate(mlir::Operation *root, const Language &language,
                              llvm::raw_ostream &os);

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_TEXT_H
