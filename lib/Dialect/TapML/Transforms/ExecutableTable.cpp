//===- ExecutableTable.cpp - One executable for identical regions ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Outliner.h"
#include "mlir/IR/OperationSupport.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"

using namespace mlir;
using namespace tapml;

/// Returns a hash of what `body` computes, without names and locations.
static size_t hashBody(func::FuncOp body) {
  llvm::hash_code hash = hash_value(body.getFunctionType());
  for (Operation &op : body.getBody().front())
    hash =
        llvm::hash_combine(hash, OperationEquivalence::computeHash(
                                     &op, OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::IgnoreLocations));
  return hash;
}

/// Appends the sizes of `type` to `name`, dynamic ones as `n`: `nx384`; `s` for
/// a scalar, which has none.
static void appendShape(std::string &name, RankedTensorType type) {
  llvm::raw_string_ostream os(name);
  if (type.getRank() == 0)
    os << "_s";
  for (auto [index, size] : llvm::enumerate(type.getShape())) {
    os << (index ? "x" : "_");
    if (ShapedType::isDynamic(size))
      os << 'n';
    else
      os << size;
  }
}

/// Returns a name that tells a person what `body` computes: the operator and
/// the shape of its weight, else of its result; for several the operators, or
/// where these are many the first, the last and their number.
static std::string getExecutableName(func::FuncOp body) {
  SmallVector<StringRef> ops;
  TapMLOperator last;
  for (auto op : body.getOps<TapMLOperator>()) {
    if (isClonedConstant(op))
      continue;
    ops.push_back(op.getOperatorName());
    last = op;
  }
  std::string name;
  constexpr size_t maxListed = 4;
  if (ops.size() > maxListed)
    name = (ops.front() + "_to_" + ops.back() + "_" + Twine(ops.size())).str();
  else
    name = llvm::join(ops, "_");
  name = toIdentifier(name);
  if (ops.size() != 1)
    return name;
  for (BlockArgument argument : body.getArguments())
    if (body.getArgAttr(argument.getArgNumber(), "tapml.constant")) {
      appendShape(name, cast<RankedTensorType>(argument.getType()));
      return name;
    }
  if (last->getNumResults() > 0)
    appendShape(name, cast<RankedTensorType>(last->getResult(0).getType()));
  return name;
}

/// Adds a variant with `body` to `executable`.
static void addVariant(ExecutableOp executable, func::FuncOp body,
                       const Target &target) {
  auto builder = OpBuilder::atBlockEnd(&executable.getBody().front());
  auto variant =
      VariantOp::create(builder, body.getLoc(), target.place, target.profile);
  variant.getBody().emplaceBlock().push_back(body);
}

ExecutableOp ExecutableTable::getOrCreate(func::FuncOp body,
                                          const Target &target,
                                          ArrayRef<ArrayAttr> instances) {
  SmallVectorImpl<unsigned> &candidates = byHash[hashBody(body)];
  auto same = llvm::find_if(candidates, [&](unsigned index) {
    return OperationEquivalence::isEquivalentTo(
        executables[index].variants.front().body, body,
        OperationEquivalence::IgnoreLocations);
  });
  if (same == candidates.end()) {
    OpBuilder builder(body.getContext());
    auto op =
        ExecutableOp::create(builder, body.getLoc(), getExecutableName(body));
    op.getBody().emplaceBlock();
    symbols.insert(op, insertionPoint->getIterator());
    candidates.push_back(executables.size());
    executables.push_back({op, {}});
    same = std::prev(candidates.end());
  }

  Executable &executable = executables[*same];
  auto *variant = llvm::find_if(executable.variants, [&](const Variant &v) {
    return v.place == target.place;
  });
  if (variant == executable.variants.end()) {
    addVariant(executable.op, body, target);
    executable.variants.push_back({target.place, body, {}});
    variant = std::prev(executable.variants.end());
    variant->instances.resize(instances.size());
  } else {
    body.erase();
  }
  for (auto [united, own] : llvm::zip_equal(variant->instances, instances))
    if (own)
      united.insert(own.begin(), own.end());
  return executable.op;
}

void ExecutableTable::writeInstances() {
  for (Executable &executable : executables)
    for (Variant &variant : executable.variants)
      for (auto [op, instances] : llvm::zip_equal(
               variant.body.getOps<TapMLOperator>(), variant.instances))
        if (!instances.empty())
          op->setAttr("instance", ArrayAttr::get(op->getContext(),
                                                 instances.getArrayRef()));
}
