//===- Names.h - Names that values have for readers ----------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names stay in locations: they are for people who read the IR or a shader, and
// must not make two things differ that compute the same. A value's location is
// `loc("name"(...))`; a tensor's may hold the names of its dimensions too.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_NAMES_H
#define TAPML_DIALECT_TAPML_IR_NAMES_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace tapml {

/// Returns `loc` with a name and, where `dims` is given, the names of a
/// tensor's dimensions, "" for those without.
mlir::Location getNamedLoc(mlir::Location loc, llvm::StringRef name,
                           llvm::ArrayRef<std::string> dims = {});

/// Returns the name in `loc`, or an empty one.
llvm::StringRef getName(mlir::Location loc);

/// Returns the name of dimension `dim` of a tensor with location `loc`, or an
/// empty one.
llvm::StringRef getDimName(mlir::Location loc, int64_t dim);

/// Gives `value` a name, unless it has one or is a constant.
void setName(mlir::Value value, llvm::StringRef name);

/// Returns, for each of several paths such as "layer.0.query.weight", as few of
/// its last parts as tell it from the others; parts that are numbers only do
/// not count.
llvm::SmallVector<std::string>
getShortNames(llvm::ArrayRef<llvm::StringRef> paths);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_IR_NAMES_H
