//===- TestBuilder.h - The IR and the text of a test ------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_TESTBUILDER_H
#define TAPML_LIB_MIGRATION_TESTBUILDER_H

#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Migration/Records.h"
#include <string>

namespace tapml {

/// Builds the test of `visit`, an execution of the operator `name` with the
/// operations `group`. `inputs` and `expects` are the data of its tensors;
/// `oracle` and `bound` may hold null.
TestOp buildTest(mlir::OpBuilder &builder, llvm::StringRef name,
                 const OperatorGroup &group, const Visit &visit,
                 llvm::ArrayRef<DataAttr> inputs,
                 llvm::ArrayRef<DataAttr> expects);

/// Sets the oracle and the bound of result `index`.
void setOracle(TestOp test, unsigned index, DataAttr oracle, DataAttr bound);

/// Describes in words what the bound of a test of `group` consists of.
std::string describeBound(const OperatorGroup &group, const Visit &visit);

/// Writes the test as a file for lit and for people. `comment` are lines of
/// text that say where it came from.
std::string printTest(mlir::ModuleOp module,
                      llvm::ArrayRef<std::string> comment);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_TESTBUILDER_H
