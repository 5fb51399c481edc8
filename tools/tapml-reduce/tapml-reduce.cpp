//===- tapml-reduce.cpp - Shrinks modules that show a fault ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "mlir/Reducer/Tester.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/InitAll.h"

using namespace mlir;
using namespace tapml;

/// Makes the value that takes the place of an operator's result; null if there
/// is none.
using Replacement = Value (*)(OpBuilder &builder, TapMLOperator op);

/// One of the operands.
static Value makeOperand(OpBuilder &builder, TapMLOperator op) {
  for (Value operand : op->getOperands())
    if (operand.getType() == op->getResult(0).getType())
      return operand;
  return nullptr;
}

/// Zeros.
static Value makeZeros(OpBuilder &builder, TapMLOperator op) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || isa<FullOp, ConstantOp>(op))
    return nullptr;
  SmallVector<Value> sizes;
  if (!type.hasStaticShape()) {
    ReifiedRankedShapedTypeDims shapes;
    if (failed(reifyResultShapes(builder, op, shapes)))
      return nullptr;
    for (auto [size, reified] : llvm::zip_equal(type.getShape(), shapes[0]))
      if (ShapedType::isDynamic(size))
        sizes.push_back(
            getValueOrCreateConstantIndexOp(builder, op->getLoc(), reified));
  }
  return FullOp::create(builder, op->getLoc(), type, sizes,
                        builder.getZeroAttr(type.getElementType()),
                        /*instance=*/ArrayAttr());
}

namespace {
/// Replaces an operator, if the module then still shows the fault.
struct ReplaceOperator : OpInterfaceRewritePattern<TapMLOperator> {
  ReplaceOperator(MLIRContext *context, Tester &tester, Replacement make,
                  PatternBenefit benefit)
      : OpInterfaceRewritePattern(context, benefit), tester(tester),
        make(make) {}

  LogicalResult matchAndRewrite(TapMLOperator op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !showsFaultWithout(op))
      return failure();
    rewriter.replaceOp(op, make(rewriter, op));
    return success();
  }

private:
  /// Tries the replacement in a copy of the module.
  bool showsFaultWithout(TapMLOperator op) const {
    Operation *top = op;
    while (Operation *parent = top->getParentOp())
      top = parent;
    IRMapping mapping;
    OwningOpRef<ModuleOp> copy(cast<ModuleOp>(top->clone(mapping)));
    auto twin = cast<TapMLOperator>(mapping.lookup(op.getOperation()));
    OpBuilder builder(twin);
    Value value = make(builder, twin);
    if (!value)
      return false;
    twin->getResult(0).replaceAllUsesWith(value);
    twin->erase();
    return tester.isInteresting(*copy).first == Tester::Interestingness::True;
  }

  Tester &tester;
  Replacement make;
};

struct ReductionPatterns : DialectReductionPatternInterface {
  ReductionPatterns(Dialect *dialect)
      : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &) const override {}

  void populateReductionPatternsWithTester(RewritePatternSet &patterns,
                                           Tester &tester) const override {
    MLIRContext *context = patterns.getContext();
    patterns.add<ReplaceOperator>(context, tester, makeOperand, 2);
    patterns.add<ReplaceOperator>(context, tester, makeZeros, 1);
  }
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  tapml::registerAllDialects(registry);
  tapml::registerAllPasses();
  registry.addExtension(+[](MLIRContext *context, TapMLDialect *dialect) {
    dialect->addInterfaces<ReductionPatterns>();
  });
  MLIRContext context(registry);
  return failed(mlirReduceMain(argc, argv, context));
}
