//===- InlineFunctions.cpp - Functions whose types shaders lack -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns whether everything in `function` has a legal type.
static bool hasLegalTypes(func::FuncOp function,
                          function_ref<bool(Type)> isLegal) {
  if (!llvm::all_of(function.getArgumentTypes(), isLegal) ||
      function.getNumResults() > 1)
    return false;
  WalkResult result = function.getBody().walk([&](Operation *op) {
    return llvm::all_of(op->getResultTypes(), isLegal) &&
                   llvm::all_of(op->getOperandTypes(), isLegal)
               ? WalkResult::advance()
               : WalkResult::interrupt();
  });
  return !result.wasInterrupted();
}

namespace {
class Inliner {
public:
  explicit Inliner(function_ref<bool(Type)> isLegal) : isLegal(isLegal) {}

  void run(Operation *root) {
    SmallVector<func::CallOp> calls;
    root->walk([&](func::CallOp call) { calls.push_back(call); });
    for (func::CallOp call : calls) {
      auto callee = symbolTables.lookupNearestSymbolFrom<func::FuncOp>(
          call, call.getCalleeAttr());
      // Recursion, and functions without a body, are for the emitter to refuse.
      if (!callee || !callee.getBody().hasOneBlock() ||
          !path.insert(callee).second)
        continue;
      // First what the function calls itself, which may make it legal no more.
      if (visited.insert(callee).second)
        run(callee);
      if (!hasLegalTypes(callee, isLegal))
        inlineCall(call, callee);
      path.erase(callee);
    }
  }

private:
  static void inlineCall(func::CallOp call, func::FuncOp callee) {
    Block &body = callee.getBody().front();
    IRMapping mapping;
    mapping.map(body.getArguments(), call.getOperands());
    OpBuilder b(call);
    for (Operation &op : body.without_terminator())
      b.clone(op, mapping);
    for (auto [result, value] : llvm::zip_equal(
             call.getResults(), body.getTerminator()->getOperands()))
      result.replaceAllUsesWith(mapping.lookupOrDefault(value));
    call.erase();
  }

  function_ref<bool(Type)> isLegal;
  SymbolTableCollection symbolTables;
  llvm::SmallPtrSet<Operation *, 4> path, visited;
};
} // namespace

void tapml::inlineFunctions(gpu::GPUModuleOp module,
                            function_ref<bool(Type)> isLegal) {
  Inliner inliner(isLegal);
  for (auto kernel : module.getOps<gpu::GPUFuncOp>())
    inliner.run(kernel);
}
