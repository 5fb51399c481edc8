//===- ComputeType.h - The type that operators compute in -------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Floats narrower than 32 bits are a form of storage. An operator widens its
// operands, computes and accumulates in f32, and rounds its result once when it
// is stored, as PyTorch's kernels for the processor do. The decompositions see
// the operator in the type it computes in; one that moves an operand before it
// computes asks for what is stored (getStored), and moves half as much.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_COMPUTETYPE_H
#define TAPML_DIALECT_TAPML_IR_COMPUTETYPE_H

#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"

namespace tapml {

/// Returns the type in which operators compute with elements of type `element`.
mlir::Type getComputeType(mlir::Type element);

/// Returns the elements of `tensor` as they are stored: what it was widened
/// from, or itself.
mlir::Value getStored(mlir::Value tensor);

/// Lowers `op` as its interface says, between conversions from and to what its
/// operands and results are stored in, where it computes in another type. An
/// operator that moves elements leaves them as they are.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
decomposeOperator(TapMLOperator op, mlir::OpBuilder &builder);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_IR_COMPUTETYPE_H
