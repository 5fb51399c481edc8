//===- Passes.h - From linalg to kernels -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_PASSES_H
#define TAPML_CODEGEN_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tapml {

#define GEN_PASS_DECL
#include "tapml/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tapml/Codegen/Passes.h.inc"

} // namespace tapml

#endif // TAPML_CODEGEN_PASSES_H
