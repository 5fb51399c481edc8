//===- TapMLExecutableOps.cpp - Placement and kernels ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tapml;

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLExecutableOps.cpp.inc"

/// Appends the sizes of `value` to `shapes`, dynamic ones as `tensor.dim`.
static void reifyShapeOf(OpBuilder &builder, Location loc, Value value,
                         ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, loc, value));
}

/// Checks that each result has the type of the destination it is tied to.
static LogicalResult verifyTies(Operation *op, OperandRange outputs,
                                ResultRange results) {
  if (outputs.size() != results.size())
    return op->emitOpError("has ")
           << results.size() << " results for " << outputs.size() << " outputs";
  for (auto [index, output, result] : llvm::enumerate(outputs, results))
    if (output.getType() != result.getType())
      return op->emitOpError("result ")
             << index << " has type " << result.getType()
             << ", but its output has type " << output.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// VariantOp
//===----------------------------------------------------------------------===//

func::FuncOp VariantOp::getBodyFunc() {
  return dyn_cast_or_null<func::FuncOp>(mlir::SymbolTable::lookupSymbolIn(
      *this, StringAttr::get(getContext(), "body")));
}

LogicalResult VariantOp::verifyRegions() {
  func::FuncOp body = getBodyFunc();
  if (!body)
    return emitOpError("needs a function '@body'");
  bool seenSize = false;
  for (auto [index, type] : llvm::enumerate(body.getArgumentTypes())) {
    if (isa<IndexType>(type)) {
      seenSize = true;
      continue;
    }
    if (!isa<RankedTensorType>(type))
      return body.emitOpError("argument ")
             << index << " must be a ranked tensor or an index, got " << type;
    if (seenSize)
      return body.emitOpError("argument ")
             << index << " is a tensor after an index; tensors come first";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// BinaryOp
//===----------------------------------------------------------------------===//

EntryPointAttr BinaryOp::lookupEntry(StringRef name) {
  if (ArrayAttr entries = getEntriesAttr())
    for (auto entry : entries.getAsRange<EntryPointAttr>())
      if (entry.getName() == name)
        return entry;
  return nullptr;
}

LogicalResult BinaryOp::verify() {
  static constexpr StringRef formats[] = {"spirv", "wgsl", "msl", "elf"};
  if (!llvm::is_contained(formats, getFormat()))
    return emitOpError("has format \"")
           << getFormat()
           << "\"; known are \"spirv\", \"wgsl\", \"msl\" and \"elf\"";
  if (getFormat() == "spirv" && getData().size() % 4 != 0)
    return emitOpError("holds ")
           << getData().size()
           << " bytes; SPIR-V consists of words of four bytes";
  if (getFormat() == "elf" && !getTargetTriple())
    return emitOpError("needs the triple that its host code is for");
  llvm::StringSet<> names;
  if (ArrayAttr entries = getEntriesAttr())
    for (auto entry : entries.getAsRange<EntryPointAttr>())
      if (!names.insert(entry.getName()).second)
        return emitOpError("has two entry points called \"")
               << entry.getName() << "\"";
  return success();
}

//===----------------------------------------------------------------------===//
// TransferOp
//===----------------------------------------------------------------------===//

LogicalResult TransferOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (source.getShape() != result.getShape())
    return emitOpError("must keep the shape, got ")
           << source << " and " << result;
  Type from = source.getElementType(), to = result.getElementType();
  bool narrows = from.isInteger(64) && to.isInteger(32);
  bool widens = from.isInteger(32) && to.isInteger(64);
  if (from != to && !narrows && !widens)
    return emitOpError("may only change i64 to i32 or back, got ")
           << from << " and " << to;
  return success();
}

LogicalResult
TransferOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  reifyShapeOf(builder, getLoc(), getSource(), shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// DispatchOp
//===----------------------------------------------------------------------===//

LogicalResult DispatchOp::verify() {
  return verifyTies(*this, getOutputs(), getResults());
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto executable = symbolTable.lookupNearestSymbolFrom<ExecutableOp>(
      *this, getExecutableAttr());
  if (!executable)
    return emitOpError("refers to ")
           << getExecutableAttr() << ", which is not a 'tapml.executable'";
  auto variant = dyn_cast_or_null<VariantOp>(
      symbolTable.lookupSymbolIn(executable, getPlaceAttr()));
  if (!variant) {
    InFlightDiagnostic diag = emitOpError("runs on ")
                              << getPlaceAttr() << ", but "
                              << getExecutableAttr()
                              << " has no variant for that place";
    diag.attachNote(executable.getLoc()) << "executable is here";
    return diag;
  }
  func::FuncOp body = variant.getBodyFunc();
  if (!body)
    return success(); // Reported by the variant's verifier.
  SmallVector<Type> operands(getInputs().getTypes());
  llvm::append_range(operands, getSizes().getTypes());
  if (body.getArgumentTypes() != ArrayRef<Type>(operands) ||
      body.getResultTypes() !=
          ArrayRef<Type>(SmallVector<Type>(getResultTypes()))) {
    InFlightDiagnostic diag =
        emitOpError("does not match the type of the executable's body, ")
        << body.getFunctionType();
    diag.attachNote(body.getLoc()) << "body is here";
    return diag;
  }
  return success();
}

LogicalResult
DispatchOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  for (Value output : getOutputs())
    reifyShapeOf(builder, getLoc(), output, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------===//

LogicalResult KernelOp::verify() {
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  if (yield.getOperandTypes() != getResultTypes())
    return yield.emitOpError("must yield the kernel's results, of types ")
           << getResultTypes() << ", got " << yield.getOperandTypes();
  return success();
}

//===----------------------------------------------------------------------===//
// LaunchOp
//===----------------------------------------------------------------------===//

LogicalResult LaunchOp::verify() {
  size_t entries = getKernels().size();
  if (entries == 0)
    return emitOpError("needs at least one kernel");
  if (getGuards().size() != entries - 1)
    return emitOpError("needs a guard for each kernel but the last, got ")
           << getGuards().size() << " for " << entries << " kernels";
  if (getGrids().size() != 3 * entries)
    return emitOpError("needs three grid sizes for each kernel, got ")
           << getGrids().size() << " for " << entries << " kernels";
  return verifyTies(*this, getOutputs(), getResults());
}

LogicalResult LaunchOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  for (Value output : getOutputs())
    reifyShapeOf(builder, getLoc(), output, shapes);
  return success();
}
