//===- EmitInterface.cpp - What functions take ----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionEmitter.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Dialect/TapML/IR/Names.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::shader;

using Demand = ValueSigns::Demand;

FunctionEmitter::FunctionEmitter(TextContext &context, Operation *function)
    : context(context), language(context.language), function(function),
      signs(function), inlining(function) {
  function->walk([&](Operation *op) {
    if (isa<memref::AtomicRMWOp, memref::GenericAtomicRMWOp>(op))
      atomics.insert(op->getOperand(isa<memref::AtomicRMWOp>(op) ? 1 : 0));
  });
}

InFlightDiagnostic FunctionEmitter::emitError(Operation *op) {
  if (function->getParentOfType<gpu::GPUModuleOp>() &&
      isa<gpu::GPUFuncOp>(function))
    return emitKernelError(op);
  return mlir::emitError(op->getLoc(), "function '")
         << SymbolTable::getSymbolName(function).getValue() << "': ";
}

LogicalResult FunctionEmitter::refuse(Operation *op, StringRef why) {
  InFlightDiagnostic diag = emitError(op);
  diag << language.getName() << " has no form of '" << op->getName() << "'";
  if (!why.empty())
    diag << " with " << why;
  return diag;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::string FunctionEmitter::getHint(Value value, StringRef fallback) {
  StringRef name = tapml::getName(value.getLoc());
  if (!name.empty())
    return name.str();
  if (!fallback.empty())
    return fallback.str();
  Operation *op = value.getDefiningOp();
  if (auto load = dyn_cast_or_null<memref::LoadOp>(op))
    if (auto it = names.find(load.getMemRef()); it != names.end())
      return it->second + "_value";
  Type element = getElementTypeOrSelf(value.getType());
  if (element.isIndex())
    return "at";
  if (element.isInteger(1))
    return "is";
  return isa<VectorType>(value.getType()) ? "v" : "s";
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

bool FunctionEmitter::isAtomic(Value memory) const {
  return atomics.contains(memory);
}

/// Returns whether `memory` is written through.
static bool isWritten(Value memory) {
  return llvm::any_of(memory.getUsers(), [](Operation *user) {
    return !isa<memref::LoadOp>(user);
  });
}

std::optional<Array> FunctionEmitter::getArray(Operation *op, Value memory,
                                               StringRef hint) {
  auto type = cast<MemRefType>(memory.getType());
  std::optional<ShaderType> element =
      getShaderType(type.getElementType(), signs.isUnsigned(memory));
  if (!element || !language.hasScalar(element->scalar)) {
    emitError(op) << "'" << op->getName() << "' uses " << type << "; "
                  << language.getName() << " has no such type";
    return std::nullopt;
  }
  if (!type.hasStaticShape() || !type.getLayout().isIdentity()) {
    (void)refuse(op, "memory whose size is not known");
    return std::nullopt;
  }
  context.features.half |= element->scalar == Scalar::Half;
  std::string name = context.names.declare(getHint(memory, hint));
  names[memory] = name;
  return Array{
      name, *element,
      std::vector<int64_t>(type.getShape().begin(), type.getShape().end()),
      isAtomic(memory)};
}

static bool isWorkgroup(MemRefType type) {
  auto space = dyn_cast_or_null<gpu::AddressSpaceAttr>(type.getMemorySpace());
  return space && space.getValue() == gpu::AddressSpace::Workgroup;
}

LogicalResult FunctionEmitter::declareArray(Operation *op) {
  Value memory = op->getResult(0);
  // Declared with the kernel.
  if (isWorkgroup(cast<MemRefType>(memory.getType())))
    return success();
  std::optional<Array> array = getArray(op, memory, "values");
  if (!array)
    return failure();
  line(language.getArrayDeclaration(*array) + ";");
  return success();
}

LogicalResult FunctionEmitter::declareWorkgroupMemory(gpu::GPUFuncOp kernel) {
  auto declare = [&](Operation *op, Value memory) -> LogicalResult {
    std::optional<Array> array = getArray(op, memory, "shared_values");
    if (!array)
      return failure();
    interface.workgroupArrays.push_back(*array);
    return success();
  };
  for (BlockArgument memory : kernel.getWorkgroupAttributions())
    if (failed(declare(kernel, memory)))
      return failure();
  WalkResult result = kernel.walk([&](Operation *op) {
    if (isa<memref::AllocOp, memref::AllocaOp>(op) &&
        isWorkgroup(cast<MemRefType>(op->getResult(0).getType())) &&
        failed(declare(op, op->getResult(0))))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Kernels and functions
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmitter::declareArguments(gpu::GPUFuncOp kernel) {
  auto access = kernel->getAttrOfType<ArrayAttr>(kAccessAttrName);
  SmallVector<BlockArgument> sizes;
  unsigned number = 0;
  for (BlockArgument argument : getInterface(kernel)) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type) {
      if (!argument.getType().isIndex() && !argument.getType().isInteger(32))
        return emitError(kernel) << "argument " << argument.getArgNumber()
                                 << " has type " << argument.getType()
                                 << "; arguments are buffers and index sizes";
      sizes.push_back(argument);
      continue;
    }
    if (!sizes.empty())
      return emitError(kernel) << "argument " << argument.getArgNumber()
                               << " is a buffer behind a size; buffers are "
                                  "first";
    if (type.getRank() != 1 || !type.getLayout().isIdentity())
      return emitError(kernel)
             << "argument " << argument.getArgNumber() << " has type " << type
             << "; buffers are one-dimensional with unit stride";
    std::optional<ShaderType> element =
        getShaderType(type.getElementType(), signs.isUnsigned(argument));
    if (!element || !language.hasScalar(element->scalar) ||
        element->scalar == Scalar::Bool)
      return emitError(kernel)
             << "argument " << argument.getArgNumber() << " has type " << type
             << "; " << language.getName() << " has no such buffers";
    if (StringRef why = language.refuseElement(*element); !why.empty())
      return emitError(kernel) << "argument " << argument.getArgNumber()
                               << " has type " << type << "; " << why;
    context.features.half |= element->scalar == Scalar::Half;
    bool isRead = true;
    if (access && number < access.size())
      isRead = access[number] == StringAttr::get(kernel.getContext(), "read");
    else
      isRead = !isWritten(argument);
    if (isRead && isWritten(argument))
      return emitError(kernel)
             << "buffer " << number << " is written, but '" << kAccessAttrName
             << "' says that it is only read";
    ++number;
    std::string hint = getHint(argument, isRead ? "in" : "out");
    std::optional<int64_t> count;
    if (type.hasStaticShape())
      count = type.getNumElements();
    std::string name = context.names.declare(hint);
    names[argument] = name;
    interface.buffers.push_back(
        {name, *element, count, !isRead, isAtomic(argument)});
  }
  if (sizes.empty())
    return success();
  interface.sizesName = context.names.declare("sizes");
  // Members have names of their own.
  NameScopes members([&](StringRef name) { return language.isReserved(name); });
  for (BlockArgument size : sizes) {
    FailureOr<ShaderType> type = getType(kernel, size);
    if (failed(type))
      return failure();
    std::string name = members.declare(getHint(size, "size"));
    interface.sizes.push_back({name, *type});
    names[size] = interface.sizesName + "." + name;
  }
  return success();
}

LogicalResult FunctionEmitter::emitKernel(gpu::GPUFuncOp kernel,
                                          std::string &text) {
  std::optional<ArrayRef<int32_t>> block = kernel.getKnownBlockSize();
  if (!block || block->size() != 3)
    return emitError(kernel) << "has no 'known_block_size' of three numbers";
  if (!llvm::hasSingleElement(kernel.getBody()))
    return emitError(kernel) << "has several blocks; structured control flow "
                                "is expressed by the scf dialect";
  llvm::copy(*block, interface.workgroup.begin());
  interface.name = context.symbols.lookup(kernel);
  // The type of the sizes is declared outside.
  bool hasSizes =
      llvm::any_of(getInterface(kernel), [](BlockArgument argument) {
        return !isa<MemRefType>(argument.getType());
      });
  if (hasSizes)
    interface.sizesType = context.names.declare("Sizes");
  std::optional<NameBlock> scope;
  if (!language.hasGlobalBuffers())
    scope.emplace(context.names);
  if (failed(declareArguments(kernel)) ||
      failed(declareWorkgroupMemory(kernel)))
    return failure();
  if (!scope)
    scope.emplace(context.names);
  for (BlockArgument memory : kernel.getPrivateAttributions()) {
    std::optional<Array> array = getArray(kernel, memory, "values");
    if (!array)
      return failure();
    line(language.getArrayDeclaration(*array) + ";");
  }
  if (failed(emitBlock(kernel.getBody().front())))
    return failure();
  llvm::raw_string_ostream os(text);
  language.printKernelHead(os, interface);
  os << body << "}\n";
  return success();
}

LogicalResult FunctionEmitter::emitFunction(func::FuncOp op,
                                            std::string &text) {
  if (op.isExternal())
    return emitError(op) << "has no body";
  if (!llvm::hasSingleElement(op.getBody()))
    return emitError(op) << "has several blocks; structured control flow is "
                            "expressed by the scf dialect";
  if (op.getNumResults() > 1)
    return emitError(op) << "has " << op.getNumResults()
                         << " results; functions of shaders have one";
  FunctionInterface head;
  head.name = context.symbols.lookup(op);
  NameBlock scope(context.names);
  for (BlockArgument argument : op.getArguments()) {
    FailureOr<ShaderType> type = getType(op, argument);
    if (failed(type))
      return failure();
    std::string name = context.names.declare(getHint(argument, "argument"));
    ShaderType passed = *getShaderType(argument.getType(), false);
    head.arguments.push_back({name, passed});
    names[argument] =
        isUnsigned(type->scalar)
            ? getCall(language.getTypeName(*type), Expression(name)).text
            : name;
  }
  if (op.getNumResults()) {
    std::optional<ShaderType> type =
        getShaderType(op.getResultTypes().front(), false);
    if (!type || !language.hasScalar(type->scalar))
      return emitError(op) << "returns " << op.getResultTypes().front() << "; "
                           << language.getName() << " has no such type";
    head.result = type;
  }
  if (failed(emitBlock(op.getBody().front())))
    return failure();
  Operation *terminator = op.getBody().front().getTerminator();
  if (op.getNumResults()) {
    FailureOr<Expression> value =
        get(terminator->getOperand(0), Demand::Signed);
    if (failed(value))
      return failure();
    line("return " + value->text + ";");
  }
  llvm::raw_string_ostream os(text);
  language.printFunctionHead(os, head);
  os << body << "}\n";
  return success();
}
