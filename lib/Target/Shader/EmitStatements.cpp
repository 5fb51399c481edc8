//===- EmitStatements.cpp - Operations as statements ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionEmitter.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml::shader;

using Demand = ValueSigns::Demand;

void FunctionEmitter::line(const Twine &text) {
  body.append(2 * indent, ' ');
  body += text.str();
  body += "\n";
}

LogicalResult FunctionEmitter::emitBlock(Block &block) {
  bool hasFailed = false;
  for (Operation &op : block)
    if (!inlining.isInlined(&op) && failed(emitStatement(&op))) {
      hasFailed = true;
      refused.insert(&op);
    }
  return failure(hasFailed);
}

LogicalResult FunctionEmitter::emitStatement(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp, scf::IfOp, scf::WhileOp, scf::IndexSwitchOp,
            memref::StoreOp, memref::AtomicRMWOp, gpu::BarrierOp, func::CallOp>(
          [&](auto statement) { return emit(statement); })
      .Case<memref::AllocaOp, memref::AllocOp>(
          [&](auto) { return declareArray(op); })
      // The end of a block is written by what holds the block.
      .Case<scf::YieldOp, scf::ConditionOp, gpu::ReturnOp, func::ReturnOp,
            memref::DeallocOp>([](auto) { return success(); })
      .Case([&](vector::InsertOp insert) -> LogicalResult {
        return insert.hasDynamicPosition() ? emit(insert) : emitConstant(op);
      })
      .Default([&](Operation *) -> LogicalResult {
        if (op->getNumRegions() || op->getNumResults() == 0)
          return refuse(op);
        return emitConstant(op);
      });
}

LogicalResult FunctionEmitter::emitConstant(Operation *op) {
  Value result = op->getResult(0);
  if (op->getNumResults() > 1 && !isa<gpu::ShuffleOp>(op))
    return refuse(op, "several results");
  FailureOr<ShaderType> type = getType(op, result);
  if (failed(type))
    return failure();
  FailureOr<Expression> value = getOperation(op);
  if (failed(value))
    return failure();
  if (Value carried = findCarried(result)) {
    writeAssignment(names.lookup(carried), *value);
    shareName(result, carried);
    return success();
  }
  std::string name = context.names.declare(getHint(result, ""));
  line(language.getConstantDeclaration(*type, name) + " = " + value->text +
       ";");
  names[result] = name;
  return success();
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

Value FunctionEmitter::findCarried(Value value) const {
  if (!value.hasOneUse())
    return {};
  OpOperand &use = *value.getUses().begin();
  auto loop = dyn_cast_or_null<scf::ForOp>(use.getOwner()->getParentOp());
  Operation *op = value.getDefiningOp();
  if (!loop || !isa<scf::YieldOp>(use.getOwner()) ||
      op->getBlock() != loop.getBody())
    return {};
  BlockArgument carried = loop.getRegionIterArg(use.getOperandNumber());
  if (!inlining.isLastUse(op, carried) ||
      signs.isUnsigned(value) != signs.isUnsigned(carried))
    return {};
  return carried;
}

void FunctionEmitter::writeAssignment(const std::string &name,
                                      const Expression &value) {
  // `a = a + b` is `a += b`.
  bool isUpdate = value.lhs == name && value.level <= Level::Additive;
  line(isUpdate ? name + " " + value.symbol + "= " + value.rhs + ";"
                : name + " = " + value.text + ";");
}

LogicalResult FunctionEmitter::declareVariables(ValueRange values,
                                                ValueRange inits,
                                                StringRef hint) {
  for (auto [number, value] : llvm::enumerate(values)) {
    Operation *at = value.getDefiningOp();
    if (!at)
      at = value.getParentBlock()->getParentOp();
    FailureOr<ShaderType> type = getType(at, value);
    if (failed(type))
      return failure();
    std::string init;
    if (number < inits.size()) {
      FailureOr<Expression> first = getLike(inits[number], value);
      if (failed(first))
        return failure();
      init = " = " + first->text;
    }
    std::string name = context.names.declare(getHint(value, hint));
    line(language.getVariableDeclaration(*type, name, !init.empty()) + init +
         ";");
    names[value] = name;
  }
  return success();
}

/// Adds the named values that the text of `value` reads.
static void collectReads(Value value, const Inlining &inlining,
                         llvm::SmallPtrSetImpl<void *> &reads) {
  Operation *op = value.getDefiningOp();
  if (!op || !inlining.isInlined(op)) {
    reads.insert(value.getAsOpaquePointer());
    return;
  }
  for (Value operand : op->getOperands())
    collectReads(operand, inlining, reads);
}

LogicalResult FunctionEmitter::assign(ValueRange targets, ValueRange sources) {
  struct Assignment {
    std::string name;
    Expression value;
    llvm::SmallPtrSet<void *, 4> reads;
    ShaderType type;
  };
  // What each variable is called; several values may share one.
  auto getName = [&](void *value) -> std::string {
    auto it = names.find(Value::getFromOpaquePointer(value));
    return it == names.end() ? std::string() : it->second;
  };
  std::vector<Assignment> pending;
  for (auto [target, source] : llvm::zip_equal(targets, sources)) {
    Assignment next;
    next.name = names.lookup(target);
    FailureOr<Expression> value = getLike(source, target);
    FailureOr<ShaderType> type =
        getType(target.getParentBlock()->getParentOp(), target);
    if (failed(value) || failed(type))
      return failure();
    if (value->text == next.name)
      continue;
    next.value = *value;
    next.type = *type;
    collectReads(source, inlining, next.reads);
    pending.push_back(std::move(next));
  }
  auto isRead = [&](const std::string &name, const Assignment *except) {
    return llvm::any_of(pending, [&](const Assignment &other) {
      return &other != except && llvm::any_of(other.reads, [&](void *value) {
        return getName(value) == name;
      });
    });
  };
  while (!pending.empty()) {
    auto next = llvm::find_if(pending, [&](const Assignment &assignment) {
      return !isRead(assignment.name, &assignment);
    });
    if (next == pending.end()) {
      // The old values are needed by each other: keep one.
      next = pending.begin();
      std::string old = context.names.declare("old_" + next->name);
      line(language.getConstantDeclaration(next->type, old) + " = " +
           next->value.text + ";");
      next->value = Expression(old);
      next->reads.clear();
      continue;
    }
    writeAssignment(next->name, next->value);
    pending.erase(next);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmitter::emit(scf::ForOp op) {
  // The results are the carried variables, which outlive the loop.
  StringRef carried = "carried";
  for (auto [argument, result] :
       llvm::zip_equal(op.getRegionIterArgs(), op.getResults())) {
    // Either may have been given a name.
    std::string name = getHint(result, getHint(argument, carried));
    if (failed(declareVariables(
            result, op.getInitArgs().slice(result.getResultNumber(), 1), name)))
      return failure();
    shareName(argument, result);
  }

  Value iv = op.getInductionVar();
  FailureOr<ShaderType> type = getType(op, iv);
  FailureOr<Expression> lower = getLike(op.getLowerBound(), iv),
                        upper = getLike(op.getUpperBound(), iv),
                        step = getLike(op.getStep(), iv);
  if (failed(type) || failed(lower) || failed(upper) || failed(step))
    return failure();
  Demand demand = ValueSigns::getDemand(op, 0);
  NameBlock scope(context.names);
  static constexpr StringRef letters[] = {"i", "j", "k", "l"};
  std::string name = context.names.declare(
      getHint(iv, letters[std::min<unsigned>(loopDepth, 3)]));
  names[iv] = name;
  Expression counter(name);
  // The comparison has its own sign.
  FailureOr<Expression> left = get(iv, demand),
                        right = get(op.getUpperBound(), demand);
  if (failed(left) || failed(right))
    return failure();
  line("for (" + language.getVariableDeclaration(*type, name, true) + " = " +
       lower->text + "; " +
       getBinary("<", Level::Relational, *left, *right).text + "; " + name +
       (matchPattern(op.getStep(), m_One()) ? "++" : " += " + step->text) +
       ") {");
  ++loopDepth;
  ++indent;
  LogicalResult result = emitBlock(*op.getBody());
  if (succeeded(result))
    result = assign(op.getResults(), op.getYieldedValues());
  --indent;
  --loopDepth;
  line("}");
  return result;
}

LogicalResult FunctionEmitter::emit(scf::IfOp op) {
  FailureOr<Expression> condition = get(op.getCondition());
  if (failed(condition) ||
      failed(declareVariables(op.getResults(), {}, "chosen")))
    return failure();
  auto emitBranch = [&](Block *block) {
    NameBlock scope(context.names);
    ++indent;
    LogicalResult result = emitBlock(*block);
    if (succeeded(result))
      result = assign(op.getResults(), block->getTerminator()->getOperands());
    --indent;
    return result;
  };
  line("if (" + condition->text + ") {");
  LogicalResult result = emitBranch(op.thenBlock());
  Block *otherwise = op.elseBlock();
  if (succeeded(result) && otherwise &&
      (op.getNumResults() || !llvm::hasSingleElement(*otherwise))) {
    line("} else {");
    result = emitBranch(otherwise);
  }
  line("}");
  return result;
}

LogicalResult FunctionEmitter::emit(scf::WhileOp op) {
  // One variable for each value carried around, one for each result that is not
  // such a value.
  if (failed(
          declareVariables(op.getBeforeArguments(), op.getInits(), "carried")))
    return failure();
  scf::ConditionOp condition = op.getConditionOp();
  SmallVector<Value> targets, sources;
  for (auto [result, argument, source] : llvm::zip_equal(
           op.getResults(), op.getAfterArguments(), condition.getArgs())) {
    if (llvm::is_contained(op.getBeforeArguments(), source)) {
      shareName(result, source);
    } else {
      if (failed(declareVariables(result, {}, "last")))
        return failure();
      targets.push_back(result);
      sources.push_back(source);
    }
    shareName(argument, result);
  }
  line(language.getLoop() + " {");
  NameBlock scope(context.names);
  ++indent;
  ++loopDepth;
  auto emitBody = [&]() -> LogicalResult {
    if (failed(emitBlock(*op.getBeforeBody())))
      return failure();
    FailureOr<Expression> goesOn = get(condition.getCondition());
    if (failed(goesOn) || failed(assign(targets, sources)))
      return failure();
    line("if (" + getUnary("!", *goesOn).text + ") {");
    ++indent;
    line("break;");
    --indent;
    line("}");
    if (failed(emitBlock(*op.getAfterBody())))
      return failure();
    return assign(op.getBeforeArguments(), op.getYieldedValues());
  };
  LogicalResult result = emitBody();
  --loopDepth;
  --indent;
  line("}");
  return result;
}

LogicalResult FunctionEmitter::emit(scf::IndexSwitchOp op) {
  FailureOr<Expression> selector = get(op.getArg(), Demand::Signed);
  if (failed(selector) ||
      failed(declareVariables(op.getResults(), {}, "chosen")))
    return failure();
  line("switch (" + selector->text + ") {");
  ++indent;
  llvm::scope_exit restore([&] {
    --indent;
    line("}");
  });
  auto emitCase = [&](const std::string &label, Block &block) {
    line(label + " {");
    NameBlock scope(context.names);
    ++indent;
    LogicalResult result = emitBlock(block);
    if (succeeded(result))
      result = assign(op.getResults(), block.getTerminator()->getOperands());
    if (language.caseNeedsBreak())
      line("break;");
    --indent;
    line("}");
    return result;
  };
  for (auto [value, region] :
       llvm::zip_equal(op.getCases(), op.getCaseRegions())) {
    if (value != static_cast<int32_t>(value))
      return emitError(op) << "case " << value << " is no index of 32 bits";
    if (failed(emitCase(
            "case " +
                language.getLiteral(APInt(32, value, true), Scalar::Int32) +
                ":",
            region.front())))
      return failure();
  }
  return emitCase(language.getDefaultCase().str(),
                  op.getDefaultRegion().front());
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmitter::emit(memref::StoreOp op) {
  FailureOr<Expression> place = getPlace(op, op.getMemRef(), op.getIndices());
  FailureOr<Expression> value = getLike(op.getValueToStore(), op.getMemRef());
  if (failed(place) || failed(value) ||
      failed(getType(op, op.getValueToStore())))
    return failure();
  line(isAtomic(op.getMemRef())
           ? language.getAtomicStore(place->text, value->text) + ";"
           : place->text + " = " + value->text + ";");
  return success();
}

LogicalResult FunctionEmitter::emit(memref::AtomicRMWOp op) {
  FailureOr<Expression> place = getPlace(op, op.getMemref(), op.getIndices());
  FailureOr<Expression> value = getLike(op.getValue(), op.getMemref());
  if (failed(place) || failed(value))
    return failure();
  Demand demand = ValueSigns::getDemand(op, 0);
  if (demand != Demand::Any &&
      (demand == Demand::Unsigned) != signs.isUnsigned(op.getMemref()) &&
      isa<IntegerType>(op.getType()) &&
      (op.getKind() == arith::AtomicRMWKind::maxs ||
       op.getKind() == arith::AtomicRMWKind::maxu ||
       op.getKind() == arith::AtomicRMWKind::mins ||
       op.getKind() == arith::AtomicRMWKind::minu))
    return refuse(op, "signed and unsigned order in one buffer");
  FailureOr<ShaderType> type = getType(op, op.getResult());
  if (failed(type))
    return failure();
  std::optional<std::string> update;
  if (isInteger(type->scalar) || op.getKind() == arith::AtomicRMWKind::addf)
    update = language.getAtomicUpdate(op.getKind(), place->text, value->text);
  if (!update)
    return refuse(op, arith::stringifyAtomicRMWKind(op.getKind()));
  if (op.use_empty()) {
    line(*update + ";");
    return success();
  }
  std::string name = context.names.declare(getHint(op.getResult(), "before"));
  line(language.getConstantDeclaration(*type, name) + " = " + *update + ";");
  names[op.getResult()] = name;
  return success();
}

LogicalResult FunctionEmitter::emit(vector::InsertOp op) {
  FailureOr<Expression> part = getLike(op.getValueToStore(), op.getResult());
  FailureOr<Expression> index = get(cast<Value>(op.getMixedPosition().front()));
  if (failed(part) || failed(index) ||
      failed(declareVariables(op.getResult(), op.getDest(), "changed")))
    return failure();
  line(names[op.getResult()] + "[" + index->text + "] = " + part->text + ";");
  return success();
}

LogicalResult FunctionEmitter::emit(gpu::BarrierOp op) {
  bool buffers = llvm::any_of(
      interface.buffers, [](const Buffer &buffer) { return buffer.isWritten; });
  for (const std::string &statement : language.getBarrier(buffers))
    line(statement + ";");
  return success();
}

LogicalResult FunctionEmitter::emit(func::CallOp op) {
  if (op.getNumResults() == 1)
    return emitConstant(op);
  if (op.getNumResults() > 1)
    return refuse(op, "several results");
  FailureOr<Expression> call = getCallOf(op);
  if (failed(call))
    return failure();
  line(call->text + ";");
  return success();
}
