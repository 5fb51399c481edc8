//===- Text.cpp - Kernels as the text of a shader -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Text.h"
#include "FunctionEmitter.h"
#include "tapml/Codegen/Legalize.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::shader;

/// Says what a kernel computes: the first operator instance, and how many more
/// there are.
static void printComment(raw_ostream &os, gpu::GPUFuncOp kernel) {
  auto instances = kernel->getAttrOfType<ArrayAttr>(kInstancesAttrName);
  if (!instances || instances.empty())
    return;
  auto first = dyn_cast<StringAttr>(instances[0]);
  if (!first)
    return;
  os << "// ";
  // A line break would end the comment.
  for (char c : first.getValue())
    os << (c == '\n' || c == '\r' ? ' ' : c);
  if (instances.size() > 1)
    os << " and " << instances.size() - 1 << " more";
  os << "\n";
}

namespace {
/// What the kernels of a text use, each after what it uses itself.
struct Uses {
  llvm::SetVector<Operation *> functions, globals;
};
} // namespace

/// Collects what `op` uses. `path` holds the functions on the way there.
static LogicalResult collectUses(Operation *op, TextContext &context,
                                 Uses &uses,
                                 llvm::SmallPtrSetImpl<Operation *> &path) {
  WalkResult result = op->walk([&](Operation *nested) -> WalkResult {
    if (auto global = dyn_cast<memref::GetGlobalOp>(nested)) {
      Operation *symbol = context.symbolTables.lookupNearestSymbolFrom(
          nested, global.getNameAttr());
      if (symbol)
        uses.globals.insert(symbol);
      return WalkResult::advance();
    }
    auto call = dyn_cast<func::CallOp>(nested);
    if (!call)
      return WalkResult::advance();
    auto callee = context.symbolTables.lookupNearestSymbolFrom<func::FuncOp>(
        nested, call.getCalleeAttr());
    if (!callee || uses.functions.contains(callee))
      return WalkResult::advance();
    if (!path.insert(callee).second) {
      nested->emitError("function '")
          << callee.getName() << "' calls itself; shaders have no recursion";
      return WalkResult::interrupt();
    }
    if (failed(collectUses(callee, context, uses, path)))
      return WalkResult::interrupt();
    path.erase(callee);
    uses.functions.insert(callee);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Prints a constant table.
static LogicalResult printGlobal(raw_ostream &os, TextContext &context,
                                 memref::GlobalOp global) {
  const Language &language = context.language;
  auto elements =
      dyn_cast_or_null<DenseElementsAttr>(global.getInitialValueAttr());
  if (!global.getConstant() || !elements)
    return global.emitError("global '")
           << global.getSymName()
           << "' must be constant with values in the module";
  std::optional<ShaderType> type =
      getShaderType(global.getType().getElementType(), false);
  if (!type || !language.hasScalar(type->scalar) ||
      type->scalar == Scalar::Bool || type->isVector())
    return global.emitError("global '")
           << global.getSymName() << "' has type " << global.getType() << "; "
           << language.getName() << " has no such table";
  if (type->scalar == Scalar::Half)
    context.features.half = true;
  std::vector<std::string> values;
  for (Attribute element : elements.getValues<Attribute>()) {
    if (auto number = dyn_cast<FloatAttr>(element)) {
      if (!number.getValue().isFinite())
        return global.emitError("global '")
               << global.getSymName() << "' holds infinities or NaN";
      values.push_back(language.getLiteral(number.getValue(), type->scalar));
    } else {
      values.push_back(language.getLiteral(
          cast<IntegerAttr>(element).getValue(), type->scalar));
    }
  }
  ArrayRef<int64_t> shape = global.getType().getShape();
  language.printConstantArray(os,
                              {context.symbols.lookup(global), *type,
                               std::vector<int64_t>(shape.begin(), shape.end()),
                               false},
                              values);
  return success();
}

FailureOr<std::string> tapml::shader::emitText(ArrayRef<gpu::GPUFuncOp> kernels,
                                               const Language &language) {
  TextContext context(language);
  Uses uses;
  llvm::SmallPtrSet<Operation *, 4> path;
  // Entry points keep their names: launches refer to them.
  for (gpu::GPUFuncOp kernel : kernels) {
    if (!kernel.isKernel())
      return kernel.emitError("'") << kernel.getName()
                                   << "' is no kernel; functions that kernels "
                                      "call are 'func.func'";
    std::string name = context.names.declare(kernel.getName());
    if (name != kernel.getName())
      return emitKernelError(kernel)
             << "no entry point in " << language.getName()
             << " can have this name; rename it, to '" << name
             << "' for example";
    context.symbols[kernel] = name;
    if (failed(collectUses(kernel, context, uses, path)))
      return failure();
  }
  for (const auto &symbols : {uses.globals, uses.functions})
    for (Operation *op : symbols)
      context.symbols[op] =
          context.names.declare(SymbolTable::getSymbolName(op).getValue());

  std::string body;
  llvm::raw_string_ostream os(body);
  bool hasFailed = false;
  for (Operation *global : uses.globals) {
    auto table = dyn_cast<memref::GlobalOp>(global);
    hasFailed |= !table || failed(printGlobal(os, context, table));
    os << "\n";
  }
  auto emit = [&](auto function, auto member) {
    std::string text;
    if (failed((FunctionEmitter(context, function).*member)(function, text))) {
      hasFailed = true;
      return;
    }
    os << text << "\n";
  };
  for (Operation *function : uses.functions)
    emit(cast<func::FuncOp>(function), &FunctionEmitter::emitFunction);
  for (gpu::GPUFuncOp kernel : kernels) {
    printComment(os, kernel);
    emit(kernel, &FunctionEmitter::emitKernel);
  }
  if (hasFailed)
    return failure();
  std::string text;
  llvm::raw_string_ostream whole(text);
  language.printPreamble(whole, context.features);
  whole << StringRef(body).rtrim() << "\n";
  return text;
}

LogicalResult tapml::shader::translate(Operation *root,
                                       const Language &language,
                                       raw_ostream &os) {
  SmallVector<gpu::GPUModuleOp> modules;
  root->walk([&](gpu::GPUModuleOp module) { modules.push_back(module); });
  if (modules.empty())
    return root->emitError("no 'gpu.module' here");
  std::string all;
  for (gpu::GPUModuleOp module : modules) {
    auto kernels = llvm::to_vector(module.getOps<gpu::GPUFuncOp>());
    FailureOr<std::string> text = emitText(kernels, language);
    if (failed(text))
      return failure();
    // Texts of their own.
    if (!all.empty())
      all += "\n// -----\n\n";
    all += *text;
  }
  os << all;
  return success();
}
