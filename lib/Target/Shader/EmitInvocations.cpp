//===- EmitInvocations.cpp - Memory, and what invocations know ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionEmitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml::shader;

using Demand = ValueSigns::Demand;

FailureOr<Expression> FunctionEmitter::getPlace(Operation *op, Value memory,
                                                ValueRange indices) {
  FailureOr<Expression> base = get(memory);
  if (failed(base))
    return failure();
  std::string text = base->text;
  for (Value index : indices) {
    FailureOr<Expression> at = get(index);
    if (failed(at))
      return failure();
    text += "[" + at->text + "]";
  }
  return Expression(text);
}

FailureOr<Expression> FunctionEmitter::getLoad(memref::LoadOp op) {
  FailureOr<Expression> place = getPlace(op, op.getMemRef(), op.getIndices());
  FailureOr<ShaderType> type = getType(op, op);
  if (failed(place) || failed(type))
    return failure();
  // All functions see a table; its elements are signed.
  if (op.getMemRef().getDefiningOp<memref::GetGlobalOp>() &&
      isUnsigned(type->scalar))
    return getCall(language.getTypeName(*type), *place);
  if (isAtomic(op.getMemRef()))
    return Expression(language.getAtomicLoad(place->text));
  return place;
}

FailureOr<Expression> FunctionEmitter::getBuiltin(Builtin builtin,
                                                  StringRef hint) {
  for (const BuiltinArgument &known : interface.builtins)
    if (known.builtin == builtin)
      return Expression(known.name);
  interface.builtins.push_back({builtin, context.names.declare(hint)});
  return Expression(interface.builtins.back().name);
}

FailureOr<Expression> FunctionEmitter::getBuiltin(Operation *op) {
  auto member = [&](Builtin builtin, StringRef hint,
                    gpu::Dimension dimension) -> FailureOr<Expression> {
    FailureOr<Expression> whole = getBuiltin(builtin, hint);
    static constexpr StringRef names[] = {".x", ".y", ".z"};
    return Expression(whole->text +
                      names[static_cast<unsigned>(dimension)].str());
  };
  auto count = [&](gpu::Dimension dimension) {
    APInt value(32, interface.workgroup[static_cast<unsigned>(dimension)]);
    return Expression(language.getLiteral(value, Scalar::UInt32));
  };
  return TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case([&](gpu::ThreadIdOp id) {
        return member(Builtin::LocalId, "local", id.getDimension());
      })
      .Case([&](gpu::BlockIdOp id) {
        return member(Builtin::GroupId, "group", id.getDimension());
      })
      .Case([&](gpu::GridDimOp id) {
        return member(Builtin::GroupCount, "groups", id.getDimension());
      })
      .Case([&](gpu::BlockDimOp id) { return count(id.getDimension()); })
      .Case([&](gpu::GlobalIdOp id) -> FailureOr<Expression> {
        FailureOr<Expression> group =
            member(Builtin::GroupId, "group", id.getDimension());
        FailureOr<Expression> local =
            member(Builtin::LocalId, "local", id.getDimension());
        return getBinary("+", Level::Additive,
                         getBinary("*", Level::Multiplicative, *group,
                                   count(id.getDimension())),
                         *local);
      })
      .Case<gpu::LaneIdOp>([&](auto) {
        context.features.subgroups = true;
        return getBuiltin(Builtin::Lane, "lane");
      })
      .Case<gpu::SubgroupSizeOp>([&](auto) {
        context.features.subgroups = true;
        return getBuiltin(Builtin::SubgroupSize, "lanes");
      })
      .Case<gpu::SubgroupIdOp>([&](auto) {
        context.features.subgroups = true;
        return getBuiltin(Builtin::SubgroupNumber, "subgroup");
      })
      .Case<gpu::NumSubgroupsOp>([&](auto) {
        context.features.subgroups = true;
        return getBuiltin(Builtin::SubgroupCount, "subgroups");
      })
      .Default([&](Operation *op) { return refuse(op); });
}

FailureOr<Expression> FunctionEmitter::getCollective(Operation *op) {
  context.features.subgroups = true;
  StringRef name;
  SmallVector<Value> operands(op->getOperands());
  if (auto shuffle = dyn_cast<gpu::ShuffleOp>(op)) {
    if (!shuffle.getValid().use_empty())
      return refuse(op, "the second result of 'gpu.shuffle'");
    operands.pop_back(); // The width, which is the subgroup's.
    switch (shuffle.getMode()) {
    case gpu::ShuffleMode::IDX:
      name = "shuffle";
      break;
    case gpu::ShuffleMode::XOR:
      name = "shuffle_xor";
      break;
    case gpu::ShuffleMode::UP:
      name = "shuffle_up";
      break;
    case gpu::ShuffleMode::DOWN:
      name = "shuffle_down";
      break;
    }
  } else if (auto broadcast = dyn_cast<gpu::SubgroupBroadcastOp>(op)) {
    // The lane may differ from run to run, which a shuffle alone takes.
    name = broadcast.getBroadcastType() == gpu::BroadcastType::specific_lane
               ? "shuffle"
               : "broadcast_first";
  } else if (auto reduce = dyn_cast<gpu::SubgroupReduceOp>(op)) {
    if (reduce.getClusterSize())
      return refuse(op, "clusters of a subgroup");
    using Kind = gpu::AllReduceOperation;
    switch (reduce.getOp()) {
    case Kind::ADD:
      name = "add";
      break;
    case Kind::MUL:
      name = "mul";
      break;
    case Kind::MINUI:
    case Kind::MINSI:
    case Kind::MINNUMF:
      name = "min";
      break;
    case Kind::MAXUI:
    case Kind::MAXSI:
    case Kind::MAXNUMF:
      name = "max";
      break;
    case Kind::AND:
      name = "and";
      break;
    case Kind::OR:
      name = "or";
      break;
    case Kind::XOR:
      name = "xor";
      break;
    default:
      return refuse(op, "this kind of reduction");
    }
  }
  StringRef function = language.getSubgroupFunction(name);
  if (name.empty() || function.empty())
    return refuse(op);
  SmallVector<Expression> arguments;
  Demand demand = ValueSigns::getDemand(op, 0);
  for (auto [number, operand] : llvm::enumerate(operands)) {
    FailureOr<Expression> argument =
        number != 0             ? get(operand, Demand::Unsigned)
        : demand == Demand::Any ? getLike(operand, op->getResult(0))
                                : get(operand, demand);
    if (failed(argument))
      return failure();
    arguments.push_back(*argument);
  }
  return getCall(function, arguments);
}

FailureOr<Expression> FunctionEmitter::getCallOf(func::CallOp op) {
  Operation *callee =
      context.symbolTables.lookupNearestSymbolFrom(op, op.getCalleeAttr());
  auto it = context.symbols.find(callee);
  if (it == context.symbols.end())
    return refuse(op, "a function that is not in the module");
  SmallVector<Expression> arguments;
  for (Value operand : op.getOperands()) {
    // Integers cross a call signed, which both sides know.
    FailureOr<Expression> argument = get(operand, Demand::Signed);
    if (failed(argument))
      return failure();
    arguments.push_back(*argument);
  }
  Expression call = getCall(it->second, arguments);
  if (op.getNumResults() != 1)
    return call;
  FailureOr<ShaderType> type = getType(op, op.getResult(0));
  if (failed(type))
    return failure();
  return isUnsigned(type->scalar) ? getCall(language.getTypeName(*type), call)
                                  : call;
}
