//===- TapMLOps.h - The operations of the tapml dialect ---------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_TAPMLOPS_H
#define TAPML_DIALECT_TAPML_IR_TAPMLOPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"

namespace tapml {
// A parent of operations that are declared before it.
class TestOp;
} // namespace tapml

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLGraphOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLExecutableOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLElementwiseOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLShapeOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLIndexingOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLNNOps.h.inc"
#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLTestOps.h.inc"

#endif // TAPML_DIALECT_TAPML_IR_TAPMLOPS_H
