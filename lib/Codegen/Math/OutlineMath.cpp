//===- OutlineMath.cpp - Elementary functions as functions ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Codegen/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLOUTLINEMATHPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Returns whether `op` becomes many operations when it is expanded.
static bool isElementary(Operation *op) {
  if (!isa<math::ExpOp, math::Exp2Op, math::LogOp, math::TanhOp, math::ErfOp,
           math::SinOp, math::CosOp, math::PowFOp>(op))
    return false;
  Type type = op->getResult(0).getType();
  auto vector = dyn_cast<VectorType>(type);
  Type element = getElementTypeOrSelf(type);
  return (element.isF32() || element.isF16()) &&
         (!vector || (vector.getRank() == 1 && !vector.isScalable()));
}

/// Returns `exp_f32`, `exp_f32x4` for the operation.
static std::string getFunctionName(Operation *op) {
  Type type = op->getResult(0).getType();
  std::string name = op->getName().stripDialect().str() +
                     (getElementTypeOrSelf(type).isF16() ? "_f16" : "_f32");
  if (auto vector = dyn_cast<VectorType>(type))
    name += "x" + std::to_string(vector.getNumElements());
  return name;
}

/// Returns the function in `module` that computes what `op` does.
static func::FuncOp getFunction(gpu::GPUModuleOp module, Operation *op,
                                llvm::StringMap<func::FuncOp> &functions) {
  std::string name = getFunctionName(op);
  func::FuncOp &function = functions[name];
  if (function)
    return function;
  OpBuilder b(module.getContext());
  b.setInsertionPointToStart(module.getBody());
  Location loc = module.getLoc();
  function = func::FuncOp::create(
      b, loc, name,
      b.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
  function.setPrivate();
  // The name of an operator, unless something else in the module has it.
  SymbolTable(module).insert(function);
  Block *body = function.addEntryBlock();
  static constexpr StringLiteral names[] = {"x", "y"};
  for (BlockArgument argument : body->getArguments())
    argument.setLoc(
        NameLoc::get(b.getStringAttr(names[argument.getArgNumber()])));
  b.setInsertionPointToStart(body);
  // One value may be several operands here, and not elsewhere.
  Operation *copy = b.clone(*op);
  copy->setOperands(body->getArguments());
  copy->setLoc(loc);
  func::ReturnOp::create(b, loc, copy->getResults());
  return function;
}

namespace {
struct OutlineMathPass final
    : tapml::impl::TapMLOutlineMathPassBase<OutlineMathPass> {
  using TapMLOutlineMathPassBase::TapMLOutlineMathPassBase;

  void runOnOperation() override {
    auto outline = [](gpu::GPUModuleOp module, ProfileAttr) {
      SmallVector<Operation *> ops;
      for (auto kernel : module.getOps<gpu::GPUFuncOp>())
        kernel.walk([&](Operation *op) {
          if (isElementary(op))
            ops.push_back(op);
        });
      llvm::StringMap<func::FuncOp> functions;
      for (Operation *op : ops) {
        func::FuncOp function = getFunction(module, op, functions);
        OpBuilder b(op);
        auto call =
            func::CallOp::create(b, op->getLoc(), function, op->getOperands());
        op->replaceAllUsesWith(call.getResults());
        op->erase();
      }
      return success();
    };
    if (failed(forEachKernelModule(getOperation(), profile,
                                   {TargetKind::WebGPU, TargetKind::Metal},
                                   outline)))
      signalPassFailure();
  }
};
} // namespace
