//===- SizeExpr.cpp - Sizes as tables of expressions ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/SizeExpr.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;
using Kind = SizeExpr::Op;
using Id = SizeExprTable::Id;

int64_t tapml::getElementBytes(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

SizeExprTable::SizeExprTable(func::FuncOp function, bool quiet)
    : function(function), quiet(quiet) {
  for (Type type : function.getArgumentTypes())
    numTensors += isa<RankedTensorType>(type);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// Whether a row is never negative, given that for the rows before it.
static bool isNonNegativeRow(const SizeExpr &row, ArrayRef<bool> earlier) {
  auto a = [&] { return earlier[row.a]; };
  auto b = [&] { return earlier[row.b]; };
  switch (row.op) {
  case Kind::Const:
    return row.a >= 0;
  case Kind::Dim:
  case Kind::Le:
  case Kind::Lt:
  case Kind::Eq:
    return true;
  case Kind::Size:
  case Kind::Sub:
    return false;
  case Kind::Max:
    return a() || b();
  case Kind::Mod: // The sign is that of the divisor.
    return b();
  case Kind::Add:
  case Kind::Mul:
  case Kind::FloorDiv:
  case Kind::CeilDiv:
  case Kind::Min:
    return a() && b();
  }
  llvm_unreachable("covered switch");
}

Id SizeExprTable::getRow(SizeExpr expr) {
  auto [it, inserted] = known.try_emplace(
      {static_cast<int>(expr.op), expr.a, expr.b}, rows.size());
  if (inserted) {
    rows.push_back(expr);
    nonNegative.push_back(isNonNegativeRow(expr, nonNegative));
  }
  return it->second;
}

Id SizeExprTable::getConstant(int64_t value) {
  return getRow({Kind::Const, value});
}

std::optional<int64_t> SizeExprTable::getConstantValue(Id id) const {
  if (rows[id].op != Kind::Const)
    return std::nullopt;
  return rows[id].a;
}

Id SizeExprTable::getBinary(Kind op, Id a, Id b) {
  std::optional<int64_t> left = getConstantValue(a),
                         right = getConstantValue(b);
  if (left && right)
    if (std::optional<int64_t> folded = applySizeOp(op, *left, *right))
      return getConstant(*folded);
  switch (op) {
  case Kind::Add:
    if (left == 0)
      return b;
    if (right == 0)
      return a;
    break;
  case Kind::Sub:
    if (right == 0)
      return a;
    if (a == b)
      return getConstant(0);
    break;
  case Kind::Mul:
    if (left == 1)
      return b;
    if (right == 1)
      return a;
    break;
  case Kind::FloorDiv:
  case Kind::CeilDiv:
    if (right == 1)
      return a;
    break;
  case Kind::Min:
  case Kind::Max:
    if (a == b)
      return a;
    break;
  default:
    break;
  }
  bool commutes = op == Kind::Add || op == Kind::Mul || op == Kind::Min ||
                  op == Kind::Max || op == Kind::Eq;
  if (commutes && a > b)
    std::swap(a, b);
  return getRow({op, static_cast<int64_t>(a), static_cast<int64_t>(b)});
}

Id SizeExprTable::assumeNonNegative(Id id) {
  if (!isNonNegative(id) && !llvm::is_contained(assumed, id))
    assumed.push_back(id);
  return id;
}

Id SizeExprTable::getNot(Id condition) {
  return getBinary(Kind::Sub, getConstant(1), condition);
}

Id SizeExprTable::getSelect(Id condition, Id whenTrue, Id whenFalse) {
  if (std::optional<int64_t> known = getConstantValue(condition))
    return *known ? whenTrue : whenFalse;
  Id difference = getBinary(Kind::Sub, whenTrue, whenFalse);
  return getBinary(Kind::Add, whenFalse,
                   getBinary(Kind::Mul, condition, difference));
}

Id SizeExprTable::getTruncatingDiv(Id a, Id b) {
  Id floor = getBinary(Kind::FloorDiv, a, b);
  if (isNonNegative(a) && isNonNegative(b))
    return floor;
  Id zero = getConstant(0);
  Id sameSign = getBinary(Kind::Eq, getBinary(Kind::Lt, a, zero),
                          getBinary(Kind::Lt, b, zero));
  return getSelect(sameSign, floor, getBinary(Kind::CeilDiv, a, b));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LogicalResult SizeExprTable::fail(Value value) {
  if (quiet)
    return failure();
  Operation *op = value.getDefiningOp();
  if (!op)
    return function.emitOpError("argument ")
           << cast<BlockArgument>(value).getArgNumber()
           << " cannot be part of a size: sizes are computed from shapes and "
              "'index' arguments";
  return op->emitOpError("cannot be part of a size: sizes are integer "
                         "arithmetic on shapes and 'index' arguments");
}

LogicalResult SizeExprTable::buildOperands(ValueRange operands,
                                           SmallVectorImpl<Id> &ids) {
  for (Value operand : operands) {
    FailureOr<Id> id = get(operand);
    if (failed(id))
      return failure();
    ids.push_back(*id);
  }
  return success();
}

FailureOr<Id> SizeExprTable::get(Value value) {
  if (auto it = values.find(value); it != values.end())
    return it->second;
  FailureOr<Id> id = build(value);
  if (succeeded(id))
    values[value] = *id;
  return id;
}

/// The row of a comparison.
static Id buildCompare(SizeExprTable &table, arith::CmpIPredicate predicate,
                       Id a, Id b) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return table.getBinary(Kind::Eq, a, b);
  case arith::CmpIPredicate::ne:
    return table.getBinary(Kind::Sub, table.getConstant(1),
                           table.getBinary(Kind::Eq, a, b));
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::ult:
    return table.getBinary(Kind::Lt, a, b);
  case arith::CmpIPredicate::sle:
  case arith::CmpIPredicate::ule:
    return table.getBinary(Kind::Le, a, b);
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::ugt:
    return table.getBinary(Kind::Lt, b, a);
  case arith::CmpIPredicate::sge:
  case arith::CmpIPredicate::uge:
    return table.getBinary(Kind::Le, b, a);
  }
  llvm_unreachable("covered switch");
}

static bool isUnsigned(arith::CmpIPredicate predicate) {
  return predicate == arith::CmpIPredicate::ult ||
         predicate == arith::CmpIPredicate::ule ||
         predicate == arith::CmpIPredicate::ugt ||
         predicate == arith::CmpIPredicate::uge;
}

FailureOr<Id> SizeExprTable::build(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (!isa<IndexType>(argument.getType()))
      return fail(value);
    return getRow({Kind::Size, int64_t(argument.getArgNumber()) - numTensors});
  }
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return fail(value);
    return getDim(dim.getSource(), *index);
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto integer = dyn_cast<IntegerAttr>(constant.getValue());
    if (!integer || integer.getValue().getSignificantBits() > 64)
      return fail(value);
    // A true i1 is 1 here, as the comparisons are.
    return getConstant(integer.getType().isInteger(1)
                           ? int64_t(integer.getValue().getBoolValue())
                           : integer.getValue().getSExtValue());
  }

  SmallVector<Id> ids;
  auto binary = [&](Kind kind) -> FailureOr<Id> {
    return getBinary(kind, ids[0], ids[1]);
  };
  auto unsignedBinary = [&](Kind kind) -> FailureOr<Id> {
    return getBinary(kind, assumeNonNegative(ids[0]),
                     assumeNonNegative(ids[1]));
  };
  // Bitwise operations are those of conditions, 0 or 1.
  auto conditions = [&] { return value.getType().isInteger(1); };

  // Only operations known below are looked into.
  using Builder = function_ref<FailureOr<Id>()>;
  auto with = [&](Builder make) -> FailureOr<Id> {
    if (failed(buildOperands(op->getOperands(), ids)))
      return failure();
    return make();
  };
  return TypeSwitch<Operation *, FailureOr<Id>>(op)
      .Case([&](arith::AddIOp) {
        return with([&] { return binary(Kind::Add); });
      })
      .Case([&](arith::SubIOp) {
        return with([&] { return binary(Kind::Sub); });
      })
      .Case([&](arith::MulIOp) {
        return with([&] { return binary(Kind::Mul); });
      })
      .Case([&](arith::FloorDivSIOp) {
        return with([&] { return binary(Kind::FloorDiv); });
      })
      .Case([&](arith::CeilDivSIOp) {
        return with([&] { return binary(Kind::CeilDiv); });
      })
      .Case([&](arith::DivUIOp) {
        return with([&] { return unsignedBinary(Kind::FloorDiv); });
      })
      .Case([&](arith::CeilDivUIOp) {
        return with([&] { return unsignedBinary(Kind::CeilDiv); });
      })
      .Case([&](arith::RemUIOp) {
        return with([&] { return unsignedBinary(Kind::Mod); });
      })
      .Case([&](arith::DivSIOp) {
        return with([&]() -> FailureOr<Id> {
          return getTruncatingDiv(ids[0], ids[1]);
        });
      })
      .Case([&](arith::RemSIOp) {
        return with([&]() -> FailureOr<Id> {
          if (isNonNegative(ids[0]) && isNonNegative(ids[1]))
            return getBinary(Kind::Mod, ids[0], ids[1]);
          return getBinary(
              Kind::Sub, ids[0],
              getBinary(Kind::Mul, ids[1], getTruncatingDiv(ids[0], ids[1])));
        });
      })
      .Case([&](arith::MinSIOp) {
        return with([&] { return binary(Kind::Min); });
      })
      .Case([&](arith::MaxSIOp) {
        return with([&] { return binary(Kind::Max); });
      })
      .Case([&](arith::MinUIOp) {
        return with([&] { return unsignedBinary(Kind::Min); });
      })
      .Case([&](arith::MaxUIOp) {
        return with([&] { return unsignedBinary(Kind::Max); });
      })
      .Case([&](arith::CmpIOp compare) {
        return with([&]() -> FailureOr<Id> {
          if (isUnsigned(compare.getPredicate()))
            for (Id id : ids)
              assumeNonNegative(id);
          return buildCompare(*this, compare.getPredicate(), ids[0], ids[1]);
        });
      })
      .Case([&](arith::SelectOp) {
        return with([&]() -> FailureOr<Id> {
          return getSelect(ids[0], ids[1], ids[2]);
        });
      })
      .Case([&](arith::AndIOp) -> FailureOr<Id> {
        if (!conditions())
          return fail(value);
        return with([&] { return binary(Kind::Mul); });
      })
      .Case([&](arith::OrIOp) -> FailureOr<Id> {
        if (!conditions())
          return fail(value);
        return with([&] { return binary(Kind::Max); });
      })
      .Case([&](arith::XOrIOp) -> FailureOr<Id> {
        if (!conditions())
          return fail(value);
        return with([&]() -> FailureOr<Id> {
          return getNot(getBinary(Kind::Eq, ids[0], ids[1]));
        });
      })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp>(
          [&](Operation *cast) -> FailureOr<Id> {
            // Narrowing would drop bits; conditions are 0 or 1, not -1.
            Type from = cast->getOperand(0).getType();
            Type to = value.getType();
            bool narrows = isa<IntegerType>(to) &&
                           to.getIntOrFloatBitWidth() < 64 &&
                           isa<IndexType>(from);
            if (narrows || (from.isInteger(1) && isa<arith::IndexCastOp>(cast)))
              return fail(value);
            return with([&]() -> FailureOr<Id> {
              return isa<arith::IndexCastOp>(cast) || from.isInteger(1)
                         ? ids[0]
                         : assumeNonNegative(ids[0]);
            });
          })
      .Case([&](arith::ExtSIOp extend) -> FailureOr<Id> {
        if (extend.getIn().getType().isInteger(1))
          return fail(value);
        return with([&]() -> FailureOr<Id> { return ids[0]; });
      })
      .Case<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(
          [&](auto apply) {
            return with([&]() -> FailureOr<Id> {
              AffineMap map = apply.getAffineMap();
              ArrayRef<Id> all(ids);
              FailureOr<Id> result = failure();
              for (AffineExpr expr : map.getResults()) {
                FailureOr<Id> next =
                    buildAffine(expr, all.take_front(map.getNumDims()),
                                all.drop_front(map.getNumDims()));
                if (failed(next))
                  return fail(value);
                bool isMin = isa<affine::AffineMinOp>(apply.getOperation());
                result = failed(result)
                             ? *next
                             : getBinary(isMin ? Kind::Min : Kind::Max, *result,
                                         *next);
              }
              return result;
            });
          })
      .Default([&](Operation *) { return fail(value); });
}

FailureOr<Id> SizeExprTable::buildAffine(AffineExpr expr, ArrayRef<Id> dims,
                                         ArrayRef<Id> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return getConstant(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto both = cast<AffineBinaryOpExpr>(expr);
  FailureOr<Id> a = buildAffine(both.getLHS(), dims, symbols);
  FailureOr<Id> b = buildAffine(both.getRHS(), dims, symbols);
  if (failed(a) || failed(b))
    return failure();
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return getBinary(Kind::Add, *a, *b);
  case AffineExprKind::Mul:
    return getBinary(Kind::Mul, *a, *b);
  case AffineExprKind::FloorDiv:
    return getBinary(Kind::FloorDiv, *a, *b);
  case AffineExprKind::CeilDiv:
    return getBinary(Kind::CeilDiv, *a, *b);
  case AffineExprKind::Mod:
    return getBinary(Kind::Mod, *a, *b);
  default:
    return failure();
  }
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

FailureOr<Id> SizeExprTable::getDim(Value tensor, int64_t dim) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || dim < 0 || dim >= type.getRank())
    return fail(tensor);
  if (!type.isDynamicDim(dim))
    return getConstant(type.getDimSize(dim));
  return buildDim(tensor, dim);
}

FailureOr<Id> SizeExprTable::buildDim(Value tensor, int64_t dim) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return getRow({Kind::Dim, int64_t(argument.getArgNumber()), dim});
  Operation *op = tensor.getDefiningOp();
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return get(empty.getDynamicSize(dim));
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return getDim(cast.getSource(), dim);
  if (auto transfer = dyn_cast<TransferOp>(op))
    return getDim(transfer.getSource(), dim);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    OpFoldResult size = expand.getMixedOutputShape()[dim];
    if (auto value = dyn_cast<Value>(size))
      return get(value);
    return getConstant(cast<IntegerAttr>(cast<Attribute>(size)).getInt());
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    Id product = getConstant(1);
    for (int64_t source : collapse.getReassociationIndices()[dim]) {
      FailureOr<Id> size = getDim(collapse.getSrc(), source);
      if (failed(size))
        return failure();
      product = getBinary(Kind::Mul, product, *size);
    }
    return product;
  }
  if (auto tied = dyn_cast<DestinationStyleOpInterface>(op))
    return getDim(tied.getDpsInits()[cast<OpResult>(tensor).getResultNumber()],
                  dim);
  return fail(tensor);
}

FailureOr<SmallVector<Id>> SizeExprTable::getShape(Value tensor) {
  SmallVector<Id> shape;
  for (int64_t i = 0, e = cast<RankedTensorType>(tensor.getType()).getRank();
       i < e; ++i) {
    FailureOr<Id> size = getDim(tensor, i);
    if (failed(size))
      return failure();
    shape.push_back(*size);
  }
  return shape;
}

FailureOr<Id> SizeExprTable::getNumElements(Value tensor) {
  FailureOr<SmallVector<Id>> shape = getShape(tensor);
  if (failed(shape))
    return failure();
  Id product = getConstant(1);
  for (Id size : *shape)
    product = getBinary(Kind::Mul, product, size);
  return product;
}

FailureOr<Id> SizeExprTable::getNumBytes(Value tensor) {
  FailureOr<Id> elements = getNumElements(tensor);
  if (failed(elements))
    return failure();
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return getBinary(Kind::Mul, *elements, getConstant(getElementBytes(element)));
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

SmallVector<std::optional<int64_t>>
SizeExprTable::evaluate(function_ref<int64_t(unsigned, unsigned)> dimOf,
                        function_ref<int64_t(unsigned)> sizeOf) const {
  SmallVector<std::optional<int64_t>> results;
  for (const SizeExpr &row : rows) {
    switch (row.op) {
    case Kind::Const:
      results.push_back(row.a);
      break;
    case Kind::Dim:
      results.push_back(
          dimOf(static_cast<unsigned>(row.a), static_cast<unsigned>(row.b)));
      break;
    case Kind::Size:
      results.push_back(sizeOf(static_cast<unsigned>(row.a)));
      break;
    default: {
      std::optional<int64_t> a = results[row.a], b = results[row.b];
      results.push_back(a && b ? applySizeOp(row.op, *a, *b) : std::nullopt);
    }
    }
  }
  return results;
}
