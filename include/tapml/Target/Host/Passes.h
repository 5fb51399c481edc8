//===- Passes.h - From host kernels to machine code -------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_HOST_PASSES_H
#define TAPML_TARGET_HOST_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tapml {

#define GEN_PASS_DECL
#include "tapml/Target/Host/Passes.h.inc"

class HostObjectCache;

/// The pass, with machine code that was made before. `cache` may be null.
std::unique_ptr<mlir::Pass>
createCompileHostPass(CompileHostPassOptions options, HostObjectCache *cache);

#define GEN_PASS_REGISTRATION
#include "tapml/Target/Host/Passes.h.inc"

} // namespace tapml

#endif // TAPML_TARGET_HOST_PASSES_H
