//===- TapMLDialect.h - The tapml dialect -----------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_TAPMLDIALECT_H
#define TAPML_DIALECT_TAPML_IR_TAPMLDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"

#include "tapml/Dialect/TapML/IR/TapMLDialect.h.inc"
#include "tapml/Dialect/TapML/IR/TapMLEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLAttrs.h.inc"

namespace tapml {
/// The name of the place that every executable has.
inline constexpr llvm::StringLiteral kHostPlace = "host";

/// Returns whether `access`, that of a kernel to one of its buffers, only
/// reads: "read", or "texels FORMAT" with a known format.
bool isReadOnlyAccess(llvm::StringRef access);
} // namespace tapml

#endif // TAPML_DIALECT_TAPML_IR_TAPMLDIALECT_H
