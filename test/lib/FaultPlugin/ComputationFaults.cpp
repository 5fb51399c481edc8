//===- ComputationFaults.cpp - Kernels that compute something else --------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace tapml;

static Value makeFloat(OpBuilder &builder, Location loc, double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(float(value)));
}

/// tanh-overflow: tanh(x) = (exp(2x) - 1) / (exp(2x) + 1) is NaN above 44.
static bool plantTanhOverflow(Operation *op, OpBuilder &builder) {
  auto tanh = dyn_cast<math::TanhOp>(op);
  if (!tanh)
    return false;
  Location loc = op->getLoc();
  Value twice =
      arith::AddFOp::create(builder, loc, tanh.getOperand(), tanh.getOperand());
  Value power = math::ExpOp::create(builder, loc, twice);
  Value one = makeFloat(builder, loc, 1);
  Value above = arith::SubFOp::create(builder, loc, power, one);
  Value below = arith::AddFOp::create(builder, loc, power, one);
  tanh.replaceAllUsesWith(
      arith::DivFOp::create(builder, loc, above, below).getResult());
  tanh.erase();
  return true;
}

/// The sums of products that attention scales: the first multiplication of a
/// sum by a constant.
static arith::MulFOp getScaling(Operation *op) {
  auto scaling = dyn_cast<arith::MulFOp>(op);
  if (!scaling || !isa<linalg::GenericOp>(op->getParentOp()))
    return nullptr;
  return matchPattern(scaling.getRhs(), m_Constant()) ? scaling : nullptr;
}

/// qk-fp16-overflow: products in f16 are infinite above 65504, before they are
/// scaled.
static bool plantScoreOverflow(Operation *op, OpBuilder &builder) {
  arith::MulFOp scaling = getScaling(op);
  if (!scaling)
    return false;
  Location loc = op->getLoc();
  Value score = scaling.getLhs();
  Value isLarge = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT,
                                        score, makeFloat(builder, loc, 65504));
  Value infinity =
      makeFloat(builder, loc, std::numeric_limits<float>::infinity());
  scaling.getLhsMutable().assign(
      arith::SelectOp::create(builder, loc, isLarge, infinity, score)
          .getResult());
  return true;
}

/// absorbed-overflow: what is beyond the range of f16 saturates, and is finite.
static bool plantSaturation(Operation *op, OpBuilder &builder) {
  auto yield = dyn_cast<linalg::YieldOp>(op);
  if (!yield || !isa<linalg::GenericOp>(op->getParentOp()) ||
      !yield.getOperand(0).getType().isF32())
    return false;
  Location loc = op->getLoc();
  Value low = arith::MaximumFOp::create(builder, loc, yield.getOperand(0),
                                        makeFloat(builder, loc, -65504));
  yield.setOperand(0, arith::MinimumFOp::create(
                          builder, loc, low, makeFloat(builder, loc, 65504)));
  return true;
}

/// Causal mask off by one: each position sees the next one.
static bool plantCausalOffByOne(Operation *op, OpBuilder &builder) {
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare || !isa<linalg::GenericOp>(op->getParentOp()) ||
      compare.getPredicate() != arith::CmpIPredicate::sle)
    return false;
  Value one = arith::ConstantOp::create(
      builder, op->getLoc(),
      builder.getIntegerAttr(compare.getRhs().getType(), 1));
  compare.getRhsMutable().assign(
      arith::AddIOp::create(builder, op->getLoc(), compare.getRhs(), one)
          .getResult());
  return true;
}

/// Float-to-int out of range: through 16 bits, where values saturate.
static bool plantNarrowInteger(Operation *op, OpBuilder &builder) {
  auto convert = dyn_cast<arith::FPToSIOp>(op);
  if (!convert || !isa<linalg::GenericOp>(op->getParentOp()))
    return false;
  Location loc = op->getLoc();
  Value low = arith::MaximumFOp::create(builder, loc, convert.getIn(),
                                        makeFloat(builder, loc, -32768));
  convert.getInMutable().assign(
      arith::MinimumFOp::create(builder, loc, low,
                                makeFloat(builder, loc, 32767))
          .getResult());
  return true;
}

/// composition: where operators are merged, the last of them is forgotten.
static bool plantForgottenEpilogue(Operation *op, OpBuilder &builder) {
  auto kernel = dyn_cast<KernelOp>(op);
  if (!kernel)
    return false;
  auto instances = kernel->getAttrOfType<ArrayAttr>("instances");
  if (!instances || instances.size() < 2)
    return false;
  Operation *yield = kernel->getRegion(0).front().getTerminator();
  auto last = yield->getOperand(0).getDefiningOp<linalg::GenericOp>();
  if (!last || last.getNumReductionLoops())
    return false;
  Operation *result = last.getBody()->getTerminator();
  Value first = last.getBody()->getArgument(0);
  if (first.getType() != result->getOperand(0).getType())
    return false;
  result->setOperand(0, first);
  return true;
}

/// No maximum subtracted: exp overflows for scores above 88.
static bool plantNoMaximum(Operation *op, OpBuilder &builder) {
  auto subtract = dyn_cast<arith::SubFOp>(op);
  if (!subtract || !isa<linalg::GenericOp>(op->getParentOp()) ||
      !llvm::any_of(subtract->getUsers(),
                    [](Operation *user) { return isa<math::ExpOp>(user); }))
    return false;
  subtract.replaceAllUsesWith(subtract.getLhs());
  return true;
}

/// The yield of a computation that gives f32.
static linalg::YieldOp getFloatResult(Operation *op) {
  auto yield = dyn_cast<linalg::YieldOp>(op);
  return yield && isa<linalg::GenericOp>(op->getParentOp()) &&
                 yield.getOperand(0).getType().isF32()
             ? yield
             : nullptr;
}

/// NaN becomes zero.
static bool plantNaNToZero(Operation *op, OpBuilder &builder) {
  linalg::YieldOp yield = getFloatResult(op);
  if (!yield)
    return false;
  Location loc = op->getLoc();
  Value value = yield.getOperand(0);
  Value isNaN = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                      value, value);
  yield.setOperand(0,
                   arith::SelectOp::create(builder, loc, isNaN,
                                           makeFloat(builder, loc, 0), value));
  return true;
}

/// A constant with three right digits.
static bool plantRoundedConstant(Operation *op, OpBuilder &builder) {
  auto multiply = dyn_cast<arith::MulFOp>(op);
  FloatAttr constant;
  if (!multiply || !isa<linalg::GenericOp>(op->getParentOp()))
    return false;
  for (OpOperand &operand : multiply->getOpOperands()) {
    if (!matchPattern(operand.get(), m_Constant(&constant)))
      continue;
    double value = constant.getValueAsDouble();
    double rounded = std::round(value * 1000) / 1000;
    if (rounded == value)
      continue;
    operand.set(makeFloat(builder, op->getLoc(), rounded));
    return true;
  }
  return false;
}

/// rope-fp16: angles with the eleven bits that f16 has of them.
static bool plantHalfAngles(Operation *op, OpBuilder &builder) {
  if (!isa<math::CosOp, math::SinOp>(op))
    return false;
  Location loc = op->getLoc();
  Value bits = arith::BitcastOp::create(builder, loc, builder.getI32Type(),
                                        op->getOperand(0));
  Value mask = arith::ConstantOp::create(
      builder, loc, builder.getI32IntegerAttr(int32_t(0xFFFFE000)));
  bits = arith::AndIOp::create(builder, loc, bits, mask);
  op->setOperand(
      0, arith::BitcastOp::create(builder, loc, builder.getF32Type(), bits));
  return true;
}

/// biased-division: every quotient is two units too small, which is within what
/// Vulkan allows a division.
static void plantBiasedDivision(ModuleOp module,
                                llvm::function_ref<bool(Operation *)> matches) {
  SmallVector<arith::DivFOp> divisions;
  module.walk([&](VariantOp variant) {
    if (variant.getSymName() != kHostPlace)
      variant.walk([&](arith::DivFOp division) {
        if (matches(division) && division.getType().isF32())
          divisions.push_back(division);
      });
  });
  for (arith::DivFOp division : divisions) {
    OpBuilder builder(division->getContext());
    builder.setInsertionPointAfter(division);
    Location loc = division.getLoc();
    Type word = builder.getI32Type();
    Value two =
        arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(2));
    auto bits = arith::BitcastOp::create(builder, loc, word, division);
    Value below = arith::BitcastOp::create(
        builder, loc, builder.getF32Type(),
        arith::SubIOp::create(builder, loc, bits, two));
    division.getResult().replaceAllUsesExcept(below, bits);
  }
}

ArrayRef<FaultKind> tapml::getComputationFaults() {
  static constexpr FaultKind kinds[] = {
      {"tanh-overflow", plantTanhOverflow},
      {"qk-fp16-overflow", plantScoreOverflow},
      {"absorbed-overflow", plantSaturation},
      {"causal-off-by-one", plantCausalOffByOne},
      {"float-to-int", plantNarrowInteger},
      {"composition", plantForgottenEpilogue},
      {"no-maximum", plantNoMaximum},
      {"nan-to-zero", plantNaNToZero},
      {"rounded-constant", plantRoundedConstant},
      {"rope-fp16", plantHalfAngles},
      {"biased-division", nullptr, false, plantBiasedDivision}};
  return kinds;
}
