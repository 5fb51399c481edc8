//===- EmitExpressions.cpp - Operations as expressions --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionEmitter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml::shader;

using Demand = ValueSigns::Demand;

FailureOr<ShaderType> FunctionEmitter::getType(Operation *at, Value value) {
  std::optional<ShaderType> type =
      getShaderType(value.getType(), signs.isUnsigned(value));
  if (type && language.hasScalar(type->scalar)) {
    context.features.half |= type->scalar == Scalar::Half;
    return *type;
  }
  return emitError(at) << "'" << at->getName() << "' uses " << value.getType()
                       << "; " << language.getName() << " has no such type";
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Returns `type` with the sign that is asked for.
static ShaderType withSign(ShaderType type, bool isUnsigned) {
  if (isInteger(type.scalar) &&
      tapml::shader::isUnsigned(type.scalar) != isUnsigned)
    type.scalar = static_cast<Scalar>(static_cast<int>(type.scalar) +
                                      (isUnsigned ? 1 : -1));
  return type;
}

FailureOr<Expression> FunctionEmitter::get(Value value, Demand demand) {
  Operation *op = value.getDefiningOp();
  if (op && refused.contains(op))
    return failure();
  bool isUnsigned = demand == Demand::Any ? signs.isUnsigned(value)
                                          : demand == Demand::Unsigned;
  if (auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
      constant && inlining.isInlined(op))
    return getConstant(op, constant.getValue(), isUnsigned, /*asScalar=*/false);

  FailureOr<Expression> result = failure();
  if (op && inlining.isInlined(op)) {
    result = getOperation(op);
    if (failed(result))
      refused.insert(op);
  } else {
    auto it = names.find(value);
    if (it == names.end())
      return emitError(op ? op : function)
             << "a value is used that has not been computed";
    result = Expression(it->second);
  }
  if (failed(result) || demand == Demand::Any ||
      signs.isUnsigned(value) == isUnsigned)
    return result;
  std::optional<ShaderType> type = getShaderType(value.getType(), isUnsigned);
  if (!type || !isInteger(type->scalar))
    return result;
  return getCall(language.getTypeName(*type), *result);
}

FailureOr<Expression> FunctionEmitter::getLike(Value value, Value other) {
  return get(value,
             signs.isUnsigned(other) ? Demand::Unsigned : Demand::Signed);
}

FailureOr<Expression>
FunctionEmitter::getElement(Operation *op, Attribute value, Scalar type) {
  if (auto number = dyn_cast<FloatAttr>(value)) {
    const APFloat &exact = number.getValue();
    if (exact.isNaN())
      return language.getNaN(type, context.features);
    if (exact.isInfinity()) {
      Expression infinity = language.getInfinity(type, context.features);
      return exact.isNegative() ? getUnary("-", infinity) : infinity;
    }
    std::string text = language.getLiteral(exact, type);
    return Expression(text, exact.isNegative() ? Level::Unary : Level::Primary);
  }
  if (auto number = dyn_cast<IntegerAttr>(value)) {
    if (type == Scalar::Bool)
      return Expression(number.getValue().isZero() ? "false" : "true");
    APInt exact = number.getValue();
    if (number.getType().isIndex()) {
      if (!exact.isSignedIntN(32) && !exact.isIntN(32))
        return emitError(op)
               << "constant " << number.getInt() << " is no index of 32 bits";
      exact = exact.trunc(32);
    }
    std::string text = language.getLiteral(exact, type);
    return Expression(text,
                      text.front() == '-' ? Level::Unary : Level::Primary);
  }
  return emitError(op) << "has a constant of an unknown kind";
}

FailureOr<Expression> FunctionEmitter::getConstant(Operation *op,
                                                   TypedAttr value,
                                                   bool isUnsigned,
                                                   bool asScalar) {
  std::optional<ShaderType> type = getShaderType(value.getType(), isUnsigned);
  if (!type || !language.hasScalar(type->scalar))
    return emitError(op) << "'" << op->getName() << "' uses " << value.getType()
                         << "; " << language.getName() << " has no such type";
  context.features.half |= type->scalar == Scalar::Half;
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!elements)
    return getElement(op, value, type->scalar);
  if (elements.isSplat()) {
    FailureOr<Expression> element =
        getElement(op, elements.getSplatValue<Attribute>(), type->scalar);
    if (failed(element) || asScalar)
      return element;
    return getCall(language.getTypeName(*type), *element);
  }
  SmallVector<Expression> parts;
  for (Attribute element : elements.getValues<Attribute>()) {
    FailureOr<Expression> part = getElement(op, element, type->scalar);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  return getCall(language.getTypeName(*type), parts);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Returns the scalar that every element of `value` is, if that can be seen.
static Value getSplatSource(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    if (!isa<VectorType>(broadcast.getSource().getType()))
      return broadcast.getSource();
  return nullptr;
}

static bool isSplat(Value value) {
  DenseElementsAttr elements;
  return getSplatSource(value) ||
         (matchPattern(value, m_Constant(&elements)) && elements.isSplat());
}

FailureOr<Expression> FunctionEmitter::getArithmetic(Operation *op,
                                                     StringRef symbol,
                                                     Level level,
                                                     bool mixesScalars) {
  Value result = op->getResult(0);
  // Both operands of a comparison have one type; else the result says which.
  bool isUnsigned = signs.isUnsigned(result);
  // A vector and a scalar make a vector: no need to say `vec4(x)`.
  bool hasVector = isa<VectorType>(result.getType()) &&
                   llvm::any_of(op->getOperands(), [&](Value operand) {
                     return !isSplat(operand);
                   });
  auto operand = [&](unsigned number) -> FailureOr<Expression> {
    Value value = op->getOperand(number);
    Demand demand = ValueSigns::getDemand(op, number);
    if (demand == Demand::Any)
      demand = isUnsigned ? Demand::Unsigned : Demand::Signed;
    if (mixesScalars && hasVector && isSplat(value)) {
      if (Value source = getSplatSource(value))
        return get(source, demand);
      auto constant = value.getDefiningOp<arith::ConstantOp>();
      if (constant)
        return getConstant(constant, constant.getValue(),
                           demand == Demand::Unsigned, /*asScalar=*/true);
    }
    return get(value, demand);
  };
  FailureOr<Expression> lhs = operand(0), rhs = operand(1);
  if (failed(lhs) || failed(rhs))
    return failure();
  Expression value = getBinary(symbol, level, *lhs, *rhs);
  // Vectors keep their elements' type.
  bool overflows =
      isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::ShLIOp>(op);
  Type type = result.getType();
  if (!overflows || !language.promotesNarrow() || !type.isIntOrIndex() ||
      type.isIndex() || type.getIntOrFloatBitWidth() >= 32)
    return value;
  return getCall(language.getTypeName(*getShaderType(type, isUnsigned)), value);
}

FailureOr<Expression> FunctionEmitter::getFunctionCall(Operation *op) {
  StringRef name = language.getFunction(op->getName().getStringRef());
  if (name.empty())
    return refuse(op);
  SmallVector<Expression> arguments;
  for (auto [number, operand] : llvm::enumerate(op->getOperands())) {
    Demand demand = ValueSigns::getDemand(op, number);
    FailureOr<Expression> argument = demand == Demand::Any
                                         ? getLike(operand, op->getResult(0))
                                         : get(operand, demand);
    if (failed(argument))
      return failure();
    // Overloads tell narrow integers from what C makes of constants and sums.
    Type type = operand.getType();
    if (language.promotesNarrow() && type.isInteger() && !type.isInteger(1) &&
        type.getIntOrFloatBitWidth() < 32 &&
        (argument->level != Level::Primary ||
         matchPattern(operand, m_Constant()))) {
      bool isUnsigned = demand == Demand::Any
                            ? signs.isUnsigned(op->getResult(0))
                            : demand == Demand::Unsigned;
      argument = getCall(language.getTypeName(*getShaderType(type, isUnsigned)),
                         *argument);
    }
    arguments.push_back(*argument);
  }
  return getCall(name, arguments);
}

FailureOr<Expression> FunctionEmitter::getCompare(Operation *op) {
  StringRef symbol;
  Demand demand = Demand::Any;
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    using Predicate = arith::CmpIPredicate;
    demand = ValueSigns::getDemand(op, 0);
    if (getElementTypeOrSelf(lhs).isInteger(1) && demand != Demand::Any)
      return refuse(op, "an order of booleans");
    if (demand == Demand::Any)
      demand = signs.isUnsigned(matchPattern(lhs, m_Constant()) ? rhs : lhs)
                   ? Demand::Unsigned
                   : Demand::Signed;
    switch (compare.getPredicate()) {
    case Predicate::eq:
      symbol = "==";
      break;
    case Predicate::ne:
      symbol = "!=";
      break;
    case Predicate::slt:
    case Predicate::ult:
      symbol = "<";
      break;
    case Predicate::sle:
    case Predicate::ule:
      symbol = "<=";
      break;
    case Predicate::sgt:
    case Predicate::ugt:
      symbol = ">";
      break;
    case Predicate::sge:
    case Predicate::uge:
      symbol = ">=";
      break;
    }
  } else {
    using Predicate = arith::CmpFPredicate;
    switch (cast<arith::CmpFOp>(op).getPredicate()) {
    case Predicate::OEQ:
      symbol = "==";
      break;
    case Predicate::UNE:
      symbol = "!=";
      break;
    case Predicate::OLT:
      symbol = "<";
      break;
    case Predicate::OLE:
      symbol = "<=";
      break;
    case Predicate::OGT:
      symbol = ">";
      break;
    case Predicate::OGE:
      symbol = ">=";
      break;
    default:
      return refuse(op, "a predicate that asks for NaN");
    }
  }
  FailureOr<Expression> left = get(lhs, demand), right = get(rhs, demand);
  if (failed(left) || failed(right))
    return failure();
  return getBinary(symbol, Level::Relational, *left, *right);
}

FailureOr<Expression> FunctionEmitter::getSelect(arith::SelectOp op) {
  FailureOr<Expression> condition = get(op.getCondition());
  FailureOr<Expression> whenTrue = getLike(op.getTrueValue(), op);
  FailureOr<Expression> whenFalse = getLike(op.getFalseValue(), op);
  if (failed(condition) || failed(whenTrue) || failed(whenFalse))
    return failure();
  return language.getSelect(*condition, *whenTrue, *whenFalse,
                            isa<VectorType>(op.getCondition().getType()));
}

FailureOr<Expression> FunctionEmitter::getConversion(Operation *op) {
  Value source = op->getOperand(0), result = op->getResult(0);
  FailureOr<ShaderType> type = getType(op, result);
  FailureOr<Expression> value = get(source, ValueSigns::getDemand(op, 0));
  if (failed(type) || failed(value))
    return failure();
  if (isa<arith::TruncIOp>(op) && type->scalar == Scalar::Bool)
    return refuse(op, "a truncation to i1");
  // What extensions give has their own sign, which the result may not have.
  Demand demand = ValueSigns::getResultDemand(op);
  if (demand != Demand::Any)
    type = withSign(*type, demand == Demand::Unsigned);
  if (isa<arith::ExtSIOp>(op) && getElementTypeOrSelf(source).isInteger(1))
    return getUnary("-", getCall(language.getTypeName(*type), *value));
  // Only the sign may have changed, and the operand has it.
  std::optional<ShaderType> from = getShaderType(
      source.getType(), ValueSigns::getDemand(op, 0) == Demand::Unsigned);
  return from && *from == *type ? *value
                                : getCall(language.getTypeName(*type), *value);
}

//===----------------------------------------------------------------------===//
// All operations
//===----------------------------------------------------------------------===//

FailureOr<Expression> FunctionEmitter::getOperation(Operation *op) {
  FailureOr<Expression> result = getOperationAsIs(op);
  Demand demand = ValueSigns::getResultDemand(op);
  if (failed(result) || demand == Demand::Any)
    return result;
  Value value = op->getResult(0);
  bool isUnsigned = signs.isUnsigned(value);
  if ((demand == Demand::Unsigned) == isUnsigned)
    return result;
  std::optional<ShaderType> type = getShaderType(value.getType(), isUnsigned);
  return type ? getCall(language.getTypeName(*type), *result) : result;
}

FailureOr<Expression> FunctionEmitter::getOperationAsIs(Operation *op) {
  auto arithmetic = [&](StringRef symbol, Level level) {
    return getArithmetic(op, symbol, level, /*mixesScalars=*/true);
  };
  auto bitwise = [&](StringRef symbol, Level level, StringRef logical,
                     Level logicalLevel) {
    Type type = op->getResult(0).getType();
    if (type.isInteger(1))
      return getArithmetic(op, logical, logicalLevel, false);
    return getArithmetic(op, symbol, level, /*mixesScalars=*/false);
  };
  return TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case([&](arith::ConstantOp constant) {
        return getConstant(op, constant.getValue(),
                           signs.isUnsigned(constant.getResult()), false);
      })
      .Case<arith::AddIOp, arith::AddFOp>(
          [&](auto) { return arithmetic("+", Level::Additive); })
      .Case<arith::SubIOp, arith::SubFOp>(
          [&](auto) { return arithmetic("-", Level::Additive); })
      .Case<arith::MulIOp, arith::MulFOp>(
          [&](auto) { return arithmetic("*", Level::Multiplicative); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::DivFOp>(
          [&](auto) { return arithmetic("/", Level::Multiplicative); })
      .Case<arith::RemSIOp, arith::RemUIOp>(
          [&](auto) { return arithmetic("%", Level::Multiplicative); })
      .Case([&](arith::RemFOp) -> FailureOr<Expression> {
        FailureOr<Expression> lhs = get(op->getOperand(0)),
                              rhs = get(op->getOperand(1));
        if (failed(lhs) || failed(rhs))
          return failure();
        return language.getRemainder(*lhs, *rhs);
      })
      .Case<arith::AndIOp>([&](auto) {
        return bitwise("&", Level::BitAnd, "&&", Level::LogicalAnd);
      })
      .Case<arith::OrIOp>([&](auto) {
        return bitwise("|", Level::BitOr, "||", Level::LogicalOr);
      })
      .Case([&](arith::XOrIOp) -> FailureOr<Expression> {
        if (!getElementTypeOrSelf(op->getResult(0)).isInteger(1))
          return getArithmetic(op, "^", Level::BitXor, false);
        if (!matchPattern(op->getOperand(1), m_One()))
          return getArithmetic(op, "!=", Level::Relational, false);
        FailureOr<Expression> operand = get(op->getOperand(0));
        if (failed(operand))
          return failure();
        return getUnary("!", *operand);
      })
      .Case<arith::ShLIOp>(
          [&](auto) { return getArithmetic(op, "<<", Level::Shift, false); })
      .Case<arith::ShRSIOp, arith::ShRUIOp>(
          [&](auto) { return getArithmetic(op, ">>", Level::Shift, false); })
      .Case([&](arith::NegFOp) -> FailureOr<Expression> {
        FailureOr<Expression> operand = get(op->getOperand(0));
        if (failed(operand))
          return failure();
        return getUnary("-", *operand);
      })
      .Case<arith::CmpIOp, arith::CmpFOp>([&](auto) { return getCompare(op); })
      .Case([&](arith::SelectOp select) { return getSelect(select); })
      .Case<arith::IndexCastOp>([&](auto) -> FailureOr<Expression> {
        if (getElementTypeOrSelf(op->getOperand(0)).isInteger(64) ||
            getElementTypeOrSelf(op->getResult(0)).isInteger(64))
          return getConversion(op);
        return getLike(op->getOperand(0), op->getResult(0));
      })
      .Case<arith::IndexCastUIOp, arith::ExtSIOp, arith::ExtUIOp,
            arith::TruncIOp, arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp,
            arith::FPToUIOp, arith::ExtFOp, arith::TruncFOp>(
          [&](auto) { return getConversion(op); })
      .Case([&](arith::BitcastOp) -> FailureOr<Expression> {
        FailureOr<ShaderType> type = getType(op, op->getResult(0));
        FailureOr<Expression> value = get(op->getOperand(0));
        if (failed(type) || failed(value))
          return failure();
        return language.getBitcast(*value, *type);
      })
      .Case([&](memref::LoadOp load) { return getLoad(load); })
      .Case([&](func::CallOp call) { return getCallOf(call); })
      .Case([&](memref::GetGlobalOp global) -> FailureOr<Expression> {
        Operation *symbol = context.symbolTables.lookupNearestSymbolFrom(
            op, global.getNameAttr());
        auto it = context.symbols.find(symbol);
        if (it == context.symbols.end())
          return refuse(op, "a global that is not constant");
        return Expression(it->second);
      })
      .Case([&](ub::PoisonOp) -> FailureOr<Expression> {
        // Any value is right.
        Value result = op->getResult(0);
        FailureOr<ShaderType> type = getType(op, result);
        if (failed(type))
          return failure();
        return getConstant(
            op,
            cast<TypedAttr>(
                Builder(op->getContext()).getZeroAttr(result.getType())),
            signs.isUnsigned(result), false);
      })
      .Default([&](Operation *) -> FailureOr<Expression> {
        StringRef dialect =
            op->getDialect() ? op->getDialect()->getNamespace() : StringRef();
        if (dialect == "vector")
          return getVectorOperation(op);
        if (isa<gpu::ShuffleOp, gpu::SubgroupReduceOp,
                gpu::SubgroupBroadcastOp>(op))
          return getCollective(op);
        if (dialect == "gpu")
          return getBuiltin(op);
        return getFunctionCall(op);
      });
}
