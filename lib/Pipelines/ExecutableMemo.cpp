//===- ExecutableMemo.cpp - What executables were compiled to -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Pipelines/ExecutableMemo.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace tapml;

/// A hash of all that is compared below, but for nested operands.
static size_t getHash(ExecutableOp executable) {
  llvm::hash_code hash = 0;
  executable->walk<WalkOrder::PreOrder>([&](Operation *op) {
    hash =
        llvm::hash_combine(hash, OperationEquivalence::computeHash(
                                     op, OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

const ExecutableMemo::Entry *
ExecutableMemo::find(const Entries &candidates, ExecutableOp executable) const {
  for (const std::unique_ptr<Entry> &entry : candidates)
    if (OperationEquivalence::isEquivalentTo(
            entry->before.get().getOperation(), executable.getOperation(),
            OperationEquivalence::IgnoreLocations))
      return entry.get();
  return nullptr;
}

bool ExecutableMemo::replay(StringRef part, ExecutableOp executable) {
  size_t hash = getHash(executable);
  const Entry *known = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = entries.find({part.str(), hash});
    if (it != entries.end())
      known = find(it->second, executable);
  }
  if (!known)
    return false;
  // The pass manager holds on to the operation itself.
  Operation *after = known->after.get().getOperation();
  executable->setDiscardableAttrs(after->getDiscardableAttrDictionary());
  executable->copyProperties(after->getPropertiesStorage());
  Region &region = executable->getRegion(0);
  region.dropAllReferences();
  region.getBlocks().clear();
  IRMapping mapping;
  after->getRegion(0).cloneInto(&region, mapping);
  return true;
}

void ExecutableMemo::note(StringRef part, OwningOpRef<ExecutableOp> before,
                          ExecutableOp after) {
  auto entry = std::make_unique<Entry>();
  size_t hash = getHash(*before);
  entry->before = std::move(before);
  entry->after = after.clone();
  std::lock_guard<std::mutex> lock(mutex);
  Entries &candidates = entries[{part.str(), hash}];
  if (!find(candidates, *entry->before))
    candidates.push_back(std::move(entry));
}

namespace {
class MemoizedPartPass
    : public PassWrapper<MemoizedPartPass, OperationPass<ExecutableOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MemoizedPartPass)

  MemoizedPartPass(StringRef part, OpPassManager pipeline, ExecutableMemo &memo)
      : part(part), pipeline(std::move(pipeline)), memo(&memo) {}

  StringRef getName() const override { return "MemoizedPart"; }

  void getDependentDialects(DialectRegistry &registry) const override {
    pipeline.getDependentDialects(registry);
  }

  void runOnOperation() override {
    ExecutableOp executable = getOperation();
    if (memo->replay(part, executable))
      return;
    OwningOpRef<ExecutableOp> before = executable.clone();
    if (failed(runPipeline(pipeline, executable)))
      return signalPassFailure();
    memo->note(part, std::move(before), executable);
  }

private:
  std::string part;
  OpPassManager pipeline;
  ExecutableMemo *memo;
};
} // namespace

std::unique_ptr<Pass> tapml::createMemoizedPartPass(StringRef part,
                                                    OpPassManager pipeline,
                                                    ExecutableMemo &memo) {
  return std::make_unique<MemoizedPartPass>(part, std::move(pipeline), memo);
}
