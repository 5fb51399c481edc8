//===- IndexMath.cpp - Index arithmetic of kernels ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IndexMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace tapml::emission;

std::optional<int64_t> tapml::emission::getConstantIndex(Value value) {
  IntegerAttr attr;
  if (matchPattern(value, m_Constant(&attr)))
    return attr.getInt();
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// IndexBuilder
//===----------------------------------------------------------------------===//

IndexBuilder::IndexBuilder(OpBuilder &builder, Location loc, Block *entry,
                           bool onHost)
    : builder(builder), loc(loc), entry(entry), onHost(onHost) {}

Value IndexBuilder::constant(int64_t value) {
  Value &result = constants[value];
  if (!result) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    result = arith::ConstantIndexOp::create(builder, loc, value);
  }
  return result;
}

Value IndexBuilder::create(Kind kind, Value lhs, Value rhs) {
  std::tuple<int, void *, void *> key(static_cast<int>(kind),
                                      lhs.getAsOpaquePointer(),
                                      rhs.getAsOpaquePointer());
  if (const Value *known = memo.lookup(key))
    return *known;
  Value result;
  switch (kind) {
  case Kind::Add:
    result = arith::AddIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Sub:
    result = arith::SubIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Mul:
    result = arith::MulIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Div:
    result = onHost ? arith::DivSIOp::create(builder, loc, lhs, rhs).getResult()
                    : arith::DivUIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Rem:
    result = onHost ? arith::RemSIOp::create(builder, loc, lhs, rhs).getResult()
                    : arith::RemUIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Min:
    result = onHost ? arith::MinSIOp::create(builder, loc, lhs, rhs).getResult()
                    : arith::MinUIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::Max:
    result = onHost ? arith::MaxSIOp::create(builder, loc, lhs, rhs).getResult()
                    : arith::MaxUIOp::create(builder, loc, lhs, rhs);
    break;
  case Kind::CeilDiv:
    result = arith::CeilDivSIOp::create(builder, loc, lhs, rhs);
    break;
  }
  memo.insert(key, result);
  return result;
}

Value IndexBuilder::add(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return constant(*l + *r);
  if (l && *l == 0)
    return rhs;
  if (r && *r == 0)
    return lhs;
  return create(Kind::Add, lhs, rhs);
}

Value IndexBuilder::sub(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return constant(*l - *r);
  if (r && *r == 0)
    return lhs;
  return create(Kind::Sub, lhs, rhs);
}

Value IndexBuilder::mul(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return constant(*l * *r);
  if ((l && *l == 0) || (r && *r == 1))
    return lhs;
  if ((r && *r == 0) || (l && *l == 1))
    return rhs;
  return create(Kind::Mul, lhs, rhs);
}

Value IndexBuilder::div(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (r && *r == 1)
    return lhs;
  if (l && *l == 0)
    return lhs;
  if (l && r && *r != 0)
    return constant(*l / *r);
  return create(Kind::Div, lhs, rhs);
}

Value IndexBuilder::rem(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (r && *r == 1)
    return constant(0);
  if (l && *l == 0)
    return lhs;
  if (l && r && *r != 0)
    return constant(*l % *r);
  return create(Kind::Rem, lhs, rhs);
}

Value IndexBuilder::min(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return constant(std::min(*l, *r));
  return lhs == rhs ? lhs : create(Kind::Min, lhs, rhs);
}

Value IndexBuilder::max(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return constant(std::max(*l, *r));
  return lhs == rhs ? lhs : create(Kind::Max, lhs, rhs);
}

Value IndexBuilder::ceilDiv(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (r && *r == 1)
    return lhs;
  if (l && r && *r != 0)
    return constant(llvm::divideCeilSigned(*l, *r));
  if (onHost) {
    // Rounding up twice by constants is rounding up once by their product.
    if (auto inner = lhs.getDefiningOp<arith::CeilDivSIOp>(); inner && r)
      if (auto by = getConstantIndex(inner.getRhs()))
        return ceilDiv(inner.getLhs(), constant(*by * *r));
    return create(Kind::CeilDiv, lhs, rhs);
  }
  if (r && getDivisor(lhs) % *r == 0)
    return div(lhs, rhs);
  return div(add(lhs, sub(rhs, constant(1))), rhs);
}

Value IndexBuilder::product(ArrayRef<Value> values) {
  Value result = constant(1);
  for (Value value : values)
    result = mul(result, value);
  return result;
}

Value IndexBuilder::lessThan(Value lhs, Value rhs) {
  auto l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r && *l < *r)
    return nullptr;
  return arith::CmpIOp::create(
      builder, loc,
      onHost ? arith::CmpIPredicate::slt : arith::CmpIPredicate::ult, lhs, rhs);
}

int64_t IndexBuilder::getDivisor(Value value) {
  if (auto known = divisors.find(value); known != divisors.end())
    return known->second;
  if (auto constant = getConstantIndex(value))
    return std::abs(*constant);
  int64_t divisor = 1;
  if (auto op = value.getDefiningOp();
      op && isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivUIOp,
                arith::RemUIOp, arith::MinSIOp, arith::MinUIOp>(op)) {
    int64_t l = getDivisor(op->getOperand(0));
    int64_t r = getDivisor(op->getOperand(1));
    if (isa<arith::MulIOp>(op)) {
      // A factor's own divisor is good enough where the product overflows.
      if (llvm::MulOverflow(l, r, divisor))
        divisor = l;
    } else if (isa<arith::DivUIOp>(op)) {
      auto by = getConstantIndex(op->getOperand(1));
      divisor = by && *by > 0 && l % *by == 0 ? l / *by : 1;
    } else {
      divisor = std::gcd(l, r);
    }
  }
  return divisors[value] = divisor;
}

void IndexBuilder::forget(Block &block) {
  for (BlockArgument argument : block.getArguments())
    divisors.erase(argument);
  block.walk([&](Operation *op) {
    for (Value result : op->getResults())
      divisors.erase(result);
    for (Region &region : op->getRegions())
      for (Block &inner : region)
        for (BlockArgument argument : inner.getArguments())
          divisors.erase(argument);
  });
}

//===----------------------------------------------------------------------===//
// IndexContext: expressions
//===----------------------------------------------------------------------===//

Index IndexContext::unique(IndexExpr expr) {
  std::vector<void *> lanes;
  for (Value lane : expr.lanes)
    lanes.push_back(lane.getAsOpaquePointer());
  Key key(static_cast<int>(expr.kind),
          expr.base ? expr.base.getAsOpaquePointer() : nullptr, expr.stride,
          lanes, expr.lhs, expr.rhs,
          expr.size ? expr.size.getAsOpaquePointer() : nullptr, expr.bounded);
  std::unique_ptr<IndexExpr> &entry = exprs[key];
  if (!entry)
    entry = std::make_unique<IndexExpr>(std::move(expr));
  return entry.get();
}

static bool isConstant(Index index, int64_t value) {
  return index->kind == IndexExpr::Kind::Lanes && index->stride == 0 &&
         getConstantIndex(index->base) == value;
}

Index IndexContext::get(Value base, int64_t stride) {
  IndexExpr expr(IndexExpr::Kind::Lanes);
  expr.base = base;
  expr.stride = stride;
  return unique(std::move(expr));
}

Index IndexContext::getDivergent(ArrayRef<Value> lanes) {
  if (llvm::all_equal(lanes))
    return get(lanes.front());
  IndexExpr expr(IndexExpr::Kind::Divergent);
  expr.lanes.assign(lanes.begin(), lanes.end());
  return unique(std::move(expr));
}

Index IndexContext::div(Index lhs, Value size) {
  auto by = getConstantIndex(size);
  if (by == 1 || isConstant(lhs, 0))
    return lhs;
  if (lhs->kind == IndexExpr::Kind::Join && lhs->bounded) {
    // (q * s + r) / s = q, for r < s.
    if (lhs->size == size)
      return lhs->lhs;
    // (q * s + r) / t = q * (s / t) + r / t, where t divides s.
    auto joined = getConstantIndex(lhs->size);
    if (by && joined && *joined % *by == 0)
      return join(lhs->lhs, ix.constant(*joined / *by), div(lhs->rhs, size),
                  /*bounded=*/true);
  }
  IndexExpr expr(IndexExpr::Kind::Div);
  expr.lhs = lhs;
  expr.size = size;
  return unique(std::move(expr));
}

Index IndexContext::rem(Index lhs, Value size) {
  auto by = getConstantIndex(size);
  if (by == 1 || isConstant(lhs, 0))
    return getConstant(0);
  if (lhs->kind == IndexExpr::Kind::Join && lhs->bounded) {
    if (lhs->size == size)
      return lhs->rhs;
    auto joined = getConstantIndex(lhs->size);
    if (by && joined && *joined % *by == 0)
      return rem(lhs->rhs, size);
  }
  if (lhs->kind == IndexExpr::Kind::Rem && lhs->size == size)
    return lhs;
  IndexExpr expr(IndexExpr::Kind::Rem);
  expr.lhs = lhs;
  expr.size = size;
  return unique(std::move(expr));
}

Index IndexContext::join(Index lhs, Value size, Index rhs, bool bounded) {
  auto by = getConstantIndex(size);
  if (isConstant(lhs, 0) || by == 0)
    return rhs;
  if (by == 1 && (bounded || isConstant(rhs, 0)))
    return lhs;
  if (bounded && rhs->kind == IndexExpr::Kind::Rem && rhs->size == size) {
    // (x / s) * s + x % s = x.
    if (lhs->kind == IndexExpr::Kind::Div && lhs->size == size &&
        lhs->lhs == rhs->lhs)
      return rhs->lhs;
    // (q * t + x / s) * s + x % s = q * (t * s) + x, for x < t * s.
    if (lhs->kind == IndexExpr::Kind::Join && lhs->bounded &&
        lhs->rhs->kind == IndexExpr::Kind::Div && lhs->rhs->size == size &&
        lhs->rhs->lhs == rhs->lhs)
      return join(lhs->lhs, ix.mul(lhs->size, size), rhs->lhs,
                  /*bounded=*/true);
  }
  IndexExpr expr(IndexExpr::Kind::Join);
  expr.lhs = lhs;
  expr.size = size;
  expr.rhs = rhs;
  expr.bounded = bounded;
  return unique(std::move(expr));
}

Index IndexContext::add(Index lhs, Index rhs) {
  if (isConstant(rhs, 0))
    return lhs;
  return join(lhs, ix.constant(1), rhs, /*bounded=*/false);
}

Index IndexContext::mul(Index lhs, Value factor) {
  return join(lhs, factor, getConstant(0), /*bounded=*/true);
}

Index IndexContext::apply(AffineExpr expr, ArrayRef<Index> dims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return getConstant(constant.getValue());
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return nullptr;
  Index lhs = apply(binary.getLHS(), dims);
  if (!lhs)
    return nullptr;
  if (expr.getKind() == AffineExprKind::Add) {
    Index rhs = apply(binary.getRHS(), dims);
    return rhs ? add(lhs, rhs) : nullptr;
  }
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!factor)
    return nullptr;
  Value size = ix.constant(factor.getValue());
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    return mul(lhs, size);
  case AffineExprKind::FloorDiv:
    return div(lhs, size);
  case AffineExprKind::Mod:
    return rem(lhs, size);
  case AffineExprKind::CeilDiv:
    return div(add(lhs, getConstant(factor.getValue() - 1)), size);
  default:
    return nullptr;
  }
}

Index IndexContext::linearize(ArrayRef<Index> indices, ArrayRef<Value> sizes) {
  Index result = getConstant(0);
  for (auto [index, size] : llvm::zip_equal(indices, sizes))
    if (getConstantIndex(size) != 1)
      result = join(result, size, index, /*bounded=*/true);
  return result;
}

SmallVector<Index> IndexContext::delinearize(Index linear,
                                             ArrayRef<Value> sizes) {
  SmallVector<Index> result(sizes.size(), getConstant(0));
  const Value *outermost = llvm::find_if(
      sizes, [](Value size) { return getConstantIndex(size) != 1; });
  for (size_t i = sizes.size(); i-- > 0;) {
    if (getConstantIndex(sizes[i]) == 1)
      continue;
    if (&sizes[i] == outermost) {
      result[i] = linear;
      break;
    }
    result[i] = rem(linear, sizes[i]);
    linear = div(linear, sizes[i]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// IndexContext: code
//===----------------------------------------------------------------------===//

int64_t IndexContext::getDivisor(Index index) {
  switch (index->kind) {
  case IndexExpr::Kind::Lanes:
    return ix.getDivisor(index->base);
  case IndexExpr::Kind::Divergent:
    return 1;
  case IndexExpr::Kind::Div: {
    auto by = getConstantIndex(index->size);
    int64_t divisor = getDivisor(index->lhs);
    return by && *by > 0 && divisor % *by == 0 ? divisor / *by : 1;
  }
  case IndexExpr::Kind::Rem:
    return std::gcd(getDivisor(index->lhs), ix.getDivisor(index->size));
  case IndexExpr::Kind::Join: {
    int64_t product;
    if (llvm::MulOverflow(getDivisor(index->lhs), ix.getDivisor(index->size),
                          product))
      product = 1;
    return std::gcd(product, getDivisor(index->rhs));
  }
  }
  llvm_unreachable("covered switch");
}

bool IndexContext::staysInBlock(int64_t divisor, int64_t stride, int64_t lanes,
                                Value size) {
  // The largest number that divides both the start and the block's size.
  int64_t common = std::gcd(divisor, ix.getDivisor(size));
  return stride >= 0 && (common == 0 || stride * (lanes - 1) < common);
}

std::optional<int64_t> IndexContext::getStride(Index index, int64_t lanes) {
  if (lanes == 1)
    return 0;
  switch (index->kind) {
  case IndexExpr::Kind::Lanes:
    return index->stride;
  case IndexExpr::Kind::Divergent:
    return std::nullopt;
  case IndexExpr::Kind::Div:
  case IndexExpr::Kind::Rem: {
    auto stride = getStride(index->lhs, lanes);
    if (!stride || *stride == 0)
      return stride;
    if (!staysInBlock(getDivisor(index->lhs), *stride, lanes, index->size))
      return std::nullopt;
    return index->kind == IndexExpr::Kind::Div ? 0 : stride;
  }
  case IndexExpr::Kind::Join: {
    auto lhs = getStride(index->lhs, lanes), rhs = getStride(index->rhs, lanes);
    if (!lhs || !rhs)
      return std::nullopt;
    if (*lhs == 0)
      return rhs;
    auto size = getConstantIndex(index->size);
    if (!size)
      return std::nullopt;
    return *lhs * *size + *rhs;
  }
  }
  llvm_unreachable("covered switch");
}

/// Returns the index of lane `lane`.
static Value getLane(IndexBuilder &ix, const LaneIndices &indices,
                     int64_t lane) {
  if (!indices.lanes.empty())
    return indices.lanes[lane];
  return ix.add(indices.base, ix.constant(indices.stride * lane));
}

LaneIndices IndexContext::materialize(Index index, int64_t lanes) {
  if (index->kind == IndexExpr::Kind::Lanes)
    return {index->base, lanes == 1 ? 0 : index->stride, {}};
  if (index->kind == IndexExpr::Kind::Divergent) {
    if (lanes == 1)
      return {index->lanes.front(), 0, {}};
    return {nullptr, 0, index->lanes};
  }
  auto key = std::make_pair(index, lanes);
  if (const LaneIndices *known = memo.lookup(key))
    return *known;

  LaneIndices lhs = materialize(index->lhs, lanes), rhs, result;
  if (index->rhs)
    rhs = materialize(index->rhs, lanes);
  auto compute = [&](Value l, Value r) {
    switch (index->kind) {
    case IndexExpr::Kind::Div:
      return ix.div(l, index->size);
    case IndexExpr::Kind::Rem:
      return ix.rem(l, index->size);
    default:
      return ix.add(ix.mul(l, index->size), r);
    }
  };
  if (auto stride = getStride(index, lanes)) {
    result.base = compute(lhs.base, rhs.base);
    result.stride = *stride;
  } else {
    for (int64_t lane = 0; lane < lanes; ++lane)
      result.lanes.push_back(
          compute(getLane(ix, lhs, lane),
                  index->rhs ? getLane(ix, rhs, lane) : Value()));
  }
  memo.insert(key, result);
  return result;
}
