//===- LegalizeIntegers.cpp - Constants that shaders refuse ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Division by zero, and a shift by the width or more, have no defined result.
// A kernel may hold one that never runs, but a compiler of WGSL refuses the
// whole text when the operand is a constant. Another constant is as right.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns `constant`, numbers or vectors of them, with `replace` applied to
/// the elements that `isUndefined` says; null if there are none.
static TypedAttr replaceElements(Attribute constant,
                                 function_ref<bool(const APInt &)> isUndefined,
                                 function_ref<APInt(const APInt &)> replace) {
  auto change = [&](const APInt &value) {
    return isUndefined(value) ? replace(value) : value;
  };
  if (auto number = dyn_cast<IntegerAttr>(constant))
    return isUndefined(number.getValue())
               ? IntegerAttr::get(number.getType(), change(number.getValue()))
               : IntegerAttr();
  auto elements = dyn_cast<DenseIntElementsAttr>(constant);
  if (!elements || llvm::none_of(elements, isUndefined))
    return {};
  return elements.mapValues(elements.getElementType(), change);
}

namespace {
template <typename OpTy, bool isShift>
struct ReplaceConstant final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Attribute constant;
    if (!matchPattern(op.getRhs(), m_Constant(&constant)))
      return failure();
    TypedAttr defined = replaceElements(
        constant,
        [](const APInt &value) {
          return isShift ? value.uge(value.getBitWidth()) : value.isZero();
        },
        [](const APInt &value) {
          return APInt(value.getBitWidth(), isShift ? 0 : 1);
        });
    if (!defined)
      return failure();
    Value rhs = arith::ConstantOp::create(rewriter, op.getLoc(), defined);
    rewriter.modifyOpInPlace(op, [&] { op.getRhsMutable().assign(rhs); });
    return success();
  }
};
} // namespace

void tapml::populateLegalizeIntegersPatterns(RewritePatternSet &patterns) {
  patterns.add<ReplaceConstant<arith::DivSIOp, false>,
               ReplaceConstant<arith::DivUIOp, false>,
               ReplaceConstant<arith::RemSIOp, false>,
               ReplaceConstant<arith::RemUIOp, false>,
               ReplaceConstant<arith::ShLIOp, true>,
               ReplaceConstant<arith::ShRSIOp, true>,
               ReplaceConstant<arith::ShRUIOp, true>>(patterns.getContext());
}
