//===- Divisibility.cpp - What divides an index ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Analysis/Divisibility.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace tapml;

/// Expressions deeper than this are not followed.
static constexpr unsigned kMaxDepth = 48;

/// Returns the value of a non-negative constant.
static std::optional<uint64_t> getConstant(Value value) {
  std::optional<int64_t> constant = getConstantIntValue(value);
  if (!constant || *constant < 0)
    return std::nullopt;
  return *constant;
}

static uint64_t powerOfTwoPart(uint64_t divisor) {
  return divisor & (~divisor + 1);
}

uint64_t DivisibilityAnalysis::compute(Value value, unsigned depth) {
  if (auto it = divisors.find(value); it != divisors.end())
    return it->second;
  if (depth > kMaxDepth)
    return 1;
  uint64_t divisor;
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    divisor = constant.getValue().abs().getLimitedValue();
  else if (auto argument = dyn_cast<BlockArgument>(value))
    divisor = computeArgument(argument, depth + 1);
  else
    divisor = computeResult(cast<OpResult>(value), depth + 1);
  // Sizes and offsets do not overflow; other integers may wrap around, which
  // only powers of two survive.
  if (!value.getType().isIndex())
    divisor = powerOfTwoPart(divisor);
  divisors[value] = divisor;
  return divisor;
}

uint64_t DivisibilityAnalysis::computeArgument(BlockArgument argument,
                                               unsigned depth) {
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  if (!loop || argument != loop.getInductionVar())
    return 1;
  return std::gcd(compute(loop.getLowerBound(), depth),
                  compute(loop.getStep(), depth));
}

uint64_t DivisibilityAnalysis::computeResult(OpResult result, unsigned depth) {
  Operation *op = result.getOwner();
  auto operand = [&](unsigned index) {
    return compute(op->getOperand(index), depth);
  };
  auto common = [&](unsigned first) {
    return std::gcd(operand(first), operand(first + 1));
  };
  return TypeSwitch<Operation *, uint64_t>(op)
      .Case<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MinUIOp,
            arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return common(0); })
      .Case([&](arith::SelectOp) { return common(1); })
      .Case([&](arith::MulIOp) {
        uint64_t lhs = operand(0), rhs = operand(1);
        bool overflowed = false;
        uint64_t product = llvm::SaturatingMultiply(lhs, rhs, &overflowed);
        return overflowed ? std::max(lhs, rhs) : product;
      })
      .Case([&](arith::ShLIOp shift) -> uint64_t {
        std::optional<uint64_t> amount = getConstant(shift.getRhs());
        uint64_t divisor = operand(0);
        if (!amount || *amount >= 32 || divisor >> 31)
          return divisor;
        return divisor << *amount;
      })
      .Case<arith::DivUIOp, arith::DivSIOp>([&](auto division) -> uint64_t {
        std::optional<uint64_t> by = getConstant(division.getRhs());
        uint64_t divisor = operand(0);
        return by && *by && divisor % *by == 0 ? divisor / *by : 1;
      })
      .Case([&](arith::ShRUIOp shift) -> uint64_t {
        std::optional<uint64_t> amount = getConstant(shift.getRhs());
        uint64_t divisor = operand(0);
        if (!amount || *amount >= 63 || divisor % (uint64_t(1) << *amount))
          return 1;
        return divisor >> *amount;
      })
      // a - b * q is a multiple of what divides both a and b.
      .Case<arith::RemUIOp, arith::RemSIOp>([&](auto) { return common(0); })
      .Case([&](arith::AndIOp) {
        // Low zero bits of either side stay zero.
        uint64_t lhs = powerOfTwoPart(operand(0));
        uint64_t rhs = powerOfTwoPart(operand(1));
        return lhs && rhs ? std::max(lhs, rhs) : 0;
      })
      .Case<arith::ExtSIOp, arith::ExtUIOp, arith::IndexCastOp,
            arith::IndexCastUIOp>([&](auto) { return operand(0); })
      // What is cut off is a multiple of a power of two only.
      .Case([&](arith::TruncIOp) { return powerOfTwoPart(operand(0)); })
      .Case([&](gpu::BlockDimOp dim) -> uint64_t {
        auto kernel = op->getParentOfType<gpu::GPUFuncOp>();
        std::optional<ArrayRef<int32_t>> sizes =
            kernel ? kernel.getKnownBlockSize() : std::nullopt;
        auto index = static_cast<unsigned>(dim.getDimension());
        return sizes && index < sizes->size() ? (*sizes)[index] : 1;
      })
      .Default([](Operation *) -> uint64_t { return 1; });
}

/// Builds the exact quotient of `value`; null where it is not known to be a
/// multiple of `divisor`.
static Value divideTerms(OpBuilder &builder, Location loc, Value value,
                         uint64_t divisor, DivisibilityAnalysis &analysis,
                         unsigned depth) {
  if (!analysis.isMultipleOf(value, divisor))
    return nullptr;
  if (std::optional<uint64_t> constant = getConstant(value))
    return arith::ConstantIndexOp::create(builder, loc, *constant / divisor);
  auto divide = [&](Value term) -> Value {
    if (depth == 0)
      return nullptr;
    return divideTerms(builder, loc, term, divisor, analysis, depth - 1);
  };
  if (auto sum = value.getDefiningOp<arith::AddIOp>()) {
    Value lhs = divide(sum.getLhs());
    Value rhs = lhs ? divide(sum.getRhs()) : nullptr;
    if (rhs)
      return arith::AddIOp::create(builder, loc, lhs, rhs);
  } else if (auto product = value.getDefiningOp<arith::MulIOp>()) {
    if (Value lhs = divide(product.getLhs()))
      return arith::MulIOp::create(builder, loc, lhs, product.getRhs());
    if (Value rhs = divide(product.getRhs()))
      return arith::MulIOp::create(builder, loc, product.getLhs(), rhs);
  }
  Value amount =
      arith::ConstantIndexOp::create(builder, loc, llvm::Log2_64(divisor));
  return arith::ShRUIOp::create(builder, loc, value, amount);
}

Value tapml::buildExactQuotient(OpBuilder &builder, Location loc, Value value,
                                uint64_t divisor,
                                DivisibilityAnalysis &analysis) {
  // Sums are followed only so far: shared terms are built once per use.
  constexpr unsigned maxTermDepth = 8;
  return divideTerms(builder, loc, value, divisor, analysis, maxTermDepth);
}
