//===- Placement.cpp - Places the operators of a graph by a plan ----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Transforms/Placement.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

SmallVector<func::FuncOp> tapml::getGraphs(ModuleOp module) {
  SmallVector<func::FuncOp> graphs;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      graphs.push_back(function);
  return graphs;
}

bool tapml::isClonedConstant(Operation *op) {
  if (!op->hasTrait<OpTrait::ConstantLike>() || op->getNumResults() != 1)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return type && type.getRank() == 0 && !op->use_empty() &&
         llvm::all_of(op->getUsers(), llvm::IsaPred<TapMLOperator>);
}

Type tapml::getTypeAt(Type type, ProfileAttr profile) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isInteger(64) || profile.isHost() ||
      profile.hasFeature("int64"))
    return type;
  return tensor.clone(IntegerType::get(type.getContext(), 32));
}

/// Returns the strings that identify `op`.
static SmallVector<StringRef> getInstanceNames(TapMLOperator op) {
  SmallVector<StringRef> names;
  if (ArrayAttr instances = op.getInstances())
    for (auto name : instances.getAsRange<StringAttr>())
      names.push_back(name.getValue());
  return names;
}

/// Checks that no two operators of `graph` have the same instance.
static LogicalResult verifyInstances(func::FuncOp graph) {
  llvm::StringMap<Operation *> seen;
  LogicalResult result = success();
  for (auto op : graph.getOps<TapMLOperator>())
    for (StringRef name : getInstanceNames(op)) {
      auto [it, inserted] = seen.try_emplace(name, op);
      if (inserted)
        continue;
      InFlightDiagnostic diag =
          emitError(op->getLoc())
          << "instance \"" << name << "\" is given to two operators of @"
          << graph.getSymName() << ", '" << it->second->getName() << "' and '"
          << op->getName() << "'; each needs an identity of its own";
      diag.attachNote(it->second->getLoc()) << "the other operator is here";
      result = failure();
    }
  return result;
}

LogicalResult tapml::verifyGraphs(ModuleOp module) {
  LogicalResult result = success();
  for (auto function : module.getOps<func::FuncOp>()) {
    WalkResult walk = function.walk([&](TapMLOperator op) {
      if (!function.isPublic()) {
        emitError(op->getLoc())
            << "'" << op->getName() << "' is in @" << function.getSymName()
            << ", which is private; only public functions are "
               "graphs: inline it first";
        return WalkResult::interrupt();
      }
      if (op->getParentOp() != function) {
        emitError(op->getLoc())
            << "'" << op->getName() << "' is inside '"
            << op->getParentOp()->getName()
            << "'; operators must stand at the top of their graph";
        return WalkResult::interrupt();
      }
      if (!function.getBody().hasOneBlock()) {
        emitError(function.getLoc())
            << "graph @" << function.getSymName()
            << " has control flow between blocks; a graph is "
               "one block";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (walk.wasInterrupted() || failed(verifyInstances(function)))
      result = failure();
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Reasons
//===----------------------------------------------------------------------===//

/// Returns why `op` does not accept its operands in the types that they have
/// under `profile`, or nothing if it does.
static std::optional<std::string> getNarrowingReason(TapMLOperator op,
                                                     ProfileAttr profile) {
  Block block;
  IRMapping mapping;
  bool narrows = false;
  for (Value operand : op->getOperands()) {
    Type type = getTypeAt(operand.getType(), profile);
    if (mapping.contains(operand))
      continue;
    narrows |= type != operand.getType();
    mapping.map(operand, block.addArgument(type, op->getLoc()));

    Operation *constant = operand.getDefiningOp();
    DenseIntElementsAttr value;
    if (type != operand.getType() && constant && isClonedConstant(constant) &&
        matchPattern(operand, m_Constant(&value)) && value.isSplat() &&
        !value.getSplatValue<APInt>().isSignedIntN(32))
      return llvm::formatv("needs the constant {0} in i64, the profile lacks "
                           "'int64'",
                           value.getSplatValue<APInt>().getSExtValue())
          .str();
  }
  if (!narrows)
    return std::nullopt;

  // The operator's own verifier knows best.
  Operation *trial = op->clone(mapping);
  block.push_back(trial);
  std::string message;
  ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diag) {
    if (message.empty())
      message = diag.str();
    return success();
  });
  if (succeeded(verify(trial)))
    return std::nullopt;
  return "does not take its i64 operands as i32, the profile lacks 'int64'";
}

std::optional<std::string> tapml::getPlacementReason(TapMLOperator op,
                                                     ProfileAttr profile) {
  if (std::optional<std::string> reason = op.getUnsupportedReason(profile))
    return reason;
  for (Type type : op->getResultTypes())
    if (getTypeAt(type, profile) != type)
      return "computes in i64, the profile lacks 'int64'";
  return getNarrowingReason(op, profile);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {

/// A rule with its globs compiled.
struct CompiledRule {
  const PlanRule *rule;
  SmallVector<llvm::GlobPattern> globs;
  /// Which globs have matched an instance of the module.
  SmallVector<bool> globMatched;
  bool indexMatched = false;
};

/// Decides where operators go, one after the other.
class Placer {
public:
  Placer(ModuleOp module, const Plan &plan, ArrayRef<Target> targets)
      : module(module), plan(plan), targets(targets) {}

  FailureOr<EffectivePlan> run();

private:
  LogicalResult compileRules();
  LogicalResult place(TapMLOperator op, PlanPin decision);
  /// Returns the number of the first rule that matches, if one does.
  std::optional<int64_t> matchRules(TapMLOperator op, int64_t index);
  bool matches(CompiledRule &compiled, TapMLOperator op, int64_t index);
  /// Returns the plan's decision about `op`, null if it has none; fails if it
  /// is about another operator, or if two disagree.
  FailureOr<const PlanPin *> findPin(TapMLOperator op, const PlanPin &identity);
  /// Reports that the place chosen by `decision` cannot run `op`.
  void reportUnsupported(TapMLOperator op, const PlanPin &decision,
                         const Target &target, StringRef reason);
  void warnAboutUnused();

  /// Returns the location of `position` in the plan.
  Location at(TextPosition position) {
    return FileLineColLoc::get(module.getContext(), plan.source, position.line,
                               position.column);
  }

  ModuleOp module;
  const Plan &plan;
  ArrayRef<Target> targets;
  SmallVector<CompiledRule> rules;
  /// The decisions of the plan's `instances`, and which were used.
  llvm::StringMap<SmallVector<size_t, 1>> pinsByInstance;
  SmallVector<bool> pinUsed;
  unsigned pinsAgainstRules = 0;
  SmallVector<Placement> placements;
};

} // namespace

LogicalResult Placer::compileRules() {
  for (auto [index, rule] : llvm::enumerate(plan.rules)) {
    CompiledRule &compiled = rules.emplace_back();
    compiled.rule = &rule;
    for (StringRef text : rule.instances) {
      llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(text);
      if (!glob)
        return emitError(at(rule.position))
               << "rule " << index + 1 << ": \"" << text
               << "\" is not a valid glob: "
               << llvm::toString(glob.takeError());
      compiled.globs.push_back(std::move(*glob));
    }
    compiled.globMatched.assign(compiled.globs.size(), false);
  }
  for (auto [index, pin] : llvm::enumerate(plan.pins))
    for (StringRef name : pin.instances)
      pinsByInstance[name].push_back(index);
  pinUsed.assign(plan.pins.size(), false);
  return success();
}

/// Returns whether one of `op`'s results has one of the element types.
static bool hasResultType(Operation *op, ArrayRef<std::string> dtypes) {
  return llvm::any_of(op->getResultTypes(), [&](Type type) {
    std::string name;
    llvm::raw_string_ostream(name) << getElementTypeOrSelf(type);
    return llvm::is_contained(dtypes, name);
  });
}

bool Placer::matches(CompiledRule &compiled, TapMLOperator op, int64_t index) {
  const PlanRule &rule = *compiled.rule;
  // Conditions on instance and index are tried first and all of them, to know
  // which name something that the module does not have.
  bool matched = true;
  if (!compiled.globs.empty()) {
    matched = false;
    SmallVector<StringRef> names = getInstanceNames(op);
    for (auto [glob, globMatched] :
         llvm::zip_equal(compiled.globs, compiled.globMatched)) {
      const llvm::GlobPattern &pattern = glob;
      if (llvm::any_of(names,
                       [&](StringRef name) { return pattern.match(name); }))
        matched = globMatched = true;
    }
  }
  if (rule.index) {
    bool inside = rule.index->first <= index && index <= rule.index->second;
    compiled.indexMatched |= inside;
    matched &= inside;
  }
  if (!rule.ops.empty())
    matched &= llvm::is_contained(rule.ops, op.getOperatorName());
  if (!rule.dtypes.empty())
    matched &= hasResultType(op, rule.dtypes);
  return matched;
}

std::optional<int64_t> Placer::matchRules(TapMLOperator op, int64_t index) {
  std::optional<int64_t> first;
  for (auto [number, rule] : llvm::enumerate(rules))
    if (matches(rule, op, index) && !first)
      first = number;
  return first;
}

FailureOr<const PlanPin *> Placer::findPin(TapMLOperator op,
                                           const PlanPin &identity) {
  SmallVector<size_t> candidates;
  for (StringRef name : identity.instances)
    if (auto it = pinsByInstance.find(name); it != pinsByInstance.end())
      llvm::append_range(candidates, it->second);
  if (identity.instances.empty())
    for (auto [index, pin] : llvm::enumerate(plan.pins))
      if (pin.instances.empty() && pin.index == identity.index)
        candidates.push_back(index);

  const PlanPin *found = nullptr;
  for (size_t candidate : candidates) {
    const PlanPin &pin = plan.pins[candidate];
    if (!pin.graph.empty() && pin.graph != identity.graph)
      continue;
    pinUsed[candidate] = true;
    if (pin.op != identity.op) {
      InFlightDiagnostic diag =
          emitError(at(pin.position))
          << "instances, entry " << candidate + 1 << ": is about '" << pin.op
          << "', but the operator is '" << identity.op
          << "'; the entry was made for another graph, remove it";
      diag.attachNote(op->getLoc()) << "operator is here";
      return diag;
    }
    if (found && found->place != pin.place) {
      InFlightDiagnostic diag = emitError(at(pin.position))
                                << "instances, entry " << candidate + 1
                                << ": places an operator on \"" << pin.place
                                << "\" that another entry places on \""
                                << found->place << "\"; remove one";
      diag.attachNote(op->getLoc()) << "operator is here";
      return diag;
    }
    if (!found)
      found = &pin;
  }
  return found;
}

void Placer::reportUnsupported(TapMLOperator op, const PlanPin &decision,
                               const Target &target, StringRef reason) {
  InFlightDiagnostic diag = emitError(op->getLoc())
                            << "'" << op->getName()
                            << "' is not supported on profile '"
                            << target.profile.getName() << "': " << reason;
  Diagnostic &note = diag.attachNote(op->getLoc());
  note << "requested by ";
  if (decision.rule)
    note << "rule " << *decision.rule + 1 << " of " << plan.source << " ("
         << plan.rules[*decision.rule].describeMatch() << ")";
  else
    note << "the default of " << plan.source;
  if (target.place == kHostPlace)
    note << "; no place can run it: change the model";
  else
    note << "; place it on \"host\", say \"unsupported\": \"host\", or use a "
            "profile that has what it needs";
}

LogicalResult Placer::place(TapMLOperator op, PlanPin decision) {
  decision.rule = matchRules(op, decision.index);
  const PlanRule *rule = decision.rule ? &plan.rules[*decision.rule] : nullptr;
  StringRef place = rule ? rule->place : plan.defaultPlace;

  FailureOr<const PlanPin *> pin = findPin(op, decision);
  if (failed(pin))
    return failure();
  if (const PlanPin *pinned = *pin) {
    StringRef wanted = pinned->wanted.empty() ? pinned->place : pinned->wanted;
    pinsAgainstRules += wanted != place;
    decision.rule = pinned->rule;
    rule = pinned->rule ? &plan.rules[*pinned->rule] : nullptr;
    place = pinned->place;
    if (place == kHostPlace) {
      decision.wanted = pinned->wanted;
      decision.reason = pinned->reason;
    }
  }

  const Target *target = findTarget(targets, place);
  if (!target)
    return emitError(at(TextPosition()))
           << "place \"" << place << "\" is not a target";
  std::optional<std::string> reason = getPlacementReason(op, target->profile);
  if (reason && place != kHostPlace) {
    UnsupportedPolicy policy =
        rule && rule->unsupported ? *rule->unsupported : plan.unsupported;
    if (policy == UnsupportedPolicy::Host) {
      decision.wanted = place.str();
      decision.reason = std::move(*reason);
      place = kHostPlace;
      target = findTarget(targets, place);
      reason = getPlacementReason(op, target->profile);
    }
  }
  if (reason) {
    reportUnsupported(op, decision, *target, *reason);
    return failure();
  }
  decision.place = place.str();
  placements.push_back({op, std::move(decision)});
  return success();
}

void Placer::warnAboutUnused() {
  for (auto [index, compiled] : llvm::enumerate(rules)) {
    const PlanRule &rule = *compiled.rule;
    for (auto [glob, matched] :
         llvm::zip_equal(rule.instances, compiled.globMatched))
      if (!matched)
        emitWarning(at(rule.position))
            << "rule " << index + 1 << ": \"" << glob
            << "\" matches no operator of the graph; `tapml explain` lists "
               "their instances";
    if (rule.index && !compiled.indexMatched)
      emitWarning(at(rule.position))
          << "rule " << index + 1 << ": \"index\" [" << rule.index->first
          << ", " << rule.index->second
          << "] matches no operator, the graph has " << placements.size();
  }
  for (auto [index, used] : llvm::enumerate(pinUsed))
    if (!used)
      emitWarning(at(plan.pins[index].position))
          << "instances, entry " << index + 1
          << ": the graph has no such operator; the entry was made for another "
             "graph, remove it";
  if (pinsAgainstRules)
    emitRemark(at(TextPosition()))
        << "\"instances\" places " << pinsAgainstRules
        << " operators elsewhere than the rules would; remove it to go by the "
           "rules";
}

FailureOr<EffectivePlan> Placer::run() {
  if (failed(compileRules()))
    return failure();
  SmallVector<func::FuncOp> graphs = getGraphs(module);
  // Every operator that cannot be placed is reported before giving up.
  bool allPlaced = true;
  int64_t index = 0;
  for (func::FuncOp graph : graphs)
    for (auto op : graph.getOps<TapMLOperator>()) {
      if (isClonedConstant(op))
        continue;
      PlanPin decision;
      decision.index = index++;
      if (graphs.size() > 1)
        decision.graph = graph.getSymName().str();
      for (StringRef name : getInstanceNames(op))
        decision.instances.push_back(name.str());
      decision.op = op.getOperatorName().str();
      allPlaced &= succeeded(place(op, std::move(decision)));
    }
  if (!allPlaced)
    return failure();
  warnAboutUnused();
  return EffectivePlan{plan, SmallVector<Target>(targets),
                       std::move(placements)};
}

FailureOr<EffectivePlan> tapml::placeOperators(ModuleOp module,
                                               const Plan &plan,
                                               ArrayRef<Target> targets) {
  if (failed(verifyPlan(module, plan, targets)) || failed(verifyGraphs(module)))
    return failure();
  return Placer(module, plan, targets).run();
}

Plan EffectivePlan::toPlan() const {
  Plan effective = plan;
  effective.pins.clear();
  for (const Placement &placement : placements)
    effective.pins.push_back(placement.decision);
  return effective;
}
