//===- TapMLInterfaces.h - What passes ask of an operator -------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_TAPMLINTERFACES_H
#define TAPML_DIALECT_TAPML_IR_TAPMLINTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include <optional>
#include <string>

namespace tapml {
class Evaluation;

/// How an operator's result relates to its float64 evaluation; decides which
/// rule bounds its error.
enum class NumericalClass {
  /// Values are moved, not computed: equal to the source.
  Movement,
  /// Integers and booleans: equal to the source.
  Discrete,
  /// Correctly rounded arithmetic on each element.
  Elementwise,
  /// A transcendental function on each element: a ULP budget.
  Transcendental,
  /// Sums over many terms.
  Accumulation,
  /// Several of the above; carries errors through its parts.
  Composite
};

/// Returns an operator's name, which may hold any character, as letters, digits
/// and underscores: for symbols and entry points.
std::string toIdentifier(llvm::StringRef name);

/// Returns the identities of all of `ops` together, each once, in order: what
/// an operator carries that takes their place. Null if none has one.
mlir::ArrayAttr uniteInstances(llvm::ArrayRef<mlir::Operation *> ops);

namespace detail {
/// Returns why the element types of `op`'s operands and results cannot be held
/// under `profile`, or nothing if they can.
std::optional<std::string> getUnsupportedTypeReason(mlir::Operation *op,
                                                    ProfileAttr profile);
} // namespace detail
} // namespace tapml

#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h.inc"

#endif // TAPML_DIALECT_TAPML_IR_TAPMLINTERFACES_H
